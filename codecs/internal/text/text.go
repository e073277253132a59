// Package text writes the values of Arrow columns as text: what the CSV and
// the JSON encoder have in common. Package scalar reads it back.
package text

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/weirflow/weir/codecs/internal/scalar"
)

// Append appends the text of the value in row i, which is not null.
type Append func(dst []byte, i int) ([]byte, error)

// Storage is what an array of an extension type is made of, and other arrays
// themselves.
func Storage(a arrow.Array) arrow.Array {
	if ext, ok := a.(array.ExtensionArray); ok {
		return ext.Storage()
	}
	return a
}

// Of returns the writer of a column, or nil for a type that has none: a
// nested one, or one that text cannot hold.
func Of(a arrow.Array) Append {
	if ext, ok := a.(array.ExtensionArray); ok {
		if ext.ExtensionType().ExtensionName() == "arrow.uuid" {
			return uuid(ext.Storage())
		}
		return Of(ext.Storage())
	}
	if w := times(a); w != nil {
		return w
	}
	switch a := a.(type) {
	case *array.Boolean:
		return func(dst []byte, i int) ([]byte, error) {
			return strconv.AppendBool(dst, a.Value(i)), nil
		}
	case *array.Int8:
		return integers(a.Int8Values())
	case *array.Int16:
		return integers(a.Int16Values())
	case *array.Int32:
		return integers(a.Int32Values())
	case *array.Int64:
		return integers(a.Int64Values())
	case *array.Uint8:
		return integers(a.Uint8Values())
	case *array.Uint16:
		return integers(a.Uint16Values())
	case *array.Uint32:
		return integers(a.Uint32Values())
	case *array.Uint64:
		v := a.Uint64Values()
		return func(dst []byte, i int) ([]byte, error) {
			return strconv.AppendUint(dst, v[i], 10), nil
		}
	case *array.Float32:
		return func(dst []byte, i int) ([]byte, error) {
			return scalar.AppendFloat(dst, float64(a.Value(i)), 32), nil
		}
	case *array.Float64:
		return func(dst []byte, i int) ([]byte, error) {
			return scalar.AppendFloat(dst, a.Value(i), 64), nil
		}
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		return func(dst []byte, i int) ([]byte, error) {
			return scalar.AppendDecimal(dst, a.Value(i), scale), nil
		}
	case *array.String:
		return func(dst []byte, i int) ([]byte, error) { return append(dst, a.Value(i)...), nil }
	case *array.LargeString:
		return func(dst []byte, i int) ([]byte, error) { return append(dst, a.Value(i)...), nil }
	case *array.StringView:
		return func(dst []byte, i int) ([]byte, error) { return append(dst, a.Value(i)...), nil }
	case *array.Dictionary:
		return dictionary(a)
	case interface{ Value(i int) []byte }: // the binary types
		return func(dst []byte, i int) ([]byte, error) {
			return base64.StdEncoding.AppendEncode(dst, a.Value(i)), nil
		}
	}
	return nil
}

func integers[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](v []T) Append {
	return func(dst []byte, i int) ([]byte, error) {
		return strconv.AppendInt(dst, int64(v[i]), 10), nil
	}
}

// dictionary writes what the indices stand for. A null that is in the
// dictionary itself is an error: the column does not say that it is null.
func dictionary(a *array.Dictionary) Append {
	value := Of(a.Dictionary())
	if value == nil {
		return nil
	}
	return func(dst []byte, i int) ([]byte, error) {
		at := a.GetValueIndex(i)
		if a.Dictionary().IsNull(at) {
			return dst, fmt.Errorf("null in the dictionary of %s", a.DataType())
		}
		return value(dst, at)
	}
}

func uuid(a arrow.Array) Append {
	ids, ok := a.(*array.FixedSizeBinary)
	if !ok {
		return nil
	}
	return func(dst []byte, i int) ([]byte, error) {
		v := ids.Value(i)
		dst = append(hex.AppendEncode(dst, v[:4]), '-')
		dst = append(hex.AppendEncode(dst, v[4:6]), '-')
		dst = append(hex.AppendEncode(dst, v[6:8]), '-')
		dst = append(hex.AppendEncode(dst, v[8:10]), '-')
		return hex.AppendEncode(dst, v[10:]), nil
	}
}

func times(a arrow.Array) Append {
	switch a := a.(type) {
	case *array.Date32:
		return func(dst []byte, i int) ([]byte, error) {
			return scalar.AppendDate(dst, int64(a.Value(i)))
		}
	case *array.Date64:
		return func(dst []byte, i int) ([]byte, error) {
			const day = 86_400_000
			if a.Value(i)%day != 0 {
				return dst, fmt.Errorf("%d ms are no whole days", a.Value(i))
			}
			return scalar.AppendDate(dst, int64(a.Value(i))/day)
		}
	case *array.Time32:
		unit := scalar.UnitOf(a.DataType().(*arrow.Time32Type).Unit)
		return func(dst []byte, i int) ([]byte, error) {
			return scalar.AppendTime(dst, int64(a.Value(i)), unit)
		}
	case *array.Time64:
		unit := scalar.UnitOf(a.DataType().(*arrow.Time64Type).Unit)
		return func(dst []byte, i int) ([]byte, error) {
			return scalar.AppendTime(dst, int64(a.Value(i)), unit)
		}
	case *array.Timestamp:
		t := a.DataType().(*arrow.TimestampType)
		unit, zoned := scalar.UnitOf(t.Unit), t.TimeZone != ""
		return func(dst []byte, i int) ([]byte, error) {
			return scalar.AppendTimestamp(dst, int64(a.Value(i)), unit, zoned)
		}
	}
	return nil
}
