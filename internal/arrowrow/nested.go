package arrowrow

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"sort"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// planList is a slice.
func planList(t reflect.Type, o options, outer []reflect.Type) (*node, error) {
	elem, err := plan(t.Elem(), options{unit: arrow.Microsecond}, outer)
	if err != nil {
		return nil, err
	}
	n := &node{nilable: true}
	if o.large {
		n.dt = arrow.LargeListOf(elem.dt)
		n.encode = func(mem memory.Allocator, r rows) (*array.Data, error) {
			return encodeList[int64](mem, n.dt, t, elem, r)
		}
	} else {
		n.dt = arrow.ListOf(elem.dt)
		n.encode = func(mem memory.Allocator, r rows) (*array.Data, error) {
			return encodeList[int32](mem, n.dt, t, elem, r)
		}
	}
	n.bind = func(dt arrow.DataType) (reader, error) {
		var read reader
		var err error
		switch dt := dt.(type) {
		case *arrow.ListType:
			read, err = elem.reader(dt.Elem())
		case *arrow.LargeListType:
			read, err = elem.reader(dt.Elem())
		default:
			return nil, errType
		}
		if err != nil {
			return nil, fmt.Errorf("element %w", err)
		}
		if dt.ID() == arrow.LARGE_LIST {
			return func(d arrow.ArrayData, r rows, live []bool) error {
				return readList[int64](t.Elem(), named("element", read), d, r, live)
			}, nil
		}
		return func(d arrow.ArrayData, r rows, live []bool) error {
			return readList[int32](t.Elem(), named("element", read), d, r, live)
		}, nil
	}
	return n, nil
}

func encodeList[O int32 | int64](
	mem memory.Allocator, dt arrow.DataType, t reflect.Type, elem *node, r rows,
) (*array.Data, error) {
	offsets, total, err := encodeLengths[O](mem, dt, r.n, r.sliceLen)
	if err != nil {
		return nil, err
	}
	defer offsets.Release()
	child, err := encodeElements(mem, t, elem, r, total)
	if err != nil {
		return nil, fmt.Errorf("element %w", err)
	}
	defer child.Release()
	return array.NewData(dt, r.n, []*memory.Buffer{nil, offsets}, []arrow.ArrayData{child}, 0, 0), nil
}

// encodeElements makes one array of the elements of all slices.
func encodeElements(
	mem memory.Allocator, t reflect.Type, elem *node, r rows, total int,
) (*array.Data, error) {
	if elem.width == 0 {
		return elem.encode(mem, r.elements(t.Elem().Size(), total))
	}
	buf := newBuffer(mem, total*elem.width)
	dst := buf.Bytes()
	for i := range r.n {
		dst = dst[copy(dst, r.sliceBytes(i, elem.width)):]
	}
	return newData(elem.dt, total, nil, buf), nil
}

// encodeLengths writes the offsets of lists and returns the sum of lengths.
func encodeLengths[O int32 | int64](
	mem memory.Allocator, dt arrow.DataType, n int, length func(int) int,
) (*memory.Buffer, int, error) {
	offsets := newBuffer(mem, (n+1)*int(reflect.TypeFor[O]().Size()))
	ends := cast[O](offsets.Bytes())
	ends[0] = 0
	total := 0
	for i := range n {
		total += length(i)
		ends[i+1] = O(total)
	}
	if int(ends[n]) != total || total > math.MaxInt64/2 {
		offsets.Release()
		return nil, 0, fmt.Errorf("%d elements in one batch are too many for %v; use smaller batches",
			total, dt)
	}
	return offsets, total, nil
}

// readList reads all elements into one block and cuts it.
func readList[O int32 | int64](
	t reflect.Type, read reader, d arrow.ArrayData, r rows, live []bool,
) error {
	if r.n == 0 {
		return nil
	}
	ends := valuesOf[O](d.Buffers()[1].Bytes(), d.Offset(), r.n+1)
	live = both(live, d)
	block, err := readElements(t, read, d.Children()[0], ends, live)
	if err != nil {
		return err
	}
	for i := range r.n {
		if live == nil || live[i] {
			r.setSlice(i, block, int(ends[i]-ends[0]), int(ends[i+1]-ends[0]))
		} else {
			r.clearSlice(i)
		}
	}
	return nil
}

// readElements reads the elements [ends[0], ends[n]) of child into a new
// block. A null element is reported with the row of its list.
func readElements[O int32 | int64](
	t reflect.Type, read reader, child arrow.ArrayData, ends []O, live []bool,
) (rows, error) {
	first, last := int(ends[0]), int(ends[len(ends)-1])
	block := rowsAt(reflect.MakeSlice(reflect.SliceOf(t), last-first, last-first))
	part := array.NewSliceData(child, int64(first), int64(last))
	defer part.Release()
	err := read(part, block, liveElements(ends, live))
	if null, ok := errors.AsType[*nullError](err); ok {
		row := sort.Search(len(ends)-1, func(i int) bool { return int(ends[i+1])-first > null.row })
		return block, &nullError{column: null.column, row: row}
	}
	return block, err
}

// liveElements is live for the elements of lists. Lists that are null are
// empty as a rule; only others need the work.
func liveElements[O int32 | int64](ends []O, live []bool) []bool {
	var out []bool
	for i, l := range live {
		if l || ends[i] == ends[i+1] {
			continue
		}
		if out == nil {
			out = make([]bool, ends[len(live)]-ends[0])
			for k := range out {
				out[k] = true
			}
		}
		clear(out[ends[i]-ends[0] : ends[i+1]-ends[0]])
	}
	return out
}

// planFixedList is an array that is not of bytes.
func planFixedList(t reflect.Type, outer []reflect.Type) (*node, error) {
	elem, err := plan(t.Elem(), options{unit: arrow.Microsecond}, outer)
	if err != nil {
		return nil, err
	}
	if t.Len() == 0 {
		return nil, fmt.Errorf("%v has no column type: it holds nothing", t)
	}
	size := t.Len()
	n := &node{dt: arrow.FixedSizeListOf(int32(size), elem.dt)}
	n.encode = func(mem memory.Allocator, r rows) (*array.Data, error) {
		child, err := elem.encode(mem, r.fixedElements(t.Elem().Size(), size))
		if err != nil {
			return nil, fmt.Errorf("element %w", err)
		}
		defer child.Release()
		return array.NewData(n.dt, r.n, noBuffer(), []arrow.ArrayData{child}, 0, 0), nil
	}
	n.bind = func(dt arrow.DataType) (reader, error) {
		list, ok := dt.(*arrow.FixedSizeListType)
		if !ok || int(list.Len()) != size {
			return nil, errType
		}
		read, err := elem.reader(list.Elem())
		if err != nil {
			return nil, fmt.Errorf("element %w", err)
		}
		read = named("element", read)
		return func(d arrow.ArrayData, r rows, live []bool) error {
			return readFixedList(t, read, d, r, both(live, d))
		}, nil
	}
	return n, nil
}

func readFixedList(t reflect.Type, read reader, d arrow.ArrayData, r rows, live []bool) error {
	size := t.Len()
	arrays := reflect.MakeSlice(reflect.SliceOf(t), r.n, r.n)
	block := rows{base: arrays.UnsafePointer(), stride: t.Elem().Size(), n: r.n * size}
	ends := make([]int64, r.n+1)
	for i := range ends {
		ends[i] = int64((d.Offset() + i) * size)
	}
	part := array.NewSliceData(d.Children()[0], ends[0], ends[r.n])
	defer part.Release()
	err := read(part, block, liveElements(ends, live))
	if null, ok := errors.AsType[*nullError](err); ok {
		return &nullError{column: null.column, row: null.row / size}
	}
	if err != nil {
		return err
	}
	for i := range r.n {
		if v, ok := r.value(t, i); ok {
			v.Set(arrays.Index(i))
		}
	}
	return nil
}

// planMap is a map; the order of its entries in the column is not defined.
func planMap(t reflect.Type, outer []reflect.Type) (*node, error) {
	plain := options{unit: arrow.Microsecond}
	key, err := plan(t.Key(), plain, outer)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if key.optional {
		return nil, fmt.Errorf("%v: the key of a map column can not be a pointer", t)
	}
	val, err := plan(t.Elem(), plain, outer)
	if err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	dt := arrow.MapOf(key.dt, val.dt)
	n := &node{dt: dt, nilable: true}
	n.encode = func(mem memory.Allocator, r rows) (*array.Data, error) {
		return encodeMap(mem, dt, t, key, val, r)
	}
	n.bind = func(got arrow.DataType) (reader, error) {
		m, ok := got.(*arrow.MapType)
		if !ok {
			return nil, errType
		}
		readKey, err := key.reader(m.KeyType())
		if err != nil {
			return nil, fmt.Errorf("key %w", err)
		}
		readVal, err := val.reader(m.ItemType())
		if err != nil {
			return nil, fmt.Errorf("value %w", err)
		}
		readKey, readVal = named("key", readKey), named("value", readVal)
		return func(d arrow.ArrayData, r rows, live []bool) error {
			return readMap(t, readKey, readVal, d, r, live)
		}, nil
	}
	return n, nil
}

func encodeMap(
	mem memory.Allocator, dt *arrow.MapType, t reflect.Type, key, val *node, r rows,
) (*array.Data, error) {
	length := func(i int) int {
		if m, ok := r.value(t, i); ok {
			return m.Len()
		}
		return 0
	}
	offsets, total, err := encodeLengths[int32](mem, dt, r.n, length)
	if err != nil {
		return nil, err
	}
	defer offsets.Release()
	keys := reflect.MakeSlice(reflect.SliceOf(t.Key()), total, total)
	vals := reflect.MakeSlice(reflect.SliceOf(t.Elem()), total, total)
	k := 0
	for i := range r.n {
		m, ok := r.value(t, i)
		if !ok {
			continue
		}
		for it := m.MapRange(); it.Next(); k++ {
			keys.Index(k).SetIterKey(it)
			vals.Index(k).SetIterValue(it)
		}
	}
	kd, err := key.encode(mem, rowsAt(keys))
	if err != nil {
		return nil, fmt.Errorf("key %w", err)
	}
	defer kd.Release()
	vd, err := val.encode(mem, rowsAt(vals))
	if err != nil {
		return nil, fmt.Errorf("value %w", err)
	}
	defer vd.Release()
	entries := array.NewData(dt.Elem(), total, noBuffer(), []arrow.ArrayData{kd, vd}, 0, 0)
	defer entries.Release()
	return array.NewData(dt, r.n, []*memory.Buffer{nil, offsets}, []arrow.ArrayData{entries}, 0, 0), nil
}

func readMap(t reflect.Type, readKey, readVal reader, d arrow.ArrayData, r rows, live []bool) error {
	if r.n == 0 {
		return nil
	}
	ends := valuesOf[int32](d.Buffers()[1].Bytes(), d.Offset(), r.n+1)
	live = both(live, d)
	entries := d.Children()[0]
	var sides [2]rows
	for i, read := range []reader{readKey, readVal} {
		child := array.NewSliceData(entries.Children()[i],
			int64(entries.Offset()), int64(entries.Offset()+entries.Len()))
		elem := t.Key()
		if i == 1 {
			elem = t.Elem()
		}
		block, err := readElements(elem, read, child, ends, live)
		child.Release()
		if err != nil {
			return err
		}
		sides[i] = block
	}
	for i := range r.n {
		m, _ := r.value(t, i)
		if live != nil && !live[i] {
			m.SetZero()
			continue
		}
		made := reflect.MakeMapWithSize(t, int(ends[i+1]-ends[i]))
		for k := int(ends[i] - ends[0]); k < int(ends[i+1]-ends[0]); k++ {
			kv, _ := sides[0].value(t.Key(), k)
			vv, _ := sides[1].value(t.Elem(), k)
			made.SetMapIndex(kv, vv)
		}
		m.Set(made)
	}
	return nil
}
