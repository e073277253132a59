package state

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// The first byte of a key says what the key is. State sorts last, so that the
// table with everything else of an epoch never overlaps a table of state.
const (
	prefixCommit   = 'c' // c | sink u16                 -> the sink's last commit
	prefixShape    = 'd' // d | operator u16             -> description of the operator's state type
	prefixEpoch    = 'e' // e | epoch u64                -> epoch before it u64
	prefixManifest = 'm' // m                            -> manifest
	prefixName     = 'n' // n | kind u8 | name           -> id u16
	prefixPosition = 'o' // o | source u16 | split       -> flag u8, position
	prefixState    = 's' // s | operator u16 | group u8 | key -> value
)

// stateHead is the length of a state key before the operator's own bytes.
const stateHead = 4

// A nameKind keeps the ids of operators, sources and sinks apart.
type nameKind uint8

const (
	opName     nameKind = 1
	sourceName nameKind = 2
	sinkName   nameKind = 3
)

func (k nameKind) String() string {
	switch k {
	case opName:
		return "operator"
	case sourceName:
		return "source"
	case sinkName:
		return "sink"
	default:
		return fmt.Sprintf("kind %d", uint8(k))
	}
}

func manifestKey() []byte { return []byte{prefixManifest} }

func epochKey(epoch uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{prefixEpoch}, epoch)
}

func nameKey(kind nameKind, name string) []byte {
	return append([]byte{prefixName, byte(kind)}, name...)
}

func idKey(prefix byte, id uint16) []byte {
	return binary.BigEndian.AppendUint16([]byte{prefix}, id)
}

func positionKey(source uint16, split string) []byte {
	return append(idKey(prefixPosition, source), split...)
}

func appendStateKey(dst []byte, op uint16, group uint8, key []byte) []byte {
	dst = append(dst, prefixState, byte(op>>8), byte(op), group)
	return append(dst, key...)
}

// after returns the smallest key that is greater than every key that starts
// with prefix. prefix must not be all 0xff.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i, last := range slices.Backward(end) {
		if last != 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}

// A parsedKey is a key of the store taken apart.
type parsedKey struct {
	prefix byte
	kind   nameKind // n
	id     uint16   // c d o s
	group  uint8    // s
	epoch  uint64   // e
	rest   []byte   // n: name; o: split; s: the operator's key
}

// parseKey takes a key apart. It refuses every key that this package does not
// write.
func parseKey(key []byte) (parsedKey, error) {
	if len(key) == 0 {
		return parsedKey{}, fmt.Errorf("key is empty")
	}
	p, rest := parsedKey{prefix: key[0]}, key[1:]
	exact := func(n int) error {
		if len(rest) != n {
			return fmt.Errorf("key %x: %d bytes follow the prefix, not %d", key, len(rest), n)
		}
		return nil
	}
	least := func(n int) error {
		if len(rest) < n {
			return fmt.Errorf("key %x: %d bytes follow the prefix, at least %d are needed", key, len(rest), n)
		}
		return nil
	}
	var err error
	switch p.prefix {
	case prefixManifest:
		err = exact(0)
	case prefixEpoch:
		if err = exact(8); err == nil {
			p.epoch = binary.BigEndian.Uint64(rest)
		}
	case prefixCommit, prefixShape:
		if err = exact(2); err == nil {
			p.id = binary.BigEndian.Uint16(rest)
		}
	case prefixName:
		if err = least(1); err == nil {
			p.kind, p.rest = nameKind(rest[0]), rest[1:]
			if p.kind < opName || p.kind > sinkName {
				err = fmt.Errorf("key %x: no kind of name is %d", key, rest[0])
			}
		}
	case prefixPosition:
		if err = least(2); err == nil {
			p.id, p.rest = binary.BigEndian.Uint16(rest), rest[2:]
		}
	case prefixState:
		if err = least(stateHead - 1); err == nil {
			p.id, p.group, p.rest = binary.BigEndian.Uint16(rest), rest[2], rest[3:]
		}
	default:
		err = fmt.Errorf("key %x: no key starts with %q", key, p.prefix)
	}
	return p, err
}

func (p parsedKey) bytes() []byte {
	switch p.prefix {
	case prefixEpoch:
		return epochKey(p.epoch)
	case prefixCommit, prefixShape:
		return idKey(p.prefix, p.id)
	case prefixName:
		return nameKey(p.kind, string(p.rest))
	case prefixPosition:
		return positionKey(p.id, string(p.rest))
	case prefixState:
		return appendStateKey(nil, p.id, p.group, p.rest)
	default:
		return []byte{p.prefix}
	}
}
