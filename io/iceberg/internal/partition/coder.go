package partition

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/iceberg-go"
	"github.com/google/uuid"
)

// coder gives a small number, from 0, to each value of a transformed column.
type coder interface {
	code(a arrow.Array, out []int32)
	value(code int32) any // nil for null
	forget()
}

// newCoder makes the coder of a transform of columns of the type source.
func newCoder(t iceberg.Transform, source iceberg.Type) (coder, error) {
	switch t := t.(type) {
	case iceberg.IdentityTransform:
		return identity(source)
	case iceberg.BucketTransform:
		return bucket(source, int32(t.NumBuckets))
	case iceberg.TruncateTransform:
		return truncate(source, t.Width)
	case iceberg.YearTransform, iceberg.MonthTransform, iceberg.DayTransform, iceberg.HourTransform:
		return calendar(t, source)
	}
	return nil, fmt.Errorf("transform %s is not known", t)
}

// numbers is the coder of transforms whose results are numbers.
type numbers struct {
	read  func(a arrow.Array, out []int64) // the transform; null rows may hold anything
	make  func(int64) any
	codes map[int64]int32
	known []int64 // by code
	null  int32   // the code of null; -1 when there was none
	buf   []int64
}

func (c *numbers) forget() { c.codes, c.known, c.null = map[int64]int32{}, nil, -1 }

func (c *numbers) value(code int32) any {
	if code == c.null {
		return nil
	}
	return c.make(c.known[code])
}

func (c *numbers) code(a arrow.Array, out []int32) {
	if cap(c.buf) < len(out) {
		c.buf = make([]int64, len(out))
	}
	buf := c.buf[:len(out)]
	c.read(a, buf)
	nulls := a.NullN() > 0
	last, lastCode, have := int64(0), int32(0), false
	for i, v := range buf {
		if nulls && a.IsNull(i) {
			if c.null < 0 {
				c.null = int32(len(c.known))
				c.known = append(c.known, 0)
			}
			out[i] = c.null
			continue
		}
		if !have || v != last {
			code, ok := c.codes[v]
			if !ok {
				code = int32(len(c.known))
				c.codes[v] = code
				c.known = append(c.known, v)
			}
			last, lastCode, have = v, code, true
		}
		out[i] = lastCode
	}
}

// texts is the coder of transforms whose results are bytes.
type texts struct {
	read  func(a arrow.Array) func(i int) []byte // the transform
	make  func(string) any
	codes map[string]int32
	known []string
	null  int32
}

func (c *texts) forget() { c.codes, c.known, c.null = map[string]int32{}, nil, -1 }

func (c *texts) value(code int32) any {
	if code == c.null {
		return nil
	}
	return c.make(c.known[code])
}

func (c *texts) code(a arrow.Array, out []int32) {
	at := c.read(a)
	for i := range out {
		if a.IsNull(i) {
			if c.null < 0 {
				c.null = int32(len(c.known))
				c.known = append(c.known, "")
			}
			out[i] = c.null
			continue
		}
		v := at(i)
		code, ok := c.codes[string(v)]
		if !ok {
			code = int32(len(c.known))
			key := string(v)
			c.codes[key] = code
			c.known = append(c.known, key)
		}
		out[i] = code
	}
}

func identity(source iceberg.Type) (coder, error) {
	switch source.(type) {
	case iceberg.StringType, iceberg.BinaryType, iceberg.FixedType, iceberg.UUIDType, iceberg.DecimalType:
		return newTexts(source, func(v []byte) []byte { return v })
	}
	read, err := reader(source)
	if err != nil {
		return nil, err
	}
	return &numbers{read: read, make: fromBits(source)}, nil
}

// reader reads a column as 64-bit numbers: integers as they are, floats as
// their bits, with one NaN.
func reader(source iceberg.Type) (func(a arrow.Array, out []int64), error) {
	switch source.(type) {
	case iceberg.Int32Type, iceberg.DateType:
		return widen[int32], nil
	case iceberg.Int64Type, iceberg.TimeType, iceberg.TimestampType, iceberg.TimestampTzType:
		return widen[int64], nil
	case iceberg.BooleanType:
		return func(a arrow.Array, out []int64) {
			b := a.(*array.Boolean)
			for i := range out {
				out[i] = 0
				if b.Value(i) {
					out[i] = 1
				}
			}
		}, nil
	case iceberg.Float32Type:
		return func(a arrow.Array, out []int64) {
			for i, v := range a.(*array.Float32).Float32Values() {
				if v != v {
					v = float32(math.NaN())
				}
				out[i] = int64(math.Float32bits(v))
			}
		}, nil
	case iceberg.Float64Type:
		return func(a arrow.Array, out []int64) {
			for i, v := range a.(*array.Float64).Float64Values() {
				if v != v {
					v = math.NaN()
				}
				out[i] = int64(math.Float64bits(v))
			}
		}, nil
	}
	return nil, fmt.Errorf("columns of type %s can not be partitioned by", source)
}

func widen[T int32 | int64](a arrow.Array, out []int64) {
	for i, v := range arrow.GetValues[T](a.Data(), 1) {
		out[i] = int64(v)
	}
}

// fromBits is the value that iceberg-go wants for the number that reader gave.
func fromBits(t iceberg.Type) func(int64) any {
	switch t.(type) {
	case iceberg.Int32Type:
		return func(v int64) any { return int32(v) }
	case iceberg.DateType:
		return func(v int64) any { return iceberg.Date(v) }
	case iceberg.TimeType:
		return func(v int64) any { return iceberg.Time(v) }
	case iceberg.TimestampType, iceberg.TimestampTzType:
		return func(v int64) any { return iceberg.Timestamp(v) }
	case iceberg.BooleanType:
		return func(v int64) any { return v != 0 }
	case iceberg.Float32Type:
		return func(v int64) any { return math.Float32frombits(uint32(v)) }
	case iceberg.Float64Type:
		return func(v int64) any { return math.Float64frombits(uint64(v)) }
	}
	return func(v int64) any { return v }
}

// newTexts is the coder of a transform of byte-like columns.
func newTexts(source iceberg.Type, transform func([]byte) []byte) (coder, error) {
	read, err := textReader(source)
	if err != nil {
		return nil, err
	}
	return &texts{
		read: func(a arrow.Array) func(int) []byte {
			at := read(a)
			return func(i int) []byte { return transform(at(i)) }
		},
		make: fromText(source),
	}, nil
}

// textReader reads a column as bytes; decimals as 16 bytes, most significant
// first.
func textReader(source iceberg.Type) (func(arrow.Array) func(int) []byte, error) {
	switch source.(type) {
	case iceberg.StringType, iceberg.BinaryType:
		return func(a arrow.Array) func(int) []byte {
			d := a.Data()
			if d.Len() == 0 || d.Buffers()[2] == nil {
				return func(int) []byte { return nil }
			}
			off := arrow.Int32Traits.CastFromBytes(d.Buffers()[1].Bytes())[d.Offset():]
			text := d.Buffers()[2].Bytes()
			return func(i int) []byte { return text[off[i]:off[i+1]] }
		}, nil
	case iceberg.FixedType, iceberg.UUIDType:
		return func(a arrow.Array) func(int) []byte {
			if e, ok := a.(array.ExtensionArray); ok {
				a = e.Storage()
			}
			return a.(*array.FixedSizeBinary).Value
		}, nil
	case iceberg.DecimalType:
		return func(a arrow.Array) func(int) []byte {
			d := a.(*array.Decimal128)
			var buf [16]byte
			return func(i int) []byte {
				putDecimal(&buf, d.Value(i))
				return buf[:]
			}
		}, nil
	}
	return nil, fmt.Errorf("columns of type %s can not be partitioned by", source)
}

func fromText(t iceberg.Type) func(string) any {
	switch t := t.(type) {
	case iceberg.StringType:
		return func(s string) any { return s }
	case iceberg.UUIDType:
		return func(s string) any { return uuid.UUID([]byte(s)) }
	case iceberg.DecimalType:
		return func(s string) any {
			return iceberg.Decimal{Val: decimal([]byte(s)), Scale: t.Scale()}
		}
	}
	return func(s string) any { return []byte(s) }
}

// decimal is the inverse of putDecimal.
func decimal(b []byte) decimal128.Num {
	hi, lo := uint64(0), uint64(0)
	for i := range 8 {
		hi = hi<<8 | uint64(b[i])
		lo = lo<<8 | uint64(b[8+i])
	}
	return decimal128.New(int64(hi), lo)
}

func putDecimal(buf *[16]byte, v decimal128.Num) {
	hi, lo := uint64(v.HighBits()), v.LowBits()
	for i := 7; i >= 0; i-- {
		buf[i], buf[8+i] = byte(hi), byte(lo)
		hi, lo = hi>>8, lo>>8
	}
}
