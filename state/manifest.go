package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/google/uuid"
)

// Format is the version of the layout that this program writes. It opens
// this version and no newer one.
const Format = 1

// KeyGroups is the number of groups that the keys of an operator fall into.
const KeyGroups = 256

// Manifest says what the store holds. It changes with every epoch, in the
// same atomic write as everything else of that epoch.
type Manifest struct {
	// Epoch is the last durable epoch; 0 before the first.
	Epoch uint64

	// Incarnation is new for every directory that is created or restored
	// (a UUID). Sinks mark their commits with it: a mark of another
	// incarnation is not ours.
	Incarnation string

	// Pipeline is the name that the directory was created for.
	Pipeline string

	// KeyGroups is the number of key groups, fixed for the life of the store.
	KeyGroups int

	// Fingerprint is what [Write.SetFingerprint] noted last. The store gives
	// it no meaning.
	Fingerprint string

	// Format is the version of the layout in the directory.
	Format int

	// Ancestors are the incarnations that this store was restored from,
	// oldest first, each with the last epoch that it shares with this store.
	Ancestors []Ancestor

	previous uint64 // the epoch before Epoch
	floor    uint64 // the chain of epochs is whole from here on
}

// Ancestor is an incarnation whose savepoint this store goes on from.
type Ancestor struct {
	Incarnation string `json:"incarnation"`
	Epoch       uint64 `json:"epoch"` // the last epoch of that incarnation that is part of this store
}

// IncarnationAt returns the incarnation that wrote epoch: this store's own,
// or that of the ancestor it comes from.
func (m Manifest) IncarnationAt(epoch uint64) string {
	for _, a := range m.Ancestors {
		if epoch <= a.Epoch {
			return a.Incarnation
		}
	}
	return m.Incarnation
}

func castagnoli(b []byte) uint32 {
	return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
}

// encodeManifest writes the manifest's value; ancestors and pipeline are in
// the identity file. Layout: docs/formats/state.md.
func encodeManifest(m Manifest) ([]byte, error) {
	id, err := uuid.Parse(m.Incarnation)
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	dst := binary.BigEndian.AppendUint16(nil, uint16(m.Format))
	dst = binary.BigEndian.AppendUint16(dst, uint16(m.KeyGroups))
	dst = binary.BigEndian.AppendUint64(dst, m.Epoch)
	dst = binary.BigEndian.AppendUint64(dst, m.previous)
	dst = binary.BigEndian.AppendUint64(dst, m.floor)
	dst = append(dst, id[:]...)
	dst = binary.AppendUvarint(dst, uint64(len(m.Pipeline)))
	dst = append(dst, m.Pipeline...)
	dst = binary.AppendUvarint(dst, uint64(len(m.Fingerprint)))
	dst = append(dst, m.Fingerprint...)
	return binary.BigEndian.AppendUint32(dst, castagnoli(dst)), nil
}

const manifestFixed = 2 + 2 + 8 + 8 + 8 + 16

// parseManifest reads what encodeManifest wrote, and nothing else.
func parseManifest(b []byte) (Manifest, error) {
	if len(b) < manifestFixed+4 {
		return Manifest{}, fmt.Errorf("manifest has %d bytes", len(b))
	}
	body, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	if castagnoli(body) != sum {
		return Manifest{}, errors.New("manifest does not match its checksum")
	}
	m := Manifest{
		Format:    int(binary.BigEndian.Uint16(body)),
		KeyGroups: int(binary.BigEndian.Uint16(body[2:])),
		Epoch:     binary.BigEndian.Uint64(body[4:]),
		previous:  binary.BigEndian.Uint64(body[12:]),
		floor:     binary.BigEndian.Uint64(body[20:]),
	}
	m.Incarnation = uuid.UUID(body[28:manifestFixed]).String()
	rest := body[manifestFixed:]
	var err error
	if m.Pipeline, rest, err = cutString(rest); err != nil {
		return Manifest{}, fmt.Errorf("manifest: pipeline: %w", err)
	}
	if m.Fingerprint, rest, err = cutString(rest); err != nil {
		return Manifest{}, fmt.Errorf("manifest: fingerprint: %w", err)
	}
	if len(rest) != 0 {
		return Manifest{}, fmt.Errorf("manifest: %d bytes too many", len(rest))
	}
	return m, nil
}

func cutString(b []byte) (s string, rest []byte, err error) {
	part, rest, err := cutBytes(b)
	return string(part), rest, err
}

// cutBytes takes a length and that many bytes off the front of b.
func cutBytes(b []byte) (part, rest []byte, err error) {
	n, used := binary.Uvarint(b)
	if used <= 0 || n > uint64(len(b)-used) {
		return nil, nil, errors.New("length goes beyond the end")
	}
	if used > 1 && b[used-1] == 0 {
		return nil, nil, errors.New("length is not in its shortest form")
	}
	return b[used : used+int(n)], b[used+int(n):], nil
}
