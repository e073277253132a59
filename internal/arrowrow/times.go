package arrowrow

import (
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

const day = 24 * 60 * 60 // seconds

func planTime(o options) *node {
	n := &node{bind: bindTime}
	switch o.temporal {
	case "date32":
		n.dt = arrow.FixedWidthTypes.Date32
		n.encode = encodeTimes(n, func(t time.Time) int32 { return int32(floorDay(t.Unix())) }, anyTime)
	case "date64":
		n.dt = arrow.FixedWidthTypes.Date64
		n.encode = encodeTimes(n, func(t time.Time) int64 { return floorDay(t.Unix()) * day * 1000 }, anyTime)
	case "time32":
		n.dt = arrow.FixedWidthTypes.Time32ms
		inMillis := func(t time.Time) int32 { return int32(ofDay(t) / time.Millisecond) }
		n.encode = encodeTimes(n, inMillis, anyTime)
	case "time64":
		n.dt = arrow.FixedWidthTypes.Time64ns
		n.encode = encodeTimes(n, func(t time.Time) int64 { return int64(ofDay(t)) }, anyTime)
	default:
		planTimestamp(n, o.unit)
	}
	return n
}

func planTimestamp(n *node, unit arrow.TimeUnit) {
	n.dt = &arrow.TimestampType{Unit: unit, TimeZone: "UTC"}
	switch unit {
	case arrow.Second:
		n.encode = encodeTimes(n, time.Time.Unix, anyTime)
	case arrow.Millisecond:
		n.encode = encodeTimes(n, time.Time.UnixMilli, anyTime)
	case arrow.Nanosecond:
		n.encode = encodeTimes(n, time.Time.UnixNano, inNanos)
	default:
		n.encode = func(mem memory.Allocator, r rows) (*array.Data, error) {
			return encodeMicros(mem, n.dt, r)
		}
	}
}

// encodeMicros is encodeTimes for the most common unit, without the calls.
func encodeMicros(mem memory.Allocator, dt arrow.DataType, r rows) (*array.Data, error) {
	const lo, hi = math.MinInt64/1_000_000 + 1, math.MaxInt64/1_000_000 - 1
	buf := newBuffer(mem, r.n*8)
	dst := cast[int64](buf.Bytes())
	for i := range dst {
		t := ref[time.Time](r, i)
		if t == nil {
			dst[i] = 0
			continue
		}
		if s := t.Unix(); s < lo || s > hi {
			buf.Release()
			return nil, timeError(i, *t, dt)
		}
		dst[i] = t.UnixMicro()
	}
	return newData(dt, r.n, nil, buf), nil
}

func encodeTimes[V int32 | int64](
	n *node, conv func(time.Time) V, fits func(time.Time) bool,
) func(memory.Allocator, rows) (*array.Data, error) {
	return func(mem memory.Allocator, r rows) (*array.Data, error) {
		buf := newBuffer(mem, r.n*n.dt.(arrow.FixedWidthDataType).BitWidth()/8)
		dst := cast[V](buf.Bytes())
		for i := range dst {
			t := ref[time.Time](r, i)
			if t == nil {
				dst[i] = 0
				continue
			}
			if !fits(*t) {
				buf.Release()
				return nil, timeError(i, *t, n.dt)
			}
			dst[i] = conv(*t)
		}
		return newData(n.dt, r.n, nil, buf), nil
	}
}

func timeError(row int, t time.Time, dt arrow.DataType) error {
	return fmt.Errorf("row %d: %v is out of the range of %v", row, t, dt)
}

func anyTime(t time.Time) bool {
	return t.Unix() > math.MinInt32*day && t.Unix() < math.MaxInt32*day
}

// inNanos tells whether UnixNano of t is defined: the years 1678 to 2261.
func inNanos(t time.Time) bool {
	s := t.Unix()
	return s > math.MinInt64/1_000_000_000 && s < math.MaxInt64/1_000_000_000
}

func floorDay(unix int64) int64 {
	d := unix / day
	if unix%day < 0 {
		d--
	}
	return d
}

// ofDay is the time since midnight UTC.
func ofDay(t time.Time) time.Duration {
	s := t.Unix()
	return time.Duration(s-floorDay(s)*day)*time.Second + time.Duration(t.Nanosecond())
}

// bindTime reads every column that is a point in time or a time of day (on
// the first of January 1970). All times are UTC.
func bindTime(dt arrow.DataType) (reader, error) {
	switch t := dt.(type) {
	case *arrow.TimestampType:
		switch t.Unit {
		case arrow.Second:
			return readTimes(func(v int64) time.Time { return time.Unix(v, 0).UTC() }), nil
		case arrow.Millisecond:
			return readTimes(func(v int64) time.Time { return time.UnixMilli(v).UTC() }), nil
		case arrow.Nanosecond:
			return readTimes(func(v int64) time.Time { return time.Unix(0, v).UTC() }), nil
		default:
			return readMicros, nil
		}
	case *arrow.Date32Type:
		return readTimes(func(v int32) time.Time { return time.Unix(int64(v)*day, 0).UTC() }), nil
	case *arrow.Date64Type:
		return readTimes(func(v int64) time.Time { return time.UnixMilli(v).UTC() }), nil
	case *arrow.Time32Type:
		unit := t.Unit.Multiplier()
		return readTimes(func(v int32) time.Time { return time.Unix(0, int64(v)*int64(unit)).UTC() }), nil
	case *arrow.Time64Type:
		unit := t.Unit.Multiplier()
		return readTimes(func(v int64) time.Time { return time.Unix(0, v*int64(unit)).UTC() }), nil
	default:
		return nil, errType
	}
}

func readMicros(d arrow.ArrayData, r rows, _ []bool) error {
	to := r.span()
	for i, v := range column[int64](d) {
		*at[time.Time](to, i) = time.UnixMicro(v).UTC()
	}
	return nil
}

func readTimes[V int32 | int64](conv func(V) time.Time) reader {
	return func(d arrow.ArrayData, r rows, _ []bool) error {
		to := r.span()
		for i, v := range column[V](d) {
			*at[time.Time](to, i) = conv(v)
		}
		return nil
	}
}
