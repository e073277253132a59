package state

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Commit is what a sink must make visible for one epoch.
type Commit struct {
	Epoch uint64

	// Previous is the last epoch before Epoch for which this sink had
	// something to commit; 0 if there was none.
	Previous uint64

	// Incarnation is the one that wrote the epoch; see [Manifest.IncarnationAt].
	Incarnation string

	// Parts are the tokens of the sink's writers, in the order given.
	Parts [][]byte
}

func appendCommit(dst []byte, c Commit) []byte {
	dst = binary.BigEndian.AppendUint64(dst, c.Epoch)
	dst = binary.BigEndian.AppendUint64(dst, c.Previous)
	dst = binary.AppendUvarint(dst, uint64(len(c.Parts)))
	for _, p := range c.Parts {
		dst = binary.AppendUvarint(dst, uint64(len(p)))
		dst = append(dst, p...)
	}
	return dst
}

// parseCommit reads what appendCommit wrote. The parts share b's memory.
func parseCommit(b []byte) (Commit, error) {
	if len(b) < 17 {
		return Commit{}, fmt.Errorf("commit has %d bytes", len(b))
	}
	c := Commit{Epoch: binary.BigEndian.Uint64(b), Previous: binary.BigEndian.Uint64(b[8:])}
	n, used := binary.Uvarint(b[16:])
	rest := b[16:]
	if used <= 0 || n == 0 || n > uint64(len(rest)-used) || (used > 1 && rest[used-1] == 0) {
		return Commit{}, errors.New("commit: number of parts is wrong")
	}
	rest = rest[used:]
	for range n {
		var part []byte
		var err error
		if part, rest, err = cutBytes(rest); err != nil {
			return Commit{}, fmt.Errorf("commit: part %d: %w", len(c.Parts), err)
		}
		c.Parts = append(c.Parts, part)
	}
	if len(rest) != 0 {
		return Commit{}, fmt.Errorf("commit: %d bytes too many", len(rest))
	}
	return c, nil
}

// A position is stored behind one byte that says whether its split is done.
const (
	positionOpen = 0
	positionDone = 1
)

func parsePosition(b []byte) (pos []byte, done bool, err error) {
	switch {
	case len(b) == 1 && b[0] == positionDone:
		return nil, true, nil
	case len(b) >= 1 && b[0] == positionOpen:
		return b[1:], false, nil
	default:
		return nil, false, fmt.Errorf("position %x has no valid flag", b)
	}
}
