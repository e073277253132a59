package column

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// What a batch holds unless told otherwise.
const (
	DefaultRows  = 65536
	DefaultBytes = 32 << 20
)

// MaxBytes is the most that a batch, and that a row, may be told to hold.
// Both together stay below the 2 GiB that offsets of four bytes reach.
const MaxBytes = 1<<30 - 1

// measureEvery is how many bytes of input there may be between two looks at
// the size of the columns.
const measureEvery = 4096

// Batch is the columns of a schema, filled row by row.
type Batch struct {
	Cols []*Column

	schema   *arrow.Schema
	rows     int
	maxRows  int
	maxBytes int64
	in, next int64 // bytes of input: so far, at the next look at the size
	full     bool
}

// NewBatch makes an empty batch. Zero limits are the defaults, a nil
// allocator is Go's.
func NewBatch(s *arrow.Schema, alloc memory.Allocator, rows int, bytes int64) (*Batch, error) {
	if alloc == nil {
		alloc = memory.NewGoAllocator()
	}
	if rows == 0 {
		rows = DefaultRows
	}
	if bytes == 0 {
		bytes = DefaultBytes
	}
	if rows < 0 || bytes < 0 || bytes > MaxBytes {
		return nil, fmt.Errorf("limits of a batch: %d rows, %d bytes: want at most %d bytes",
			rows, bytes, MaxBytes)
	}
	b := &Batch{schema: s, maxRows: rows, maxBytes: bytes}
	for _, f := range s.Fields() {
		c, err := New(f, alloc)
		if err != nil {
			return nil, err
		}
		b.Cols = append(b.Cols, c)
	}
	return b, nil
}

// EndRow counts a row in that every column has a value of. input is how many
// bytes of text it was.
func (b *Batch) EndRow(input int) {
	b.rows++
	b.in += int64(input)
	if b.rows >= b.maxRows {
		b.full = true
	}
	if b.in >= b.next {
		b.next = b.in + measureEvery
		// The limit of the input is for columns that take less than it, as
		// lists of nulls do: the ends of lists must stay below 2 GiB too.
		b.full = b.full || b.size() >= b.maxBytes || b.in >= MaxBytes
	}
}

func (b *Batch) size() int64 {
	var size int64
	for _, c := range b.Cols {
		size += c.Size()
	}
	return size
}

// Rollback takes back what columns have of a row that was not ended.
func (b *Batch) Rollback() {
	for _, c := range b.Cols {
		c.Truncate(b.rows)
	}
}

// Rows is the number of rows ended since the last Flush.
func (b *Batch) Rows() int { return b.rows }

// Full reports whether a limit is reached.
func (b *Batch) Full() bool { return b.full }

// Flush gives the rows away and begins anew. It returns nil if there are
// none.
func (b *Batch) Flush() arrow.RecordBatch {
	if b.rows == 0 {
		return nil
	}
	cols := make([]arrow.Array, len(b.Cols))
	for i, c := range b.Cols {
		data := c.flush()
		cols[i] = array.MakeFromData(data)
		data.Release()
	}
	batch := array.NewRecordBatch(b.schema, cols, int64(b.rows))
	for _, c := range cols {
		c.Release()
	}
	b.reset()
	return batch
}

func (b *Batch) reset() {
	b.rows, b.in, b.next, b.full = 0, 0, 0, false
}

// Release frees everything. The batch is empty then, and can be filled again.
func (b *Batch) Release() {
	for _, c := range b.Cols {
		c.release()
	}
	b.reset()
}

// flush gives the values away and empties the column.
func (c *Column) flush() *array.Data {
	var buffers []*memory.Buffer
	var kids []arrow.ArrayData
	size := c.n * c.width
	if c.Kind == Bool {
		size = (c.n + 7) / 8
	}
	if c.offsets() {
		size += c.width
		if len(c.vals.b) < size {
			c.growEnds(size)
		}
	}
	var valid *memory.Buffer
	if c.nulls > 0 && c.Kind != Null {
		valid = c.valid.take((c.n+7)/8, c.alloc)
	}
	c.valid.release() // what it says of rows that were taken back
	buffers = append(buffers, valid)
	switch c.Kind {
	case Null, Struct:
	case Text, Binary:
		buffers = append(buffers, c.vals.take(size, c.alloc), c.data.take(c.used, c.alloc))
	default:
		buffers = append(buffers, c.vals.take(size, c.alloc))
	}
	for _, kid := range c.Kids {
		kids = append(kids, kid.flush())
	}
	if c.Kind == Map {
		kids = []arrow.ArrayData{entries(c.typ.(*arrow.MapType), kids)}
	}
	data := array.NewData(c.Field.Type, c.n, buffers, kids, c.nulls, 0)
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
	for _, k := range kids {
		k.Release()
	}
	c.n, c.nulls, c.used = 0, 0, 0
	return data
}

// entries joins the keys and values of a map, and releases them.
func entries(t *arrow.MapType, kids []arrow.ArrayData) arrow.ArrayData {
	data := array.NewData(t.Elem(), kids[0].Len(), []*memory.Buffer{nil}, kids, 0, 0)
	for _, k := range kids {
		k.Release()
	}
	return data
}

func (c *Column) release() {
	c.valid.release()
	c.vals.release()
	c.data.release()
	for _, kid := range c.Kids {
		kid.release()
	}
	c.n, c.nulls, c.used = 0, 0, 0
}
