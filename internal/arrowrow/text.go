package arrowrow

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

func planString(o options) *node {
	n := &node{dt: arrow.BinaryTypes.String, bind: bindString}
	switch {
	case o.dict:
		n.dt = &arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String,
		}
		n.encode = func(mem memory.Allocator, r rows) (*array.Data, error) {
			return encodeDict(mem, n.dt, r)
		}
	case o.large:
		n.dt = arrow.BinaryTypes.LargeString
		n.encode = func(mem memory.Allocator, r rows) (*array.Data, error) {
			return encodeText[int64, string](mem, n.dt, r)
		}
	default:
		n.encode = func(mem memory.Allocator, r rows) (*array.Data, error) {
			return encodeText[int32, string](mem, n.dt, r)
		}
	}
	return n
}

func planBinary(o options) *node {
	n := &node{dt: arrow.BinaryTypes.Binary, bind: bindBinary, nilable: true}
	n.encode = func(mem memory.Allocator, r rows) (*array.Data, error) {
		return encodeText[int32, []byte](mem, n.dt, r)
	}
	if o.large {
		n.dt = arrow.BinaryTypes.LargeBinary
		n.encode = func(mem memory.Allocator, r rows) (*array.Data, error) {
			return encodeText[int64, []byte](mem, n.dt, r)
		}
	}
	return n
}

// encodeText writes offsets of type O and the bytes of strings or slices.
func encodeText[O int32 | int64, S ~string | ~[]byte](
	mem memory.Allocator, dt arrow.DataType, r rows,
) (*array.Data, error) {
	offsets := newBuffer(mem, (r.n+1)*dt.(arrow.OffsetsDataType).OffsetTypeTraits().BytesRequired(1))
	ends := cast[O](offsets.Bytes())
	total := encodeEnds[O, S](ends, r)
	if int(ends[r.n]) != total || total > math.MaxInt64/2 {
		offsets.Release()
		return nil, fmt.Errorf("%d bytes of text in one batch are too many for %v; "+
			"use smaller batches or the option large", total, dt)
	}
	data := newBuffer(mem, total)
	bytes := data.Bytes()
	if !r.indirect {
		from := r.span()
		for i, end := range ends[:r.n] {
			copy(bytes[end:], *at[S](from, i))
		}
		return newData(dt, r.n, nil, offsets, data), nil
	}
	for i, end := range ends[:r.n] {
		if s := ref[S](r, i); s != nil {
			copy(bytes[end:], *s)
		}
	}
	return newData(dt, r.n, nil, offsets, data), nil
}

// encodeEnds writes the offsets of texts and returns the sum of their lengths.
func encodeEnds[O int32 | int64, S ~string | ~[]byte](ends []O, r rows) int {
	total := 0
	ends[0] = 0
	ends = ends[1 : r.n+1]
	if !r.indirect {
		from := r.span()
		for i := range ends {
			total += len(*at[S](from, i))
			ends[i] = O(total)
		}
		return total
	}
	for i := range ends {
		if s := ref[S](r, i); s != nil {
			total += len(*s)
		}
		ends[i] = O(total)
	}
	return total
}

// encodeDict writes each different string once.
func encodeDict(mem memory.Allocator, dt arrow.DataType, r rows) (*array.Data, error) {
	index := map[string]int32{}
	var values []string
	buf := newBuffer(mem, 4*r.n)
	defer buf.Release()
	keys := cast[int32](buf.Bytes())
	for i := range keys {
		s := ref[string](r, i)
		if s == nil {
			keys[i] = 0
			continue
		}
		k, ok := index[*s]
		if !ok {
			k = int32(len(values))
			index[*s] = k
			values = append(values, *s)
		}
		keys[i] = k
	}
	dict, err := encodeText[int32, string](mem, arrow.BinaryTypes.String, rowsOf(values))
	if err != nil {
		return nil, err
	}
	defer dict.Release()
	return array.NewDataWithDictionary(dt, r.n, []*memory.Buffer{nil, buf}, 0, 0, dict), nil
}

func bindString(dt arrow.DataType) (reader, error) {
	switch dt.ID() {
	case arrow.STRING:
		return readString[int32], nil
	case arrow.LARGE_STRING:
		return readString[int64], nil
	case arrow.STRING_VIEW:
		return readStringView, nil
	case arrow.DICTIONARY:
		dict := dt.(*arrow.DictionaryType)
		values, err := bindString(dict.ValueType)
		if err != nil {
			return nil, err
		}
		keys, err := bindKeys(dict.IndexType)
		if err != nil {
			return nil, err
		}
		return func(d arrow.ArrayData, r rows, live []bool) error {
			return readDict(values, keys, d, r, live)
		}, nil
	default:
		return nil, errType
	}
}

// readString copies the text of the column once and cuts it.
func readString[O int32 | int64](d arrow.ArrayData, r rows, _ []bool) error {
	if r.n == 0 {
		return nil
	}
	ends, all := textOf[O](d)
	t, to := string(all), r.span()
	start, a := ends[0], O(0)
	for i, end := range ends[1:] {
		z := end - start
		*at[string](to, i) = t[a:z]
		a = z
	}
	return nil
}

// textOf returns the offsets of the rows of d and the bytes between the
// first and the last of them. d is not empty.
func textOf[O int32 | int64](d arrow.ArrayData) (ends []O, all []byte) {
	ends = valuesOf[O](d.Buffers()[1].Bytes(), d.Offset(), d.Len()+1)
	if b := d.Buffers()[2]; b != nil {
		all = b.Bytes()
	}
	return ends, all[ends[0]:ends[d.Len()]]
}

func readStringView(d arrow.ArrayData, r rows, _ []bool) error {
	a := array.NewStringViewData(d)
	defer a.Release()
	total := 0
	for i := range r.n {
		total += a.ValueLen(i)
	}
	all, to := make([]byte, 0, total), r.span()
	for i := range r.n {
		from := len(all)
		all = append(all, a.Value(i)...)
		*at[string](to, i) = text(all[from:])
	}
	return nil
}

func bindBinary(dt arrow.DataType) (reader, error) {
	switch dt.ID() {
	case arrow.BINARY, arrow.STRING:
		return readBinary[int32], nil
	case arrow.LARGE_BINARY, arrow.LARGE_STRING:
		return readBinary[int64], nil
	default:
		return nil, errType
	}
}

// readBinary is readString for slices; a null becomes nil.
func readBinary[O int32 | int64](d arrow.ArrayData, r rows, _ []bool) error {
	if r.n == 0 {
		return nil
	}
	ends, all := textOf[O](d)
	all = append(make([]byte, 0, len(all)), all...)
	from, to := ends[0], r.span()
	for i := range r.n {
		a, z := ends[i]-from, ends[i+1]-from
		*at[[]byte](to, i) = all[a:z:z]
	}
	if nullCount(d) > 0 {
		for i := range r.n {
			if !valid(d, i) {
				*at[[]byte](to, i) = nil
			}
		}
	}
	return nil
}

// bindKeys returns how to read the indices of a dictionary as int64.
func bindKeys(dt arrow.DataType) (func(d arrow.ArrayData, dst []int64), error) {
	switch dt.ID() {
	case arrow.INT8:
		return readKeys[int8], nil
	case arrow.INT16:
		return readKeys[int16], nil
	case arrow.INT32:
		return readKeys[int32], nil
	case arrow.INT64:
		return readKeys[int64], nil
	case arrow.UINT8:
		return readKeys[uint8], nil
	case arrow.UINT16:
		return readKeys[uint16], nil
	case arrow.UINT32:
		return readKeys[uint32], nil
	default:
		return nil, errType
	}
}

func readKeys[K number](d arrow.ArrayData, dst []int64) {
	for i, k := range column[K](d) {
		dst[i] = int64(k)
	}
}

// readDict reads the dictionary once and then looks up.
func readDict(
	values reader, keys func(arrow.ArrayData, []int64), d arrow.ArrayData, r rows, live []bool,
) error {
	dict := d.Dictionary()
	words := make([]string, dict.Len())
	if err := values(dict, rowsOf(words), nil); err != nil {
		return err
	}
	at64 := make([]int64, r.n)
	keys(d, at64)
	live = both(live, d)
	to := r.span()
	for i, k := range at64 {
		switch {
		case live != nil && !live[i]:
			*at[string](to, i) = ""
		case k < 0 || k >= int64(len(words)):
			return fmt.Errorf("row %d: dictionary index %d of %d values", i, k, len(words))
		default:
			*at[string](to, i) = words[k]
		}
	}
	return nil
}
