package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"

	"github.com/cockroachdb/pebble/v2"

	"github.com/weirflow/weir/internal/failpoint"
	"github.com/weirflow/weir/internal/mutant"
)

// Limits of what a store takes. They are far above what is sensible.
const (
	MaxKey   = 64 << 10 // bytes of an operator's key or of a split's name
	MaxValue = 1 << 30  // bytes of a value
	MaxName  = 1 << 10  // bytes of the name of an operator, source or sink
)

// Write gathers one epoch. It is used by one goroutine and ends with Commit
// or Discard. Calls copy what they are given. Of several calls about the same
// thing the last one counts. A call that cannot be carried out makes Commit
// fail.
type Write struct {
	s        *Store
	manifest Manifest
	buf      buffer
	names    map[nameKind]map[string]uint16 // new in this epoch
	next     [sinkName + 1]uint32
	tokens   map[uint16][][]byte
	sinks    []uint16 // of tokens, in order of appearance
	lastOp   string
	lastID   uint16
	err      error
	ended    bool
}

// Begin starts to gather epoch, which must be greater than the manifest's.
// The Write before it must have ended.
func (s *Store) Begin(epoch uint64) *Write {
	m := s.Manifest()
	w := &Write{
		s: s, manifest: m, next: s.next,
		names:  map[nameKind]map[string]uint16{opName: {}, sourceName: {}, sinkName: {}},
		tokens: map[uint16][][]byte{},
	}
	w.manifest.previous, w.manifest.Epoch = m.Epoch, epoch
	switch {
	case s.writing:
		w.ended = true
		w.err = errors.New("the epoch before it was neither committed nor discarded")
	case epoch <= m.Epoch:
		w.err = fmt.Errorf("epoch %d is durable already", m.Epoch)
	}
	s.writing = true
	return w
}

// Position notes that source has read split up to pos; a plain source has
// the one split "".
func (w *Write) Position(source, split string, pos []byte) {
	w.setPosition(source, split, append([]byte{positionOpen}, pos...))
}

// Done notes that source has read split to its end.
func (w *Write) Done(source, split string) {
	w.setPosition(source, split, []byte{positionDone})
}

func (w *Write) setPosition(source, split string, value []byte) {
	id := w.id(sourceName, source)
	if w.ok(fits(split, value)) {
		w.buf.set(positionKey(id, split), value)
	}
}

// Token adds what sink must commit for this epoch; no parts, nothing to
// commit. It replaces what the sink had to commit in the last epoch in which
// it had anything.
func (w *Write) Token(sink string, parts [][]byte) {
	if len(parts) == 0 {
		return
	}
	id := w.id(sinkName, sink)
	if _, ok := w.tokens[id]; !ok {
		w.sinks = append(w.sinks, id)
	}
	for _, p := range parts {
		w.tokens[id] = append(w.tokens[id], append([]byte{}, p...))
	}
}

// Set gives key in operator op's state a value. group is one of [KeyGroups].
func (w *Write) Set(op string, group uint8, key, val []byte) {
	if w.ok(fits(key, val)) {
		w.buf.state(kindSet, w.op(op), group, key, val)
	}
}

// Delete removes key from operator op's state.
func (w *Write) Delete(op string, group uint8, key []byte) {
	if w.ok(fits(key, "")) {
		w.buf.state(kindDelete, w.op(op), group, key, nil)
	}
}

// DeleteRange removes the keys of operator op's group from from up to but
// not to. A nil to means the end of the group. What is Set afterwards in the
// same epoch stays.
func (w *Write) DeleteRange(op string, group uint8, from, to []byte) {
	if !w.ok(fits(from, "")) || !w.ok(fits(to, "")) {
		return
	}
	id := w.op(op)
	start := appendStateKey(nil, id, group, from)
	end := after(appendStateKey(nil, id, group, nil))
	if to != nil {
		end = appendStateKey(nil, id, group, to)
	}
	w.buf.deleteRange(start, end)
}

// DeleteOp removes all state of operator op.
func (w *Write) DeleteOp(op string) {
	prefix := idKey(prefixState, w.op(op))
	w.buf.deleteRange(prefix, after(prefix))
}

// SetOpSchema stores a short description of operator op's state type, to be
// compared when the pipeline starts again.
func (w *Write) SetOpSchema(op, text string) {
	if w.ok(fits("", text)) {
		w.buf.set(idKey(prefixShape, w.op(op)), []byte(text))
	}
}

// SetFingerprint notes a fingerprint of the pipeline in the manifest.
func (w *Write) SetFingerprint(text string) { w.manifest.Fingerprint = text }

// Size returns the bytes gathered so far, about.
func (w *Write) Size() int64 { return w.buf.size }

// Discard drops what was gathered.
func (w *Write) Discard() { w.end() }

func (w *Write) end() {
	if !w.ended {
		w.ended, w.s.writing = true, false
	}
	w.buf = buffer{}
}

// Commit makes the epoch durable: all of it, or on error nothing. It is THE
// commit point of an epoch. After an error the store takes no further epoch
// and must be opened again, except for errors that name a wrong call.
func (w *Write) Commit() error {
	defer w.end()
	if w.err != nil {
		return fmt.Errorf("commit epoch %d: %w", w.manifest.Epoch, w.err)
	}
	if w.ended {
		return fmt.Errorf("commit epoch %d: it was committed or discarded before", w.manifest.Epoch)
	}
	if err := w.finish(); err != nil {
		return fmt.Errorf("commit epoch %d: %w", w.manifest.Epoch, err)
	}
	failpoint.Hit("state/commit/before")
	b := w.buf // of its own: what waits in vain outlives this call
	err := w.s.health.await(func() error {
		if b.size > w.s.opts.IngestAbove {
			return w.s.ingest(&b)
		}
		return w.s.apply(&b)
	})
	if err == nil {
		failpoint.Hit("state/commit/unmarked")
		err = w.s.mark.set(w.manifest.Epoch)
	}
	if err != nil {
		// Whether the epoch is durable is unknown now; opening again tells.
		if w.s.health.err() == nil {
			err = w.s.health.fail(judge(w.s.dir, dbDir, err))
		}
		return fmt.Errorf("commit epoch %d: %w", w.manifest.Epoch, err)
	}
	w.s.install(w)
	failpoint.Hit("state/commit/after")
	return nil
}

// finish adds to the epoch what the store itself must remember of it.
func (w *Write) finish() error {
	m := w.manifest
	for _, id := range w.sinks {
		c := Commit{Epoch: m.Epoch, Parts: w.tokens[id]}
		value, ok, err := w.s.get(idKey(prefixCommit, id))
		if err != nil {
			return err
		}
		if ok {
			last, err := parseCommit(value)
			if err != nil {
				return damaged(w.s.dir, describe(idKey(prefixCommit, id)), err)
			}
			c.Previous = last.Epoch
		}
		w.buf.set(idKey(prefixCommit, id), appendCommit(nil, c))
	}
	if m.Epoch > chainLength && m.Epoch/chainTrim != m.previous/chainTrim {
		m.floor = max(m.floor, m.Epoch-chainLength)
		w.manifest.floor = m.floor
		w.buf.deleteRange([]byte{prefixEpoch}, epochKey(m.floor))
	}
	value, err := encodeManifest(m)
	if err != nil {
		return err
	}
	w.buf.set(manifestKey(), value)
	w.buf.set(epochKey(m.Epoch), binary.BigEndian.AppendUint64(nil, m.previous))
	return nil
}

// apply writes b through the log.
func (s *Store) apply(b *buffer) (err error) {
	batch := s.db.NewBatchWithSize(int(b.size) + 16*len(b.entries))
	defer func() { err = errors.Join(err, batch.Close()) }()
	for _, step := range b.inOrder() {
		switch step.kind {
		case kindSet:
			err = batch.Set(step.key, step.value, nil)
		case kindDelete:
			err = batch.Delete(step.key, nil)
		default:
			err = batch.DeleteRange(step.key, step.value, nil)
		}
		if err != nil {
			return err
		}
	}
	sync := pebble.Sync
	if mutant.NoSync {
		sync = pebble.NoSync
	}
	return batch.Commit(sync)
}

// install makes a durable epoch the one that readers see by name.
func (s *Store) install(w *Write) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manifest, s.next = w.manifest, w.next
	for kind, names := range w.names {
		maps.Copy(s.names[kind], names)
	}
}

// op is id for operators; a run of calls for the same one costs a comparison.
func (w *Write) op(name string) uint16 {
	if name != w.lastOp || name == "" {
		w.lastOp, w.lastID = name, w.id(opName, name)
	}
	return w.lastID
}

// id returns the id of name, a new one if it never had one.
func (w *Write) id(kind nameKind, name string) uint16 {
	if id, ok := w.s.idOf(kind, name); ok {
		return id
	}
	if id, ok := w.names[kind][name]; ok {
		return id
	}
	switch {
	case name == "" || len(name) > MaxName:
		w.fail(fmt.Errorf("the name of a %s has %d bytes; it must have 1 to %d", kind, len(name), MaxName))
		return 0
	case w.next[kind] > math.MaxUint16:
		w.fail(fmt.Errorf("%s %q is one too many; a store takes %d of them in its life", kind, name, math.MaxUint16+1))
		return 0
	}
	id := uint16(w.next[kind])
	w.next[kind]++
	w.names[kind][name] = id
	w.buf.set(nameKey(kind, name), binary.BigEndian.AppendUint16(nil, id))
	return id
}

func (w *Write) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// ok notes err for Commit.
func (w *Write) ok(err error) bool {
	if err != nil {
		w.fail(err)
	}
	return err == nil
}

// fitting is what keys and values come as.
type fitting interface{ ~string | ~[]byte }

// fits checks the limits.
func fits[K, V fitting](key K, val V) error {
	if len(key) > MaxKey {
		return fmt.Errorf("a key has %d bytes; the most is %d: use a digest as the key", len(key), MaxKey)
	}
	if len(val) > MaxValue {
		return fmt.Errorf("a value has %d bytes; the most is %d: split it over several keys", len(val), MaxValue)
	}
	return nil
}
