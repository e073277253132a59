package columns

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/zeebo/xxh3"

	"github.com/weirflow/weir/internal/bincode"
)

// nullHash is the hash of a null of any type.
const nullHash = 0x9ae16a3b2f90404f

// HashRows sets dst, one value for each row of b, to the hash of the columns
// cols of the row. The hash is stable across processes and equal to
// bincode.KeyCodec.Hash of the same values: of one column to that of its Go
// type, of several to that of a struct of them. Numbers hash by value,
// whatever their width; times and dates as their integers; dictionaries as
// what they refer to; extensions as what they store; all nulls alike. Nested columns are an error.
func HashRows(b arrow.RecordBatch, cols []int, dst []uint64) error {
	if int64(len(dst)) != b.NumRows() {
		return fmt.Errorf("hash rows: %d places for %d rows", len(dst), b.NumRows())
	}
	if len(cols) == 0 {
		clear(dst)
	}
	for i, c := range cols {
		h, err := hasherOf(b.Column(c).Data(), b.Column(c).DataType())
		if err != nil {
			return fmt.Errorf("hash column %q: %w", b.ColumnName(c), err)
		}
		h.rows(dst, i == 0)
	}
	return nil
}

// hasher hashes the rows [from, from+len(dst)) of one column, nulls aside.
type hasher struct {
	column arrow.ArrayData
	hash   func(from int, dst []uint64)
}

// rows hashes the whole column into dst, or adds it to what is there.
func (h hasher) rows(dst []uint64, first bool) {
	var part [256]uint64
	valid := validRows(h.column)
	if h.column.DataType().ID() == arrow.NULL {
		valid = func(int) bool { return false }
	}
	for from := 0; from < len(dst); from += len(part) {
		out := dst[from:min(from+len(part), len(dst))]
		hashes := out
		if !first {
			hashes = part[:len(out)]
		}
		h.hash(from, hashes)
		if valid != nil {
			for i := range hashes {
				if !valid(from + i) {
					hashes[i] = nullHash
				}
			}
		}
		if !first {
			for i, x := range hashes {
				out[i] = bincode.Combine(out[i], x)
			}
		}
	}
}

func hasherOf(d arrow.ArrayData, dt arrow.DataType) (hasher, error) {
	h := hasher{column: d}
	switch dt := dt.(type) {
	case arrow.ExtensionType:
		return hasherOf(d, dt.StorageType())
	case *arrow.NullType:
		h.hash = func(int, []uint64) {}
	case *arrow.BooleanType:
		h.hash = hashBools(d)
	case *arrow.Int8Type:
		h.hash = hashInts[int8](d)
	case *arrow.Int16Type:
		h.hash = hashInts[int16](d)
	case *arrow.Int32Type, *arrow.Date32Type, *arrow.Time32Type:
		h.hash = hashInts[int32](d)
	case *arrow.Int64Type, *arrow.TimestampType, *arrow.Date64Type, *arrow.Time64Type, *arrow.DurationType:
		h.hash = hashInts[int64](d)
	case *arrow.Uint8Type:
		h.hash = hashInts[uint8](d)
	case *arrow.Uint16Type:
		h.hash = hashInts[uint16](d)
	case *arrow.Uint32Type:
		h.hash = hashInts[uint32](d)
	case *arrow.Uint64Type:
		h.hash = hashInts[uint64](d)
	case *arrow.Float32Type:
		h.hash = hashFloats[float32](d)
	case *arrow.Float64Type:
		h.hash = hashFloats[float64](d)
	case *arrow.StringType, *arrow.BinaryType:
		h.hash = hashText[int32](d)
	case *arrow.LargeStringType, *arrow.LargeBinaryType:
		h.hash = hashText[int64](d)
	case *arrow.StringViewType, *arrow.BinaryViewType:
		h.hash = hashViews(d)
	case *arrow.FixedSizeBinaryType:
		h.hash = hashFixed(d, dt.ByteWidth)
	case *arrow.Decimal128Type:
		h.hash = hashFixed(d, 16)
	case *arrow.DictionaryType:
		return hashDictionary(d, dt)
	default:
		return h, fmt.Errorf("type %v can not be part of a key", dt)
	}
	return h, nil
}

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

func hashInts[V integer](d arrow.ArrayData) func(int, []uint64) {
	vs := arrow.GetValues[V](d, 1)
	return func(from int, dst []uint64) {
		for i, v := range vs[from : from+len(dst)] {
			dst[i] = bincode.HashUint64(uint64(v))
		}
	}
}

func hashFloats[V float32 | float64](d arrow.ArrayData) func(int, []uint64) {
	vs := arrow.GetValues[V](d, 1)
	return func(from int, dst []uint64) {
		for i, v := range vs[from : from+len(dst)] {
			dst[i] = bincode.HashFloat64(float64(v))
		}
	}
}

func hashBools(d arrow.ArrayData) func(int, []uint64) {
	return func(from int, dst []uint64) {
		bits := d.Buffers()[1].Bytes()
		for i := range dst {
			at := d.Offset() + from + i
			dst[i] = bincode.HashUint64(uint64(bits[at>>3] >> (at & 7) & 1))
		}
	}
}

func hashText[O int32 | int64](d arrow.ArrayData) func(int, []uint64) {
	ends, all := textOf[O](d)
	return func(from int, dst []uint64) {
		for i := range dst {
			dst[i] = xxh3.Hash(all[ends[from+i]:ends[from+i+1]])
		}
	}
}

func hashViews(d arrow.ArrayData) func(int, []uint64) {
	return func(from int, dst []uint64) {
		a := array.MakeFromData(d).(array.ViewLike)
		defer a.Release()
		for i := range dst {
			dst[i] = hashView(a, from+i)
		}
	}
}

func hashView(a array.ViewLike, i int) uint64 {
	switch a := a.(type) {
	case *array.StringView:
		return bincode.HashString(a.Value(i))
	case *array.BinaryView:
		return xxh3.Hash(a.Value(i))
	default:
		return nullHash
	}
}

func hashFixed(d arrow.ArrayData, width int) func(int, []uint64) {
	return func(from int, dst []uint64) {
		all := d.Buffers()[1].Bytes()[(d.Offset()+from)*width:]
		for i := range dst {
			dst[i] = bincode.HashFixed(all[i*width : (i+1)*width])
		}
	}
}

// hashDictionary hashes the dictionary once and looks up.
func hashDictionary(d arrow.ArrayData, dt *arrow.DictionaryType) (hasher, error) {
	words, err := hasherOf(d.Dictionary(), dt.ValueType)
	if err != nil {
		return hasher{}, err
	}
	hashes := make([]uint64, d.Dictionary().Len())
	words.rows(hashes, true)
	a := array.NewDictionaryData(d)
	defer a.Release()
	index := make([]int, d.Len())
	for i := range index {
		if a.IsValid(i) {
			index[i] = a.GetValueIndex(i)
		}
	}
	return hasher{column: d, hash: func(from int, dst []uint64) {
		for i := range dst {
			if k := index[from+i]; k < len(hashes) {
				dst[i] = hashes[k]
			}
		}
	}}, nil
}
