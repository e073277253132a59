package state

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
)

// A log whose last entry is damaged looks like a log that was cut by a power
// failure, and Pebble rightly forgets the entry. What tells the two apart is
// the mark: a small file that notes, after every commit and before the commit
// is acknowledged, which epoch must be there.
//
// The file has two slots, a page apart, written in turn: a torn write spoils
// the slot of the epoch that was not acknowledged yet, never the other.
const (
	markPage  = 4096
	markSlots = 2
	markSize  = 8 + 8 + 16 + 4
)

const markMagic = "weirmark"

type mark struct {
	file  vfs.File
	id    uuid.UUID
	epoch uint64
	slot  int64 // the slot to write next
}

func (m *mark) slotBytes(epoch uint64) []byte {
	b := append(make([]byte, 0, markSize), markMagic...)
	b = binary.BigEndian.AppendUint64(b, epoch)
	b = append(b, m.id[:]...)
	return binary.BigEndian.AppendUint32(b, castagnoli(b))
}

func parseSlot(b []byte) (epoch uint64, id uuid.UUID, ok bool) {
	if len(b) < markSize || string(b[:8]) != markMagic {
		return 0, id, false
	}
	b = b[:markSize]
	if castagnoli(b[:markSize-4]) != binary.BigEndian.Uint32(b[markSize-4:]) {
		return 0, id, false
	}
	return binary.BigEndian.Uint64(b[8:]), uuid.UUID(b[16:32]), true
}

// createMark makes the mark of a store that is at epoch.
func createMark(fsys FS, dir string, id uuid.UUID, epoch uint64) error {
	b := make([]byte, markSlots*markPage)
	copy(b, (&mark{id: id}).slotBytes(epoch))
	return placeFile(fsys, dir, markFile, b)
}

// openMark reads the mark: the highest epoch of the slots that are whole.
func openMark(fsys FS, dir string, id uuid.UUID) (m *mark, err error) {
	path := fsys.PathJoin(dir, markFile)
	b, err := readFile(fsys, path)
	if err != nil {
		return nil, err
	}
	m = &mark{id: id}
	found := false
	for slot := range int64(markSlots) {
		if int64(len(b)) < slot*markPage {
			break
		}
		epoch, of, ok := parseSlot(b[slot*markPage:])
		if !ok || (found && epoch < m.epoch) {
			continue
		}
		if of != id {
			return nil, damaged(dir, markFile, fmt.Errorf("it is of incarnation %s, the store of %s", of, id))
		}
		found, m.epoch, m.slot = true, epoch, 1-slot
	}
	if !found {
		return nil, damaged(dir, markFile, errors.New("no slot is whole"))
	}
	m.file, err = fsys.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	return m, err
}

// set makes it durable that epoch was committed.
func (m *mark) set(epoch uint64) error {
	if _, err := m.file.WriteAt(m.slotBytes(epoch), m.slot*markPage); err != nil {
		return err
	}
	if err := m.file.SyncData(); err != nil {
		return err
	}
	m.epoch, m.slot = epoch, 1-m.slot
	return nil
}
