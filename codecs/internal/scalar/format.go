package scalar

import (
	"errors"
	"math"
	"math/bits"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// ErrYear is a date that cannot be written with a year of four digits.
var ErrYear = errors.New("the year is not in 0001 to 9999")

const (
	firstDay = -719162 // 0001-01-01
	lastDay  = 2932896 // 9999-12-31
)

func append2(dst []byte, v int) []byte {
	return append(dst, byte('0'+v/10), byte('0'+v%10))
}

// AppendDate appends YYYY-MM-DD.
func AppendDate(dst []byte, days int64) ([]byte, error) {
	if days < firstDay || days > lastDay {
		return dst, ErrYear
	}
	z := int(days) + 719468
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	y, m, d := yoe+era*400, mp+3, doy-(153*mp+2)/5+1
	if m > 12 {
		y++
		m -= 12
	}
	dst = append2(append2(dst, y/100), y%100)
	dst = append2(append(dst, '-'), m)
	return append2(append(dst, '-'), d), nil
}

// AppendTime appends hh:mm:ss, and the fraction if it is not zero.
func AppendTime(dst []byte, ticks int64, unit Unit) ([]byte, error) {
	s, frac := ticks/int64(unit), ticks%int64(unit)
	if ticks < 0 || s >= secondsPerDay {
		return dst, ErrTime
	}
	dst = append2(dst, int(s/3600))
	dst = append2(append(dst, ':'), int(s/60%60))
	dst = append2(append(dst, ':'), int(s%60))
	if frac == 0 {
		return dst, nil
	}
	dst = append(dst, '.')
	for frac > 0 {
		frac *= 10
		dst = append(dst, byte('0'+frac/int64(unit)))
		frac %= int64(unit)
	}
	return dst, nil
}

// AppendTimestamp appends date T time, and Z if the column has a zone.
func AppendTimestamp(dst []byte, ticks int64, unit Unit, zoned bool) ([]byte, error) {
	day := int64(unit) * secondsPerDay
	days, rest := ticks/day, ticks%day
	if rest < 0 {
		days--
		rest += day
	}
	dst, err := AppendDate(dst, days)
	if err != nil {
		return dst, err
	}
	dst, err = AppendTime(append(dst, 'T'), rest, unit)
	if zoned {
		dst = append(dst, 'Z')
	}
	return dst, err
}

// AppendFloat appends the shortest text that reads back as v, in the syntax
// of JSON if v is finite, else NaN, Infinity or -Infinity.
func AppendFloat(dst []byte, v float64, bitSize int) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.AppendFloat(dst, v, 'e', -1, bitSize)
	}
	return strconv.AppendFloat(dst, v, 'f', -1, bitSize)
}

// AppendDecimal appends all digits of v.
func AppendDecimal(dst []byte, v decimal128.Num, scale int32) []byte {
	if v.Sign() < 0 {
		dst = append(dst, '-')
		v = v.Negate()
	}
	hi, lo := uint64(v.HighBits()), v.LowBits()
	var text [40]byte
	at := len(text)
	for hi != 0 || lo != 0 || int(max(scale, 0)) >= len(text)-at {
		var r uint64
		hi, r = hi/10, hi%10
		lo, r = bits.Div64(r, lo, 10)
		at--
		text[at] = byte('0' + r)
		if at == 0 {
			break
		}
	}
	digits := text[at:]
	if scale <= 0 {
		dst = append(dst, digits...)
		for ; scale < 0 && v.Sign() != 0; scale++ {
			dst = append(dst, '0')
		}
		return dst
	}
	point := len(digits) - int(scale)
	dst = append(dst, digits[:point]...)
	return append(append(dst, '.'), digits[point:]...)
}
