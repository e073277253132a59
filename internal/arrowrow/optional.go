package arrowrow

import (
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// planOptional is a pointer: a nullable column.
func planOptional(t reflect.Type, o options, outer []reflect.Type) (*node, error) {
	inner, err := plan(t.Elem(), o, outer)
	if err != nil {
		return nil, err
	}
	n := &node{dt: inner.dt, optional: true}
	n.encode = func(mem memory.Allocator, r rows) (*array.Data, error) {
		r = r.targets()
		d, err := inner.encode(mem, r)
		if err != nil {
			return nil, err
		}
		bitmap := newBuffer(mem, int(bitutil.BytesForBits(int64(r.n))))
		bits := bitmap.Bytes()
		clear(bits)
		nulls := 0
		for i := range r.n {
			if r.isNil(i) {
				nulls++
			} else {
				bits[i>>3] |= 1 << (i & 7)
			}
		}
		d.SetNullN(nulls)
		d.Buffers()[0] = bitmap // encode left it nil; d owns the reference now
		return d, nil
	}
	n.bind = func(dt arrow.DataType) (reader, error) {
		read, err := inner.bind(dt)
		if err != nil {
			return nil, err
		}
		if dt.ID() == arrow.STRING && t.Elem().Kind() == reflect.String {
			return readOptionalStrings, nil
		}
		return func(d arrow.ArrayData, r rows, live []bool) error {
			return readOptional(t.Elem(), read, d, r, live)
		}, nil
	}
	return n, nil
}

// readOptional reads all values into one block and points to those that are
// not null.
func readOptional(t reflect.Type, read reader, d arrow.ArrayData, r rows, live []bool) error {
	if nullCount(d) == d.Len() {
		for i := range r.n {
			r.unpoint(i)
		}
		return nil
	}
	block := rowsAt(reflect.MakeSlice(reflect.SliceOf(t), r.n, r.n))
	live = both(live, d)
	if err := read(d, block, live); err != nil {
		return err
	}
	for i := range r.n {
		if live == nil || live[i] {
			r.point(i, block, i)
		} else {
			r.unpoint(i)
		}
	}
	return nil
}

// readOptionalStrings is readOptional for the most common of columns: its
// block holds no room for nulls.
func readOptionalStrings(d arrow.ArrayData, r rows, live []bool) error {
	nulls := nullCount(d)
	if nulls == 0 || live != nil {
		return readOptional(reflect.TypeFor[string](), readString[int32], d, r, live)
	}
	block := make([]string, 0, r.n-nulls)
	var t string
	var ends []int32
	if nulls < r.n {
		var all []byte
		ends, all = textOf[int32](d)
		t = string(all)
	}
	bits, off, to := d.Buffers()[0].Bytes(), d.Offset(), r.span()
	for i := range r.n {
		if bits[(off+i)>>3]>>((off+i)&7)&1 == 0 {
			*at[*string](to, i) = nil
			continue
		}
		block = append(block, t[ends[i]-ends[0]:ends[i+1]-ends[0]])
		*at[*string](to, i) = &block[len(block)-1]
	}
	return nil
}
