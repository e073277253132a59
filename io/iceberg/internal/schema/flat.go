package schema

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// compileFlat is the conversion between types without children, nil if there
// is none.
func compileFlat(from, to arrow.DataType, path string, alloc memory.Allocator) conversion {
	switch t := to.(type) {
	case *arrow.Int32Type:
		return toInts[int32](from, to)
	case *arrow.Int64Type:
		return toInts[int64](from, to)
	case *arrow.Float32Type:
		if from.ID() == arrow.FLOAT16 {
			return each(to, func(v float16.Num) float32 { return v.Float32() })
		}
	case *arrow.Float64Type:
		if from.ID() == arrow.FLOAT16 {
			return each(to, func(v float16.Num) float64 { return float64(v.Float32()) })
		}
		if from.ID() == arrow.FLOAT32 {
			return each(to, func(v float32) float64 { return float64(v) })
		}
	case *arrow.StringType:
		return toText(from, to, alloc, path, arrow.LARGE_STRING, arrow.STRING_VIEW)
	case *arrow.BinaryType:
		return toText(from, to, alloc, path, arrow.LARGE_BINARY, arrow.BINARY_VIEW)
	case *arrow.Date32Type:
		if from.ID() == arrow.DATE64 {
			return each(to, func(v arrow.Date64) arrow.Date32 {
				return arrow.Date32(floorDiv(int64(v), 86_400_000))
			})
		}
	case *arrow.Time64Type:
		return toTime(from, to)
	case *arrow.TimestampType:
		if f, ok := from.(*arrow.TimestampType); ok && (f.TimeZone == "") == (t.TimeZone == "") {
			return toMicros(f, to, path)
		}
	case *arrow.Decimal128Type:
		return toDecimal(from, t, path, alloc)
	}
	return nil
}

type integer interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32
}

func toInts[To int32 | int64](from, to arrow.DataType) conversion {
	switch from.(type) {
	case *arrow.Int8Type:
		return ints[int8, To](to)
	case *arrow.Int16Type:
		return ints[int16, To](to)
	case *arrow.Int32Type:
		return ints[int32, To](to)
	case *arrow.Uint8Type:
		return ints[uint8, To](to)
	case *arrow.Uint16Type:
		return ints[uint16, To](to)
	case *arrow.Uint32Type:
		return ints[uint32, To](to)
	}
	return nil
}

func ints[From integer, To int32 | int64](to arrow.DataType) conversion {
	return each(to, func(v From) To { return To(v) })
}

// each makes the conversion that turns every value on its own. Null rows are
// turned too, so f must take any bits.
func each[From, To arrow.FixedWidthType](to arrow.DataType, f func(From) To) conversion {
	return func(a arrow.Array) (arrow.Array, error) {
		src := arrow.GetValues[From](a.Data(), 1)
		dst := make([]To, len(src))
		for i, v := range src {
			dst[i] = f(v)
		}
		return flat(a, to, memory.NewBufferBytes(arrow.GetBytes(dst))), nil
	}
}

// flat is an array with the nulls of a and other values.
func flat(a arrow.Array, to arrow.DataType, values ...*memory.Buffer) arrow.Array {
	buffers := append([]*memory.Buffer{validity(a)}, values...)
	return array.MakeFromData(array.NewData(to, a.Len(), buffers, nil, a.NullN(), 0))
}

// validity is the null bitmap of a, moved to offset 0; nil when there are no
// nulls.
func validity(a arrow.Array) *memory.Buffer {
	if a.NullN() == 0 {
		return nil
	}
	bits := make([]byte, bitutil.BytesForBits(int64(a.Len())))
	bitutil.CopyBitmap(a.NullBitmapBytes(), a.Data().Offset(), a.Len(), bits, 0)
	return memory.NewBufferBytes(bits)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func toTime(from, to arrow.DataType) conversion {
	switch f := from.(type) {
	case *arrow.Time32Type:
		scale := arrow.Time64(1000)
		if f.Unit == arrow.Second {
			scale = 1_000_000
		}
		return each(to, func(v arrow.Time32) arrow.Time64 { return arrow.Time64(v) * scale })
	case *arrow.Time64Type:
		return each(to, func(v arrow.Time64) arrow.Time64 { return v / 1000 })
	}
	return nil
}

// relabel keeps the bytes and changes the type.
func relabel(to arrow.DataType) conversion {
	return func(a arrow.Array) (arrow.Array, error) {
		d := a.Data()
		return array.MakeFromData(array.NewData(to, d.Len(), d.Buffers(), nil, d.NullN(), d.Offset())), nil
	}
}

// toMicros converts timestamps. Arrow's values are UTC in every zone.
func toMicros(from *arrow.TimestampType, to arrow.DataType, path string) conversion {
	var scale int64
	switch from.Unit {
	case arrow.Microsecond:
		return relabel(to)
	case arrow.Nanosecond:
		return each(to, func(v arrow.Timestamp) arrow.Timestamp {
			return arrow.Timestamp(floorDiv(int64(v), 1000))
		})
	case arrow.Millisecond:
		scale = 1000
	default:
		scale = 1_000_000
	}
	up := each(to, func(v arrow.Timestamp) arrow.Timestamp { return v * arrow.Timestamp(scale) })
	return func(a arrow.Array) (arrow.Array, error) {
		for i, v := range arrow.GetValues[arrow.Timestamp](a.Data(), 1) {
			if (int64(v) > math.MaxInt64/scale || int64(v) < math.MinInt64/scale) && a.IsValid(i) {
				return nil, fmt.Errorf("column %s: row %d: timestamp %d %s does not fit microseconds since 1970",
					path, i, v, from.Unit)
			}
		}
		return up(a)
	}
}

func toDecimal(from arrow.DataType, to *arrow.Decimal128Type, path string, alloc memory.Allocator) conversion {
	switch f := from.(type) {
	case *arrow.Uint64Type:
		return each(to, func(v uint64) decimal128.Num { return decimal128.New(0, v) })
	case *arrow.Decimal128Type:
		if f.Scale == to.Scale && f.Precision <= to.Precision {
			return relabel(to)
		}
	case *arrow.Decimal32Type, *arrow.Decimal64Type, *arrow.Decimal256Type:
		if d := f.(arrow.DecimalType); d.GetScale() == to.Scale && d.GetPrecision() <= to.Precision {
			return decimals(f, to, path, alloc)
		}
	}
	return nil
}

func decimals(from, to arrow.DataType, path string, alloc memory.Allocator) conversion {
	return func(a arrow.Array) (arrow.Array, error) {
		b := array.NewDecimal128Builder(alloc, to.(*arrow.Decimal128Type))
		defer b.Release()
		b.Reserve(a.Len())
		for i := range a.Len() {
			if a.IsNull(i) {
				b.AppendNull()
				continue
			}
			switch a := a.(type) {
			case *array.Decimal32:
				b.Append(decimal128.FromI64(int64(a.Value(i))))
			case *array.Decimal64:
				b.Append(decimal128.FromI64(int64(a.Value(i))))
			case *array.Decimal256:
				big := a.Value(i).BigInt()
				if big.BitLen() > 127 {
					return nil, fmt.Errorf("column %s: row %d: %s does not fit %s", path, i, big, to)
				}
				b.Append(decimal128.FromBigInt(big))
			default:
				return nil, fmt.Errorf("column %s: %s can not be written as %s", path, from, to)
			}
		}
		return b.NewArray(), nil
	}
}

// toText copies texts of other layouts.
func toText(from, to arrow.DataType, alloc memory.Allocator, path string, layouts ...arrow.Type) conversion {
	if from.ID() != layouts[0] && from.ID() != layouts[1] {
		return nil
	}
	return func(a arrow.Array) (arrow.Array, error) {
		b := array.NewBinaryBuilder(alloc, to.(arrow.BinaryDataType))
		defer b.Release()
		b.Reserve(a.Len())
		total := 0
		for i := range a.Len() {
			if a.IsNull(i) {
				b.AppendNull()
				continue
			}
			var v []byte
			switch a := a.(type) {
			case interface{ Value(int) string }:
				v = []byte(a.Value(i))
			case interface{ Value(int) []byte }:
				v = a.Value(i)
			}
			if total += len(v); total > math.MaxInt32 {
				return nil, fmt.Errorf("column %s: more than 2 GiB of text in one batch; send smaller batches", path)
			}
			b.Append(v)
		}
		made := b.NewArray() // an array of binary, whatever its type is
		defer made.Release()
		return array.MakeFromData(made.Data()), nil
	}
}
