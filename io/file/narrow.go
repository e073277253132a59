package file

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// narrowType is the type that a column of type t is read as: strings that
// other writers keep with offsets of 8 bytes are strings like all others. A
// batch is far too small to need them.
func narrowType(t arrow.DataType) arrow.DataType {
	switch t.ID() {
	case arrow.LARGE_STRING:
		return arrow.BinaryTypes.String
	case arrow.LARGE_BINARY:
		return arrow.BinaryTypes.Binary
	default:
		return t
	}
}

// narrow is column a as type t, which is narrowType of its own. The caller
// owns the result.
func narrow(a arrow.Array, t arrow.DataType, alloc memory.Allocator) (arrow.Array, error) {
	d := a.Data()
	if d.DataType().ID() == t.ID() {
		a.Retain()
		return a, nil
	}
	n := d.Len()
	wide := make([]int64, n+1)
	if old := d.Buffers()[1]; old != nil && old.Len() > 0 {
		wide = arrow.Int64Traits.CastFromBytes(old.Bytes())[d.Offset() : d.Offset()+n+1]
	}
	if wide[n] > math.MaxInt32 {
		return nil, fmt.Errorf("a batch has %d bytes of text, %d is the most", wide[n], math.MaxInt32)
	}
	offsets := memory.NewResizableBuffer(alloc)
	defer offsets.Release()
	// The offset of the array stays, for its validity bits are not moved.
	offsets.Resize((d.Offset() + n + 1) * arrow.Int32SizeBytes)
	out := arrow.Int32Traits.CastFromBytes(offsets.Bytes())
	clear(out[:d.Offset()])
	for i, v := range wide {
		out[d.Offset()+i] = int32(v) //nolint:gosec // the last is the largest, and was checked
	}
	data := array.NewData(t, n, []*memory.Buffer{d.Buffers()[0], offsets, d.Buffers()[2]}, nil, d.NullN(), d.Offset())
	defer data.Release()
	return array.MakeFromData(data), nil
}
