package state

import (
	"encoding/binary"
	"fmt"
)

// Every epoch leaves a key of its own, its link: it names the epoch before
// it. Wherever Pebble keeps an epoch, its link is beside it, so when Pebble
// forgets a part of its past while it keeps what came later, the links of
// that part are missing.
//
// chainLength is how many epochs back the links are kept. It is more than
// fit into the memtables, so a part that is lost leaves a gap.
const (
	chainLength = 32768
	chainTrim   = 1024 // old links are dropped this many epochs at a time
)

// checkChain follows the links from the manifest's floor to its epoch.
func (s *Store) checkChain() error {
	m := s.manifest
	at, first := uint64(0), true
	gap := func(epoch, before uint64) error {
		return damaged(s.dir, dbDir, fmt.Errorf("epoch %d follows epoch %d, which is missing: "+
			"part of a log or of Pebble's manifest is lost", epoch, before))
	}
	err := s.between(epochKey(m.floor), after([]byte{prefixEpoch}), func(key, value []byte) error {
		k, err := parseKey(key)
		if err == nil && len(value) != 8 {
			err = fmt.Errorf("key %x: the link has %d bytes", key, len(value))
		}
		if err != nil {
			return damaged(s.dir, "an epoch key", err)
		}
		before := binary.BigEndian.Uint64(value)
		missing := before != at
		if first {
			missing = before > 0 && before >= m.floor
		}
		if missing || before >= k.epoch {
			return gap(k.epoch, before)
		}
		at, first = k.epoch, false
		return nil
	})
	if err == nil && at != m.Epoch {
		err = gap(m.Epoch, m.previous)
	}
	return err
}
