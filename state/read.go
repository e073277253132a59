package state

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cockroachdb/pebble/v2"
)

// Positions returns where the splits of source stand, by split; a plain
// source has the one split "". A split that is done is not among them: ask
// [Store.Position]. A source that never committed has none.
func (s *Store) Positions(source string) (map[string][]byte, error) {
	found := map[string][]byte{}
	err := s.eachSplit(source, func(split string, pos []byte, done bool) {
		if !done {
			found[split] = append([]byte{}, pos...)
		}
	})
	return found, err
}

// DoneSplits returns the splits of source that were read to their end.
func (s *Store) DoneSplits(source string) ([]string, error) {
	var found []string
	err := s.eachSplit(source, func(split string, _ []byte, done bool) {
		if done {
			found = append(found, split)
		}
	})
	return found, err
}

func (s *Store) eachSplit(source string, fn func(split string, pos []byte, done bool)) error {
	id, ok := s.idOf(sourceName, source)
	if !ok {
		return s.health.err()
	}
	return s.each(idKey(prefixPosition, id), func(key, value []byte) error {
		k, err := parseKey(key)
		if err != nil {
			return damaged(s.dir, "a position key", err)
		}
		pos, done, err := parsePosition(value)
		if err != nil {
			return damaged(s.dir, fmt.Sprintf("the position of %s %q", source, k.rest), err)
		}
		fn(string(k.rest), pos, done)
		return nil
	})
}

// Position returns where split of source stands. done means that it was read
// to its end, and then pos is nil; ok is false if nothing is known of it.
func (s *Store) Position(source, split string) (pos []byte, done, ok bool, err error) {
	id, known := s.idOf(sourceName, source)
	if !known {
		return nil, false, false, s.health.err()
	}
	value, ok, err := s.get(positionKey(id, split))
	if err != nil || !ok {
		return nil, false, false, err
	}
	pos, done, err = parsePosition(value)
	if err != nil {
		return nil, false, false, damaged(s.dir, fmt.Sprintf("the position of %s %q", source, split), err)
	}
	return pos, done, true, nil
}

// LastCommit returns what sink had to commit in the last epoch in which it
// had anything. ok is false if that never happened.
func (s *Store) LastCommit(sink string) (c Commit, ok bool, err error) {
	id, known := s.idOf(sinkName, sink)
	if !known {
		return c, false, s.health.err()
	}
	value, ok, err := s.get(idKey(prefixCommit, id))
	if err != nil || !ok {
		return c, false, err
	}
	if c, err = parseCommit(value); err != nil {
		return Commit{}, false, damaged(s.dir, fmt.Sprintf("the tokens of sink %s", sink), err)
	}
	c.Incarnation = s.Manifest().IncarnationAt(c.Epoch)
	return c, true, nil
}

// OpSchema returns the description of operator op's state type that was
// stored with [Write.SetOpSchema].
func (s *Store) OpSchema(op string) (text string, ok bool, err error) {
	id, known := s.idOf(opName, op)
	if !known {
		return "", false, s.health.err()
	}
	value, ok, err := s.get(idKey(prefixShape, id))
	return string(value), ok, err
}

// Get returns the value of key in operator op's state. The value is the
// caller's to keep.
func (s *Store) Get(op string, group uint8, key []byte) (val []byte, ok bool, err error) {
	id, known := s.idOf(opName, op)
	if !known {
		return nil, false, s.health.err()
	}
	var buf [128]byte
	return s.get(appendStateKey(buf[:0], id, group, key))
}

// Scan calls fn with every key of operator op in the groups from firstGroup
// to lastGroup, both included, in the order of group and key. It sees the
// last epoch that was durable when it began, whatever is committed meanwhile.
// key and val are valid during the call only. The first error of fn ends the
// scan and is returned.
func (s *Store) Scan(op string, firstGroup, lastGroup int, fn func(group uint8, key, val []byte) error) error {
	if firstGroup < 0 || lastGroup >= KeyGroups || firstGroup > lastGroup {
		return fmt.Errorf("scan state of %s: groups %d to %d are not within 0 to %d", op, firstGroup, lastGroup, KeyGroups-1)
	}
	id, known := s.idOf(opName, op)
	if !known {
		return s.health.err()
	}
	lower := appendStateKey(nil, id, uint8(firstGroup), nil)
	upper := after(appendStateKey(nil, id, uint8(lastGroup), nil))
	return s.between(lower, upper, func(key, val []byte) error {
		return fn(key[stateHead-1], key[stateHead:], val)
	})
}

// HasState reports whether operator op has any key.
func (s *Store) HasState(op string) (bool, error) {
	stop := errors.New("one is enough")
	err := s.Scan(op, 0, KeyGroups-1, func(uint8, []byte, []byte) error { return stop })
	if errors.Is(err, stop) {
		return true, nil
	}
	return false, err
}

// Operators returns the names of the operators that ever had state or a
// schema here, sorted.
func (s *Store) Operators() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.names[opName]))
}

// idOf returns the id that name has in the last durable epoch.
func (s *Store) idOf(kind nameKind, name string) (uint16, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	id, ok := s.names[kind][name]
	return id, ok
}

// get returns a copy of the value of key.
func (s *Store) get(key []byte) (value []byte, ok bool, err error) {
	err = guard(s.health, func() error {
		v, closer, err := s.db.Get(key)
		if errors.Is(err, pebble.ErrNotFound) {
			return nil
		}
		if err != nil {
			return judge(s.dir, describe(key), err)
		}
		value, ok = append([]byte{}, v...), true
		return judge(s.dir, describe(key), closer.Close())
	})
	return value, ok, err
}

// each calls fn with every key that starts with prefix.
func (s *Store) each(prefix []byte, fn func(key, value []byte) error) error {
	return s.between(prefix, after(prefix), fn)
}

// between calls fn with every key from lower up to but not upper. Only the
// iterator runs under guard: a panic in fn is the caller's own.
func (s *Store) between(lower, upper []byte, fn func(key, value []byte) error) (err error) {
	var it *pebble.Iterator
	err = guard(s.health, func() (err error) {
		it, err = s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
		return judge(s.dir, describe(lower), err)
	})
	if err != nil {
		return err
	}
	closed := func() error { return judge(s.dir, describe(lower), it.Close()) }
	defer func() { err = errors.Join(err, guard(s.health, closed)) }()

	var key, value []byte
	started, more := false, false
	step := func() (err error) {
		if started {
			more = it.Next()
		} else {
			started, more = true, it.First()
		}
		if !more {
			return judge(s.dir, describe(lower), it.Error())
		}
		key = it.Key()
		value, err = it.ValueAndErr()
		return judge(s.dir, describe(key), err)
	}
	for {
		if err := guard(s.health, step); err != nil || !more {
			return err
		}
		if err := fn(key, value); err != nil {
			return err
		}
	}
}

// describe names a key for people.
func describe(key []byte) string {
	k, err := parseKey(key)
	if err != nil {
		return fmt.Sprintf("key %x", key)
	}
	switch k.prefix {
	case prefixState:
		return fmt.Sprintf("state of operator #%d, group %d, key %x", k.id, k.group, k.rest)
	case prefixPosition:
		return fmt.Sprintf("position of source #%d, split %q", k.id, k.rest)
	case prefixCommit:
		return fmt.Sprintf("tokens of sink #%d", k.id)
	case prefixManifest:
		return "the manifest key"
	case prefixName:
		return fmt.Sprintf("name of %s %q", k.kind, k.rest)
	default:
		return fmt.Sprintf("key %x", key)
	}
}
