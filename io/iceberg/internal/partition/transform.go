package partition

import (
	"fmt"
	"math/big"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/iceberg-go"
)

// bucket is murmur3 of the value, modulo n.
func bucket(source iceberg.Type, n int32) (coder, error) {
	c := &numbers{make: func(v int64) any { return int32(v) }}
	switch source.(type) {
	case iceberg.Int32Type, iceberg.DateType, iceberg.Int64Type, iceberg.TimeType,
		iceberg.TimestampType, iceberg.TimestampTzType:
		read, err := reader(source)
		if err != nil {
			return nil, err
		}
		c.read = func(a arrow.Array, out []int64) {
			read(a, out)
			for i, v := range out {
				out[i] = int64(int32(hash64(uint64(v))&0x7fffffff) % n)
			}
		}
		return c, nil
	}
	read, err := textReader(source)
	if err != nil {
		return nil, fmt.Errorf("bucket does not take a column of type %s", source)
	}
	_, isDecimal := source.(iceberg.DecimalType)
	c.read = func(a arrow.Array, out []int64) {
		at := read(a)
		for i := range out {
			if a.IsNull(i) {
				continue
			}
			v := at(i)
			if isDecimal {
				v = shortest(v)
			}
			out[i] = int64(int32(hash(v)&0x7fffffff) % n)
		}
	}
	return c, nil
}

// shortest drops the bytes of a two's complement number that only repeat its
// sign.
func shortest(b []byte) []byte {
	for len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xff && b[1] >= 0x80) {
		b = b[1:]
	}
	return b
}

func truncate(source iceberg.Type, width int) (coder, error) {
	switch source := source.(type) {
	case iceberg.Int32Type, iceberg.Int64Type:
		read, err := reader(source)
		if err != nil {
			return nil, err
		}
		return &numbers{make: fromBits(source), read: func(a arrow.Array, out []int64) {
			read(a, out)
			for i, v := range out {
				out[i] = v - mod(v, int64(width))
			}
		}}, nil
	case iceberg.StringType:
		return newTexts(source, func(v []byte) []byte { return firstRunes(v, width) })
	case iceberg.BinaryType:
		return newTexts(source, func(v []byte) []byte { return v[:min(len(v), width)] })
	case iceberg.DecimalType:
		w, buf := big.NewInt(int64(width)), [16]byte{}
		return newTexts(source, func(v []byte) []byte {
			n := decimal(v).BigInt()
			rest := new(big.Int).Mod(n, w) // Euclidean: never negative
			putDecimal(&buf, decimal128.FromBigInt(n.Sub(n, rest)))
			return buf[:]
		})
	}
	return nil, fmt.Errorf("truncate does not take a column of type %s", source)
}

// mod is the remainder that is never negative.
func mod(v, n int64) int64 { return ((v % n) + n) % n }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func firstRunes(v []byte, n int) []byte {
	at := 0
	for ; n > 0 && at < len(v); n-- {
		_, size := utf8.DecodeRune(v[at:])
		at += size
	}
	return v[:at]
}

// Microseconds in a day and an hour.
const (
	dayMicros  = 86_400_000_000
	hourMicros = 3_600_000_000
)

// calendar counts years, months, days or hours since 1970.
func calendar(t iceberg.Transform, source iceberg.Type) (coder, error) {
	read, err := reader(source)
	if err != nil {
		return nil, err
	}
	_, isDate := source.(iceberg.DateType)
	_, isZoned := source.(iceberg.TimestampTzType)
	if _, isPlain := source.(iceberg.TimestampType); !isDate && !isZoned && !isPlain {
		return nil, fmt.Errorf("%s does not take a column of type %s", t, source)
	}
	perUnit, makeValue, ofDay := int64(dayMicros), fromBits(iceberg.PrimitiveTypes.Int32), func(day int64) int64 { return day }
	switch t.(type) {
	case iceberg.DayTransform:
		makeValue = fromBits(iceberg.PrimitiveTypes.Date)
	case iceberg.HourTransform:
		if isDate {
			return nil, fmt.Errorf("%s does not take a column of type %s", t, source)
		}
		perUnit = hourMicros
	case iceberg.MonthTransform:
		ofDay = func(day int64) int64 { y, m := civil(day); return (y-1970)*12 + m - 1 }
	case iceberg.YearTransform:
		ofDay = func(day int64) int64 { y, _ := civil(day); return y - 1970 }
	}
	return &numbers{make: makeValue, read: func(a arrow.Array, out []int64) {
		read(a, out)
		last, lastOut := int64(0), ofDay(0)
		for i, v := range out {
			if !isDate {
				v = floorDiv(v, perUnit)
			}
			if v != last {
				last, lastOut = v, ofDay(v)
			}
			out[i] = lastOut
		}
	}}, nil
}

// civil is the year and the month, from 1, of a day counted from 1970-01-01,
// in the proleptic Gregorian calendar.
func civil(day int64) (year, month int64) {
	day += 719_468 // days from 0000-03-01
	era := floorDiv(day, 146_097)
	doe := day - era*146_097
	yoe := (doe - doe/1460 + doe/36_524 - doe/146_096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	if mp < 10 {
		return yoe + era*400, mp + 3
	}
	return yoe + era*400 + 1, mp - 9
}
