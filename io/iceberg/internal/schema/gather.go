package schema

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/internal/mem"
)

// GatherBatch returns the rows of b whose numbers are given, in that order.
func GatherBatch(b arrow.RecordBatch, rows []int32, alloc memory.Allocator) (arrow.RecordBatch, error) {
	cols := make([]arrow.Array, 0, b.NumCols())
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	for i, c := range b.Columns() {
		col, err := Gather(c, rows, alloc)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", b.ColumnName(i), err)
		}
		cols = append(cols, col)
	}
	return array.NewRecordBatch(b.Schema(), cols, int64(len(rows))), nil
}

// Gather returns the values of a at the rows given, in that order; row -1 is
// null.
func Gather(a arrow.Array, rows []int32, alloc memory.Allocator) (arrow.Array, error) {
	if a.Len() == 0 {
		return mem.Nulls(alloc, a.DataType(), len(rows)), nil
	}
	switch t := a.DataType().(type) {
	case *arrow.BooleanType:
		return gatherBits(a, rows), nil
	case *arrow.StringType, *arrow.BinaryType:
		return gatherText(a, rows)
	case *arrow.StructType:
		return gatherStruct(a.(*array.Struct), t, rows, alloc)
	case *arrow.ListType, *arrow.MapType:
		return gatherList(a.(array.ListLike), rows, alloc)
	case arrow.ExtensionType:
		under, err := Gather(a.(array.ExtensionArray).Storage(), rows, alloc)
		if err != nil {
			return nil, err
		}
		defer under.Release()
		return array.NewExtensionArrayWithStorage(t, under), nil
	case arrow.FixedWidthDataType:
		if t.BitWidth()%8 == 0 && len(a.Data().Buffers()) == 2 && len(a.Data().Children()) == 0 {
			return gatherFixed(a, rows, t.Bytes()), nil
		}
	}
	return nil, fmt.Errorf("rows of %s can not be gathered", a.DataType())
}

// gatherNulls makes the null bitmap of the gathered rows; nil without nulls.
func gatherNulls(a arrow.Array, rows []int32) (*memory.Buffer, int) {
	bits, n := []byte(nil), 0
	null := func(i int) {
		if bits == nil {
			bits = make([]byte, bitutil.BytesForBits(int64(len(rows))))
			bitutil.SetBitsTo(bits, 0, int64(len(rows)), true)
		}
		bitutil.ClearBit(bits, i)
		n++
	}
	if a.NullN() == 0 {
		for i, r := range rows {
			if r < 0 {
				null(i)
			}
		}
	} else {
		from, off := a.NullBitmapBytes(), a.Data().Offset()
		for i, r := range rows {
			if r < 0 || !bitutil.BitIsSet(from, off+int(r)) {
				null(i)
			}
		}
	}
	if bits == nil {
		return nil, 0
	}
	return memory.NewBufferBytes(bits), n
}

func gathered(a arrow.Array, rows []int32, children []arrow.ArrayData, values ...*memory.Buffer) arrow.Array {
	valid, nulls := gatherNulls(a, rows)
	buffers := append([]*memory.Buffer{valid}, values...)
	return array.MakeFromData(array.NewData(a.DataType(), len(rows), buffers, children, nulls, 0))
}

func gatherFixed(a arrow.Array, rows []int32, width int) arrow.Array {
	d := a.Data()
	src := d.Buffers()[1].Bytes()[d.Offset()*width:]
	dst := make([]byte, len(rows)*width)
	switch width {
	case 8:
		for i, r := range rows {
			if r >= 0 {
				binary.NativeEndian.PutUint64(dst[i*8:], binary.NativeEndian.Uint64(src[int(r)*8:]))
			}
		}
	case 4:
		for i, r := range rows {
			if r >= 0 {
				binary.NativeEndian.PutUint32(dst[i*4:], binary.NativeEndian.Uint32(src[int(r)*4:]))
			}
		}
	default:
		for i, r := range rows {
			if r >= 0 {
				copy(dst[i*width:(i+1)*width], src[int(r)*width:])
			}
		}
	}
	return gathered(a, rows, nil, memory.NewBufferBytes(dst))
}

func gatherBits(a arrow.Array, rows []int32) arrow.Array {
	d := a.Data()
	src := d.Buffers()[1].Bytes()
	dst := make([]byte, bitutil.BytesForBits(int64(len(rows))))
	for i, r := range rows {
		if r >= 0 && bitutil.BitIsSet(src, d.Offset()+int(r)) {
			bitutil.SetBit(dst, i)
		}
	}
	return gathered(a, rows, nil, memory.NewBufferBytes(dst))
}

func gatherText(a arrow.Array, rows []int32) (arrow.Array, error) {
	d := a.Data()
	from := arrow.Int32Traits.CastFromBytes(d.Buffers()[1].Bytes())[d.Offset():]
	var src []byte
	if d.Buffers()[2] != nil {
		src = d.Buffers()[2].Bytes()
	}
	offsets := make([]int32, len(rows)+1)
	total := 0
	for i, r := range rows {
		if r >= 0 {
			total += int(from[r+1] - from[r])
		}
		if total > math.MaxInt32 {
			return nil, fmt.Errorf("more than 2 GiB of text in one batch; send smaller batches")
		}
		offsets[i+1] = int32(total)
	}
	dst := make([]byte, total)
	for i, r := range rows {
		if r >= 0 {
			copy(dst[offsets[i]:], src[from[r]:from[r+1]])
		}
	}
	return gathered(a, rows, nil, ints32(offsets), memory.NewBufferBytes(dst)), nil
}

func gatherStruct(a *array.Struct, t *arrow.StructType, rows []int32, alloc memory.Allocator) (arrow.Array, error) {
	children := make([]arrow.ArrayData, t.NumFields())
	for i := range children {
		col, err := Gather(a.Field(i), rows, alloc)
		if err != nil {
			return nil, err
		}
		defer col.Release()
		children[i] = col.Data()
	}
	return gathered(a, rows, children), nil
}

func gatherList(a array.ListLike, rows []int32, alloc memory.Allocator) (arrow.Array, error) {
	offsets := make([]int32, 1, len(rows)+1)
	var inner []int32
	for _, r := range rows {
		if r >= 0 && a.IsValid(int(r)) {
			from, end := a.ValueOffsets(int(r))
			for j := from; j < end; j++ {
				inner = append(inner, int32(j))
			}
		}
		offsets = append(offsets, int32(len(inner)))
	}
	child, err := Gather(a.ListValues(), inner, alloc)
	if err != nil {
		return nil, err
	}
	defer child.Release()
	return gathered(a, rows, []arrow.ArrayData{child.Data()}, ints32(offsets)), nil
}

func ints32(v []int32) *memory.Buffer {
	return memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(v))
}
