package columns

import (
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// View returns the values of a column of fixed width as a slice of the
// column's own memory: valid as long as a is, not to be written to, and with
// anything at all in the places of nulls. V is the Go type of the column
// (int8..int64, uint8..uint64, float32, float64, arrow.Timestamp,
// arrow.Date32, decimal128.Num, ...); times, dates and durations can be seen
// as the int32 or int64 they are made of, too. The error names both types.
func View[V any](a arrow.Array) ([]V, error) {
	if vs, ok := typed(a).([]V); ok {
		return vs, nil
	}
	if vs, ok := raw(a).([]V); ok {
		return vs, nil
	}
	return nil, fmt.Errorf("view column as %v: it is %v", reflect.TypeFor[V](), a.DataType())
}

// typed returns the values as a slice of their Go type, or nil.
func typed(a arrow.Array) any {
	switch a := a.(type) {
	case *array.Int8:
		return a.Int8Values()
	case *array.Int16:
		return a.Int16Values()
	case *array.Int32:
		return a.Int32Values()
	case *array.Int64:
		return a.Int64Values()
	case *array.Uint8:
		return a.Uint8Values()
	case *array.Uint16:
		return a.Uint16Values()
	case *array.Uint32:
		return a.Uint32Values()
	case *array.Uint64:
		return a.Uint64Values()
	case *array.Float16:
		return a.Values()
	case *array.Float32:
		return a.Float32Values()
	case *array.Float64:
		return a.Float64Values()
	case *array.Timestamp:
		return a.TimestampValues()
	case *array.Date32:
		return a.Date32Values()
	case *array.Date64:
		return a.Date64Values()
	case *array.Time32:
		return a.Time32Values()
	case *array.Time64:
		return a.Time64Values()
	case *array.Duration:
		return a.DurationValues()
	case *array.Decimal32:
		return a.Values()
	case *array.Decimal64:
		return a.Values()
	case *array.Decimal128:
		return a.Values()
	case *array.Decimal256:
		return a.Values()
	}
	return nil
}

// raw returns the values of times and dates as plain integers, or nil.
func raw(a arrow.Array) any {
	switch a.DataType().ID() {
	case arrow.TIMESTAMP, arrow.DATE64, arrow.TIME64, arrow.DURATION:
		return arrow.GetValues[int64](a.Data(), 1)
	case arrow.DATE32, arrow.TIME32:
		return arrow.GetValues[int32](a.Data(), 1)
	default:
		return nil
	}
}
