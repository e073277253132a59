package columns

import (
	"errors"
	"math"
	"sort"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

var errTooMany = errors.New("more than 2^31 elements in one column; use smaller batches")

// gatherList copies lists and maps.
func gatherList[O int32 | int64](s selection, d arrow.ArrayData) (*array.Data, error) {
	src := offsetsOf[O](d)
	valid := validRows(d)
	offsets, _, total, err := gatherEnds(s, src, valid)
	if err != nil {
		return nil, err
	}
	if len(src) > 0 && int64(src[len(src)-1]) > math.MaxInt32 {
		offsets.Release()
		return nil, errTooMany
	}
	elems := newSelection(s.mem, total)
	defer elems.free()
	elems.rows = elems.rows[:0]
	for _, k := range s.rows {
		if valid != nil && !valid(int(k)) {
			continue
		}
		for e := src[k]; e < src[k+1]; e++ {
			elems.rows = append(elems.rows, int32(e))
		}
	}
	child, err := elems.gather(d.Children()[0])
	if err != nil {
		offsets.Release()
		return nil, err
	}
	return s.data(d, []arrow.ArrayData{child}, offsets), nil
}

// validRows returns which rows of d are not null; nil if all are.
func validRows(d arrow.ArrayData) func(int) bool {
	if d.NullN() == 0 || len(d.Buffers()) == 0 || d.Buffers()[0] == nil {
		return nil
	}
	bitmap, off := d.Buffers()[0].Bytes(), d.Offset()
	return func(i int) bool { return bitutil.BitIsSet(bitmap, off+i) }
}

// gatherListView copies offsets and sizes and shares the elements.
func (s selection) gatherListView(d arrow.ArrayData) *array.Data {
	width := 32
	if d.DataType().ID() == arrow.LARGE_LIST_VIEW {
		width = 64
	}
	child := d.Children()[0]
	child.Retain()
	return s.data(d, []arrow.ArrayData{child}, s.fixed(d, 1, width), s.fixed(d, 2, width))
}

func (s selection) gatherFixedList(d arrow.ArrayData, size int) (*array.Data, error) {
	if (d.Offset()+d.Len())*size > math.MaxInt32 || len(s.rows)*size > math.MaxInt32 {
		return nil, errTooMany
	}
	elems := newSelection(s.mem, len(s.rows)*size)
	defer elems.free()
	elems.rows = elems.rows[:0]
	for _, k := range s.rows {
		for e := range size {
			elems.rows = append(elems.rows, int32((d.Offset()+int(k))*size+e))
		}
	}
	child, err := elems.gather(d.Children()[0])
	if err != nil {
		return nil, err
	}
	return s.data(d, []arrow.ArrayData{child}), nil
}

func (s selection) gatherStruct(d arrow.ArrayData) (*array.Data, error) {
	children, err := s.gatherFields(d)
	if err != nil {
		return nil, err
	}
	return s.data(d, children), nil
}

// gatherFields copies the same rows of all children.
func (s selection) gatherFields(d arrow.ArrayData) ([]arrow.ArrayData, error) {
	out := make([]arrow.ArrayData, 0, len(d.Children()))
	for _, c := range d.Children() {
		part := array.NewSliceData(c, int64(d.Offset()), int64(d.Offset()+d.Len()))
		child, err := s.gather(part)
		part.Release()
		if err != nil {
			for _, c := range out {
				c.Release()
			}
			return nil, err
		}
		out = append(out, child)
	}
	return out, nil
}

func (s selection) gatherSparse(d arrow.ArrayData) (*array.Data, error) {
	children, err := s.gatherFields(d)
	if err != nil {
		return nil, err
	}
	return s.data(d, children, s.fixed(d, 1, 8)), nil
}

// gatherDense gives every child just the values that are still referred to,
// in order.
func (s selection) gatherDense(d arrow.ArrayData, dt *arrow.DenseUnionType) (*array.Data, error) {
	codes := s.fixed(d, 1, 8)
	places := s.buffer(4 * len(s.rows))
	chosen := make([][]int32, len(d.Children()))
	if len(s.rows) > 0 {
		src := arrow.GetData[int32](d.Buffers()[2].Bytes())[d.Offset():]
		dst := arrow.GetData[int32](places.Bytes())
		ids := dt.ChildIDs()
		for i, code := range codes.Bytes() {
			child := ids[code]
			dst[i] = int32(len(chosen[child]))
			chosen[child] = append(chosen[child], src[s.rows[i]])
		}
	}
	children := make([]arrow.ArrayData, 0, len(chosen))
	for i, c := range d.Children() {
		child, err := selection{mem: s.mem, rows: chosen[i]}.gather(c)
		if err != nil {
			for _, c := range children {
				c.Release()
			}
			codes.Release()
			places.Release()
			return nil, err
		}
		children = append(children, child)
	}
	return s.data(d, children, codes, places), nil
}

// gatherRuns copies a run-end encoded column; equal neighbours of one run
// stay one run.
func (s selection) gatherRuns(d arrow.ArrayData, dt *arrow.RunEndEncodedType) (*array.Data, error) {
	ends := runEnds(d.Children()[0])
	var runs []int32 // which run
	var until []int  // end of it
	for i, k := range s.rows {
		at := d.Offset() + int(k)
		run := int32(sort.Search(len(ends), func(r int) bool { return int(ends[r]) > at }))
		if n := len(runs); n > 0 && runs[n-1] == run {
			until[n-1] = i + 1
			continue
		}
		runs = append(runs, run)
		until = append(until, i+1)
	}
	values, err := selection{mem: s.mem, rows: runs}.gather(d.Children()[1])
	if err != nil {
		return nil, err
	}
	defer values.Release()
	width := dt.RunEnds().(arrow.FixedWidthDataType).BitWidth() / 8
	buf := s.buffer(width * len(until))
	defer buf.Release()
	for i, e := range until {
		switch width {
		case 2:
			arrow.GetData[int16](buf.Bytes())[i] = int16(e)
		case 4:
			arrow.GetData[int32](buf.Bytes())[i] = int32(e)
		default:
			arrow.GetData[int64](buf.Bytes())[i] = int64(e)
		}
	}
	if width == 2 && len(s.rows) > math.MaxInt16 || len(s.rows) > math.MaxInt32 {
		return nil, errTooMany
	}
	newEnds := array.NewData(dt.RunEnds(), len(until), []*memory.Buffer{nil, buf}, nil, 0, 0)
	defer newEnds.Release()
	children := []arrow.ArrayData{newEnds, values}
	return array.NewData(d.DataType(), len(s.rows), []*memory.Buffer{nil}, children, 0, 0), nil
}

// runEnds returns the ends of runs as int64.
func runEnds(d arrow.ArrayData) []int64 {
	out := make([]int64, d.Len())
	for i := range out {
		switch d.DataType().ID() {
		case arrow.INT16:
			out[i] = int64(arrow.GetValues[int16](d, 1)[i])
		case arrow.INT32:
			out[i] = int64(arrow.GetValues[int32](d, 1)[i])
		default:
			out[i] = arrow.GetValues[int64](d, 1)[i]
		}
	}
	return out
}
