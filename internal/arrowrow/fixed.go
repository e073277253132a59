package arrowrow

import (
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/decimal"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// encodeFixed copies values of fixed width.
func encodeFixed[V any](mem memory.Allocator, dt arrow.DataType, r rows) *array.Data {
	var zero V
	buf := newBuffer(mem, r.n*int(reflect.TypeFor[V]().Size()))
	dst := cast[V](buf.Bytes())
	if !r.indirect {
		from := r.span()
		for i := range dst {
			dst[i] = *at[V](from, i)
		}
		return newData(dt, r.n, nil, buf)
	}
	for i := range dst {
		if p := ref[V](r, i); p != nil {
			dst[i] = *p
		} else {
			dst[i] = zero
		}
	}
	return newData(dt, r.n, nil, buf)
}

// readFixed copies values of fixed width.
func readFixed[V any](d arrow.ArrayData, r rows, _ []bool) error {
	to := r.span()
	for i, v := range column[V](d) {
		*at[V](to, i) = v
	}
	return nil
}

// column views the values of an array of fixed width.
func column[V any](d arrow.ArrayData) []V {
	if d.Len() == 0 {
		return nil
	}
	return valuesOf[V](d.Buffers()[1].Bytes(), d.Offset(), d.Len())
}

// planFixed is for values that Arrow and Go hold in the same form.
func planFixed[V any](dt arrow.DataType) *node {
	return &node{
		dt:    dt,
		width: int(reflect.TypeFor[V]().Size()),
		encode: func(mem memory.Allocator, r rows) (*array.Data, error) {
			return encodeFixed[V](mem, dt, r), nil
		},
		bind: func(got arrow.DataType) (reader, error) {
			if !arrow.TypeEqual(got, dt) {
				return nil, errType
			}
			return readFixed[V], nil
		},
	}
}

func planNumber(t reflect.Type) (*node, error) {
	p := arrow.PrimitiveTypes
	switch t.Kind() {
	case reflect.Int8:
		return planFixed[int8](p.Int8), nil
	case reflect.Int16:
		return widening[int16](p.Int16), nil
	case reflect.Int32:
		return widening[int32](p.Int32), nil
	case reflect.Int64, reflect.Int:
		return widening[int64](p.Int64), nil
	case reflect.Uint8:
		return planFixed[uint8](p.Uint8), nil
	case reflect.Uint16:
		return widening[uint16](p.Uint16), nil
	case reflect.Uint32:
		return widening[uint32](p.Uint32), nil
	case reflect.Uint64, reflect.Uint:
		return widening[uint64](p.Uint64), nil
	case reflect.Float32:
		return planFixed[float32](p.Float32), nil
	case reflect.Float64:
		n := planFixed[float64](p.Float64)
		same := n.bind
		n.bind = func(dt arrow.DataType) (reader, error) {
			if dt.ID() == arrow.FLOAT32 {
				return readWider[float64, float32], nil
			}
			return same(dt)
		}
		return n, nil
	default:
		return nil, fmt.Errorf("%v has no column type", t)
	}
}

type number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

func readWider[V, S number](d arrow.ArrayData, r rows, _ []bool) error {
	to := r.span()
	for i, v := range column[S](d) {
		*at[V](to, i) = V(v)
	}
	return nil
}

// widening is planFixed for integers that also read narrower columns.
func widening[V number](dt arrow.DataType) *node {
	n := planFixed[V](dt)
	same := n.bind
	bits := dt.(arrow.FixedWidthDataType).BitWidth()
	signed := arrow.IsSignedInteger(dt.ID())
	n.bind = func(got arrow.DataType) (reader, error) {
		w, ok := got.(arrow.FixedWidthDataType)
		if !ok || !arrow.IsInteger(got.ID()) || w.BitWidth() >= bits ||
			!signed && arrow.IsSignedInteger(got.ID()) {
			return same(got)
		}
		switch got.ID() {
		case arrow.INT8:
			return readWider[V, int8], nil
		case arrow.INT16:
			return readWider[V, int16], nil
		case arrow.INT32:
			return readWider[V, int32], nil
		case arrow.UINT8:
			return readWider[V, uint8], nil
		case arrow.UINT16:
			return readWider[V, uint16], nil
		default:
			return readWider[V, uint32], nil
		}
	}
	return n
}

func planBool() *node {
	n := &node{dt: arrow.FixedWidthTypes.Boolean}
	n.encode = func(mem memory.Allocator, r rows) (*array.Data, error) {
		buf := newBuffer(mem, int(bitutil.BytesForBits(int64(r.n))))
		bits := buf.Bytes()
		clear(bits)
		if !r.indirect {
			from := r.span()
			for i := range r.n { // a bool is a byte of 0 or 1
				bits[i>>3] |= *at[byte](from, i) << (i & 7)
			}
			return newData(n.dt, r.n, nil, buf), nil
		}
		for i := range r.n {
			if p := ref[byte](r, i); p != nil {
				bits[i>>3] |= *p << (i & 7)
			}
		}
		return newData(n.dt, r.n, nil, buf), nil
	}
	n.bind = func(got arrow.DataType) (reader, error) {
		if got.ID() != arrow.BOOL {
			return nil, errType
		}
		return func(d arrow.ArrayData, r rows, _ []bool) error {
			if r.n == 0 {
				return nil
			}
			bits, off, to := d.Buffers()[1].Bytes(), d.Offset(), r.span()
			for i := range r.n {
				*at[bool](to, i) = bits[(off+i)>>3]>>((off+i)&7)&1 != 0
			}
			return nil
		}, nil
	}
	return n
}

type digits interface {
	decimal.DecimalTypes
	FitsInPrecision(precision int32) bool
	ToString(scale int32) string
}

// planDecimal checks on the way out that every value has at most precision
// digits; Arrow itself does not.
func planDecimal[D digits](id arrow.Type, most int32, o options) (*node, error) {
	precision, scale := most, int32(0)
	if o.decimal {
		precision, scale = o.precision, o.scale
	}
	dt, err := arrow.NewDecimalType(id, precision, scale)
	if err != nil || precision > most {
		return nil, fmt.Errorf("decimal(%d,%d): the precision of this type is 1 to %d",
			precision, scale, most)
	}
	n := planFixed[D](dt)
	if precision == most {
		return n, nil
	}
	n.width = 0
	n.encode = func(mem memory.Allocator, r rows) (*array.Data, error) {
		for i := range r.n {
			if p := ref[D](r, i); p != nil && !(*p).FitsInPrecision(precision) {
				return nil, fmt.Errorf("row %d: %s has more than the %d digits of %v",
					i, (*p).ToString(scale), precision, dt)
			}
		}
		return encodeFixed[D](mem, dt, r), nil
	}
	return n, nil
}

func planFixedBinary(width int) *node {
	dt := &arrow.FixedSizeBinaryType{ByteWidth: width}
	if width == 16 {
		return planFixed[[16]byte](dt)
	}
	n := &node{dt: dt}
	n.encode = func(mem memory.Allocator, r rows) (*array.Data, error) {
		buf := newBuffer(mem, r.n*width)
		for i := range r.n {
			dst := buf.Bytes()[i*width : (i+1)*width]
			if copy(dst, r.bytesOf(i, width)) == 0 {
				clear(dst)
			}
		}
		return newData(dt, r.n, nil, buf), nil
	}
	n.bind = func(got arrow.DataType) (reader, error) {
		if !arrow.TypeEqual(got, dt) {
			return nil, errType
		}
		return func(d arrow.ArrayData, r rows, _ []bool) error {
			for i := range r.n {
				copy(r.bytesOf(i, width), d.Buffers()[1].Bytes()[(d.Offset()+i)*width:])
			}
			return nil
		}, nil
	}
	return n
}
