package columns

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Filter returns the rows of b for which keep is true, in their order. keep
// has one value for each row. The caller owns the result; when all rows stay
// it is b itself, with a reference of its own.
func Filter(mem memory.Allocator, b arrow.RecordBatch, keep []bool) (arrow.RecordBatch, error) {
	if int64(len(keep)) != b.NumRows() {
		return nil, fmt.Errorf("filter batch: %d flags for %d rows", len(keep), b.NumRows())
	}
	kept := 0
	for _, k := range keep {
		n := 0
		if k {
			n = 1
		}
		kept += n
	}
	if kept == len(keep) {
		b.Retain()
		return b, nil
	}
	s := newSelection(mem, kept+1) // one more, for the write behind the last row
	defer s.free()
	n := 0
	for i, k := range keep {
		s.rows[n] = int32(i)
		step := 0
		if k {
			step = 1
		}
		if n += step; n == kept {
			break
		}
	}
	s.rows = s.rows[:kept]
	return s.batch(b)
}

// Take returns the rows of b that indices name, in that order; a row may be
// named more than once. The caller owns the result.
func Take(mem memory.Allocator, b arrow.RecordBatch, indices []int32) (arrow.RecordBatch, error) {
	for i, k := range indices {
		if k < 0 || int64(k) >= b.NumRows() {
			return nil, fmt.Errorf("take rows: index %d (at %d) is not one of %d rows", k, i, b.NumRows())
		}
	}
	s := selection{mem: mem, rows: indices}
	return s.batch(b)
}

// selection is a list of rows to copy, and where copies come from.
type selection struct {
	mem   memory.Allocator
	rows  []int32
	bytes []byte // memory of rows, when it is the selection's own
}

// newSelection returns a selection with room for n rows.
func newSelection(mem memory.Allocator, n int) selection {
	b := mem.Allocate(4 * n)
	return selection{mem: mem, bytes: b, rows: arrow.Int32Traits.CastFromBytes(b)}
}

func (s selection) free() { s.mem.Free(s.bytes) }

func (s selection) batch(b arrow.RecordBatch) (arrow.RecordBatch, error) {
	cols := make([]arrow.Array, 0, b.NumCols())
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	for i, c := range b.Columns() {
		d, err := s.gather(c.Data())
		if err != nil {
			return nil, fmt.Errorf("copy rows of column %q: %w", b.ColumnName(i), err)
		}
		cols = append(cols, array.MakeFromData(d))
		d.Release()
	}
	return array.NewRecordBatch(b.Schema(), cols, int64(len(s.rows))), nil
}
