package scalar

import (
	"math"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
)

// Unit is how many ticks a second has: 1, 1e3, 1e6 or 1e9.
type Unit int64

// UnitOf returns the ticks of an Arrow unit.
func UnitOf(u arrow.TimeUnit) Unit { return Unit(1e9 / u.Multiplier().Nanoseconds()) }

const secondsPerDay = 86400

// two reads two digits at b[at], or a number above 99.
func two(b []byte, at int) int {
	hi, lo := b[at]-'0', b[at+1]-'0'
	if hi > 9 || lo > 9 {
		return 1000
	}
	return int(hi)*10 + int(lo)
}

// Date reads YYYY-MM-DD, with years 0001 to 9999, as days since 1970-01-01.
func Date(b []byte) (int32, error) {
	if len(b) != 10 {
		return 0, ErrDate
	}
	return date(b)
}

// date reads the ten bytes that b begins with.
func date(b []byte) (int32, error) {
	_ = b[9]
	y1, y2, m, d := two(b, 0), two(b, 2), two(b, 5), two(b, 8)
	y := y1*100 + y2
	if b[4] != '-' || b[7] != '-' || y1 > 99 || y2 > 99 || y == 0 ||
		m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return 0, ErrDate
	}
	return civil(y, m, d), nil
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// civil counts the days from 1970-01-01, by eras of 400 years that begin in
// March.
func civil(y, m, d int) int32 {
	if m <= 2 {
		y--
	}
	era := uint(y) / 400
	yoe := uint(y) - era*400
	doy := (153*(uint(m+9)%12)+2)/5 + uint(d) - 1
	return int32(era*146097+yoe*365+yoe/4-yoe/100+doy) - 719468
}

// Time reads hh:mm[:ss[.fraction]] as ticks since midnight. Digits of the
// fraction below a tick must be zeros.
func Time(b []byte, unit Unit) (int64, error) {
	ticks, n, err := clock(b, unit, ErrTime)
	if err == nil && n != len(b) {
		return 0, ErrTime
	}
	return ticks, err
}

// clock reads a time of day and how many bytes it took.
func clock(b []byte, unit Unit, syntax error) (ticks int64, n int, err error) {
	if len(b) < 5 || b[2] != ':' {
		return 0, 0, syntax
	}
	h, m, s := two(b, 0), two(b, 3), 0
	n = 5
	if len(b) >= 8 && b[5] == ':' {
		s = two(b, 6)
		n = 8
	}
	if h > 23 || m > 59 || s > 59 {
		return 0, 0, syntax
	}
	ticks = int64(h*3600+m*60+s) * int64(unit)
	if n < 8 || len(b) == 8 || b[8] != '.' {
		return ticks, n, nil
	}
	frac, digits, err := fraction(b[9:], unit, syntax)
	return ticks + frac, 9 + digits, err
}

// fraction reads digits behind the point of a second as ticks.
func fraction(b []byte, unit Unit, syntax error) (ticks int64, digits int, err error) {
	worth := int64(unit)
	for _, c := range b {
		d := c - '0'
		if d > 9 {
			break
		}
		digits++
		worth /= 10
		if worth == 0 && d != 0 {
			return 0, 0, ErrScale
		}
		ticks += int64(d) * worth
	}
	if digits == 0 {
		return 0, 0, syntax
	}
	return ticks, digits, nil
}

// The seconds of the years 0001 to 9999.
const (
	firstSecond = firstDay * secondsPerDay
	lastSecond  = lastDay*secondsPerDay + secondsPerDay - 1
)

// Timestamp reads YYYY-MM-DD, then T, t or a space, a time of day and a
// zone: Z, +hh:mm, +hhmm or +hh; without a zone it is UTC. A date alone is
// its midnight. The result is in ticks since 1970-01-01T00:00:00Z.
func Timestamp(b []byte, unit Unit) (int64, error) {
	if len(b) < 10 {
		return 0, ErrTimestamp
	}
	days, err := date(b)
	if err != nil {
		return 0, ErrTimestamp
	}
	seconds := int64(days) * secondsPerDay
	var ticks int64
	if len(b) > 10 {
		if b[10] != 'T' && b[10] != ' ' && b[10] != 't' {
			return 0, ErrTimestamp
		}
		var at int
		ticks, at, err = clock(b[11:], unit, ErrTimestamp)
		if err != nil {
			return 0, err
		}
		east, ok := zone(b[11+at:])
		if !ok {
			return 0, ErrTimestamp
		}
		seconds -= int64(east)
		if east != 0 {
			if s := seconds + ticks/int64(unit); s < firstSecond || s > lastSecond {
				return 0, ErrRange
			}
		}
	}
	return combine(seconds, ticks, unit)
}

// combine is seconds*unit + ticks, or an error if that is too large.
func combine(seconds, ticks int64, unit Unit) (int64, error) {
	if unit < 1e9 {
		return seconds*int64(unit) + ticks, nil
	}
	seconds += ticks / int64(unit)
	ticks %= int64(unit)
	// Towards zero first, so that the lowest values do not overflow on the way.
	if seconds < 0 && ticks > 0 {
		seconds++
		ticks -= int64(unit)
	}
	hi, lo := bits.Mul64(uint64(max(seconds, -seconds)), uint64(unit))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, ErrRange
	}
	v := int64(lo)
	if seconds < 0 {
		v = -v
	}
	if sum := v + ticks; (sum > v) == (ticks > 0) {
		return sum, nil
	}
	return 0, ErrRange
}

// zone reads seconds east of UTC.
func zone(b []byte) (east int, ok bool) {
	if len(b) == 0 || len(b) == 1 && lower(b[0]) == 'z' {
		return 0, true
	}
	if b[0] != '+' && b[0] != '-' || len(b) < 3 {
		return 0, false
	}
	h, m := two(b, 1), 0
	switch {
	case len(b) == 6 && b[3] == ':':
		m = two(b, 4)
	case len(b) == 5:
		m = two(b, 3)
	case len(b) != 3:
		return 0, false
	}
	if h > 23 || m > 59 {
		return 0, false
	}
	east = h*3600 + m*60
	if b[0] == '-' {
		east = -east
	}
	return east, true
}
