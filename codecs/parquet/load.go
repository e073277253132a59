package parquet

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// buffer is the second buffer of an array, from its first value on.
func buffer[V any](arr arrow.Array, cast func([]byte) []V) []V {
	d := arr.Data()
	b := d.Buffers()[1]
	if b == nil || d.Len() == 0 {
		return nil
	}
	return cast(b.Bytes())[d.Offset() : d.Offset()+d.Len()]
}

// appendAs appends the selected values of src as T.
func appendAs[T word, V int8 | int16 | uint8 | uint16 | int32 | uint32 | int64 | uint64](dst []T, src []V, v selection) []T {
	at := len(dst)
	n := v.len()
	dst = growWords(dst, n)
	out := dst[at:]
	if v.idx == nil {
		for i, x := range src[v.start:v.end] {
			out[i] = T(x)
		}
		return dst
	}
	for i, j := range v.idx {
		out[i] = T(src[j])
	}
	return dst
}

// appendSame is appendAs for values that need no change.
func appendSame[T word](dst, src []T, v selection) []T {
	if v.idx == nil {
		return append(dst, src[v.start:v.end]...)
	}
	return appendAs(dst, src, v)
}

// growWords makes dst n longer; the new values are arbitrary.
func growWords[T any](dst []T, n int) []T {
	if cap(dst)-len(dst) >= n {
		return dst[:len(dst)+n]
	}
	next := make([]T, len(dst)+n, max(2*cap(dst), len(dst)+n))
	copy(next, dst)
	return next
}

// multiply turns seconds into milliseconds.
func multiply[T word](dst []T, factor int64) error {
	if factor == 0 {
		return nil
	}
	for i, v := range dst {
		m := int64(v) * factor
		if m/factor != int64(v) || int64(T(m)) != m {
			return fmt.Errorf("%d seconds do not fit in milliseconds", v)
		}
		dst[i] = T(m)
	}
	return nil
}

func loadInt32(t leafType) func([]int32, selection) ([]int32, error) {
	switch t.kind {
	case kindInt8:
		return func(dst []int32, v selection) ([]int32, error) {
			return appendAs(dst, buffer(v.arr, arrow.Int8Traits.CastFromBytes), v), nil
		}
	case kindInt16:
		return func(dst []int32, v selection) ([]int32, error) {
			return appendAs(dst, buffer(v.arr, arrow.Int16Traits.CastFromBytes), v), nil
		}
	case kindUint8:
		return func(dst []int32, v selection) ([]int32, error) {
			return appendAs(dst, buffer(v.arr, arrow.Uint8Traits.CastFromBytes), v), nil
		}
	case kindUint16:
		return func(dst []int32, v selection) ([]int32, error) {
			return appendAs(dst, buffer(v.arr, arrow.Uint16Traits.CastFromBytes), v), nil
		}
	case kindDecimal32:
		return func(dst []int32, v selection) ([]int32, error) {
			return appendDecimals(dst, v, t, math.MinInt32, math.MaxInt32)
		}
	default:
		return func(dst []int32, v selection) ([]int32, error) {
			at := len(dst)
			dst = appendSame(dst, buffer(v.arr, arrow.Int32Traits.CastFromBytes), v)
			return dst, multiply(dst[at:], t.factor)
		}
	}
}

func loadInt64(t leafType) func([]int64, selection) ([]int64, error) {
	if t.kind == kindDecimal64 {
		return func(dst []int64, v selection) ([]int64, error) {
			return appendDecimals(dst, v, t, math.MinInt64, math.MaxInt64)
		}
	}
	return func(dst []int64, v selection) ([]int64, error) {
		at := len(dst)
		dst = appendSame(dst, buffer(v.arr, arrow.Int64Traits.CastFromBytes), v)
		return dst, multiply(dst[at:], t.factor)
	}
}

// appendDecimals appends decimals that fit between least and most; that they
// keep to their precision is seen from the bounds of the page.
func appendDecimals[T word](dst []T, v selection, t leafType, least, most int64) ([]T, error) {
	src := buffer(v.arr, arrow.Decimal128Traits.CastFromBytes)
	at := len(dst)
	dst = growWords(dst, v.len())
	out := dst[at:]
	for i := range out {
		j := v.start + i
		if v.idx != nil {
			j = int(v.idx[i])
		}
		lo := int64(src[j].LowBits())
		if src[j].HighBits() != lo>>63 || lo < least || lo > most {
			return dst, digitsError(src[j], t)
		}
		out[i] = T(lo)
	}
	return dst, nil
}

func digitsError(n decimal128.Num, t leafType) error {
	return fmt.Errorf("%s has more digits than decimal(%d, %d) holds; declare a larger precision",
		n.ToString(t.scale), t.precision, t.scale)
}
