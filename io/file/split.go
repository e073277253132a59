package file

import (
	"os"

	"github.com/weirflow/weir/codecs/parquet"
)

// Split is one file, or a part of one.
type Split struct {
	in    input
	id    identity
	grid  int64 // the split size that the file was cut with; 0 when it is whole
	index int
	bytes int64 // of the file that are its part

	start, end int64 // text that is cut: rows that begin in here
	groups     []int // Parquet: row groups
}

// String is the ID of the split.
func (s Split) String() string { return splitID(s.in.name, s.id, s.grid, s.index) }

// same checks that the file is still as long as when it was listed.
func (s Split) same(h *os.File) error {
	info, err := h.Stat()
	if err != nil {
		return err
	}
	if info.Size() != s.id.size {
		return changed(s.in.name, s.id, identity{size: info.Size()})
	}
	return nil
}

// Position is how far a split has been read: at which byte the next row
// begins, or for Parquet at which row of which row group.
type Position struct {
	// Offset counts the bytes of the whole file, after decompression.
	Offset int64 `json:"offset,omitempty"`

	// Group is a number in the whole file, Row a number in the group.
	Group int   `json:"group,omitempty"`
	Row   int64 `json:"row,omitempty"`
}

// cut plans the splits of a text file.
func cutText(in input, id identity, grid int64) []Split {
	whole := Split{in: in, id: id, bytes: id.size, end: id.size}
	if id.size <= grid {
		return []Split{whole}
	}
	var all []Split
	for start := int64(0); start < id.size; start += grid {
		s := whole
		s.grid, s.index = grid, len(all)
		s.start, s.end = start, min(start+grid, id.size)
		s.bytes = s.end - s.start
		all = append(all, s)
	}
	return all
}

// cutGroups plans the splits of a Parquet file: row groups together until
// they reach grid. The bytes between and behind the groups are the last one's.
func cutGroups(in input, id identity, grid int64, groups []parquet.RowGroup) []Split {
	var all []Split
	open := Split{in: in, id: id, grid: grid}
	rest := id.size
	for i, g := range groups {
		open.groups = append(open.groups, i)
		open.bytes += g.Bytes
		if open.bytes >= grid || i == len(groups)-1 {
			open.bytes = min(open.bytes, rest)
			rest -= open.bytes
			all = append(all, open)
			open = Split{in: in, id: id, grid: grid, index: len(all)}
		}
	}
	if len(all) == 0 {
		return []Split{{in: in, id: id, bytes: id.size}}
	}
	all[len(all)-1].bytes += rest
	if len(all) == 1 {
		all[0].grid = 0
	}
	return all
}
