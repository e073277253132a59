package columns

import (
	"fmt"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// gather copies the selected rows of d. The caller owns the result.
func (s selection) gather(d arrow.ArrayData) (*array.Data, error) {
	dt := d.DataType()
	if ext, ok := dt.(arrow.ExtensionType); ok {
		dt = ext.StorageType()
	}
	switch dt := dt.(type) {
	case *arrow.NullType:
		return array.NewData(d.DataType(), len(s.rows), []*memory.Buffer{nil}, nil, len(s.rows), 0), nil
	case *arrow.StringType, *arrow.BinaryType:
		return gatherText[int32](s, d)
	case *arrow.LargeStringType, *arrow.LargeBinaryType:
		return gatherText[int64](s, d)
	case *arrow.StringViewType, *arrow.BinaryViewType:
		return s.gatherViews(d), nil
	case *arrow.DictionaryType:
		return s.gatherDictionary(d, dt), nil
	case *arrow.ListType, *arrow.MapType:
		return gatherList[int32](s, d)
	case *arrow.LargeListType:
		return gatherList[int64](s, d)
	case *arrow.ListViewType, *arrow.LargeListViewType:
		return s.gatherListView(d), nil
	case *arrow.FixedSizeListType:
		return s.gatherFixedList(d, int(dt.Len()))
	case *arrow.StructType:
		return s.gatherStruct(d)
	case *arrow.SparseUnionType:
		return s.gatherSparse(d)
	case *arrow.DenseUnionType:
		return s.gatherDense(d, dt)
	case *arrow.RunEndEncodedType:
		return s.gatherRuns(d, dt)
	case arrow.FixedWidthDataType:
		return s.data(d, nil, s.fixed(d, 1, dt.BitWidth())), nil
	default:
		return nil, fmt.Errorf("rows of type %v can not be copied", d.DataType())
	}
}

// data makes the result for d out of what follows the validity bitmap, and
// takes over the references to it.
func (s selection) data(
	d arrow.ArrayData, children []arrow.ArrayData, buffers ...*memory.Buffer,
) *array.Data {
	valid, nulls := s.validity(d)
	all := append([]*memory.Buffer{valid}, buffers...)
	out := array.NewData(d.DataType(), len(s.rows), all, children, nulls, 0)
	for _, b := range all {
		if b != nil {
			b.Release()
		}
	}
	for _, c := range children {
		c.Release()
	}
	return out
}

func (s selection) buffer(n int) *memory.Buffer {
	b := memory.NewResizableBuffer(s.mem)
	b.Resize(n)
	return b
}

// validity copies the bits that say which rows are not null.
func (s selection) validity(d arrow.ArrayData) (*memory.Buffer, int) {
	if d.NullN() == 0 || d.Buffers()[0] == nil {
		return nil, 0
	}
	buf, ones := s.bits(d.Buffers()[0].Bytes(), d.Offset())
	if ones == len(s.rows) {
		buf.Release()
		return nil, 0
	}
	return buf, len(s.rows) - ones
}

// bits copies single bits and counts the ones.
func (s selection) bits(src []byte, off int) (*memory.Buffer, int) {
	buf := s.buffer(int(bitutil.BytesForBits(int64(len(s.rows)))))
	dst := buf.Bytes()
	ones := 0
	for i := range dst {
		var b byte
		for j, k := range s.rows[8*i : min(8*i+8, len(s.rows))] {
			at := off + int(k)
			b |= src[at>>3] >> (at & 7) & 1 << j
		}
		dst[i] = b
		ones += bits.OnesCount8(b)
	}
	return buf, ones
}

// fixed copies values of fixed width out of buffer i of d.
func (s selection) fixed(d arrow.ArrayData, i, bitWidth int) *memory.Buffer {
	if len(s.rows) == 0 {
		return s.buffer(0)
	}
	src := d.Buffers()[i].Bytes()
	if bitWidth == 1 {
		buf, _ := s.bits(src, d.Offset())
		return buf
	}
	width := bitWidth / 8
	src = src[d.Offset()*width:]
	buf := s.buffer(len(s.rows) * width)
	switch width {
	case 1:
		pick(buf.Bytes(), src, s.rows)
	case 2:
		pick(arrow.GetData[uint16](buf.Bytes()), arrow.GetData[uint16](src), s.rows)
	case 4:
		pick(arrow.GetData[uint32](buf.Bytes()), arrow.GetData[uint32](src), s.rows)
	case 8:
		pick(arrow.GetData[uint64](buf.Bytes()), arrow.GetData[uint64](src), s.rows)
	case 16:
		pick(arrow.GetData[arrow.ViewHeader](buf.Bytes()), arrow.GetData[arrow.ViewHeader](src), s.rows)
	default:
		dst := buf.Bytes()
		for i, k := range s.rows {
			copy(dst[i*width:(i+1)*width], src[int(k)*width:])
		}
	}
	return buf
}

func pick[V any](dst, src []V, rows []int32) {
	dst = dst[:len(rows)]
	for i, k := range rows {
		dst[i] = src[k]
	}
}

// gatherText copies strings or bytes; neighbours in one piece.
func gatherText[O int32 | int64](s selection, d arrow.ArrayData) (*array.Data, error) {
	src, all := textOf[O](d)
	offsets, ends, total, err := gatherEnds(s, src, nil)
	if err != nil {
		return nil, err
	}
	text := s.buffer(total)
	dst := text.Bytes()
	for i := 0; i < len(s.rows); {
		first := s.rows[i]
		next := first + 1
		from := i
		for i++; i < len(s.rows) && s.rows[i] == next; i++ {
			next++
		}
		copy(dst[ends[from]:ends[i]], all[src[first]:src[next]])
	}
	return s.data(d, nil, offsets, text), nil
}

// textOf returns the offsets of the rows of d, and the bytes they refer to.
func textOf[O int32 | int64](d arrow.ArrayData) (ends []O, all []byte) {
	ends = offsetsOf[O](d)
	if b := d.Buffers()[2]; b != nil {
		all = b.Bytes()
	}
	return ends, all
}

// offsetsOf returns the offsets of the rows of d, one more than there are
// rows, or none for an empty array.
func offsetsOf[O int32 | int64](d arrow.ArrayData) []O {
	if d.Len() == 0 {
		return nil
	}
	return arrow.GetOffsets[O](d, 1)
}

// gatherEnds makes the offsets of the selected rows. Rows that are not valid
// become empty; valid nil means that all are.
func gatherEnds[O int32 | int64](
	s selection, src []O, valid func(int) bool,
) (buf *memory.Buffer, ends []O, total int, err error) {
	buf = s.buffer(len(arrow.GetBytes(make([]O, 1))) * (len(s.rows) + 1))
	ends = arrow.GetData[O](buf.Bytes())
	ends[0] = 0
	for i, k := range s.rows {
		if valid == nil || valid(int(k)) {
			total += int(src[k+1] - src[k])
		}
		ends[i+1] = O(total)
	}
	if int(ends[len(s.rows)]) != total {
		buf.Release()
		return nil, nil, 0, fmt.Errorf("%d bytes or elements are more than 32-bit offsets reach; "+
			"take fewer rows at a time", total)
	}
	return buf, ends, total, nil
}

// gatherViews copies the 16-byte heads and shares the text.
func (s selection) gatherViews(d arrow.ArrayData) *array.Data {
	buffers := []*memory.Buffer{s.fixed(d, 1, 128)}
	for _, b := range d.Buffers()[2:] {
		b.Retain()
		buffers = append(buffers, b)
	}
	return s.data(d, nil, buffers...)
}

// gatherDictionary copies the indices and shares the dictionary.
func (s selection) gatherDictionary(d arrow.ArrayData, dt *arrow.DictionaryType) *array.Data {
	out := s.data(d, nil, s.fixed(d, 1, dt.IndexType.(arrow.FixedWidthDataType).BitWidth()))
	out.SetDictionary(d.Dictionary())
	return out
}
