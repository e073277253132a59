package scalar

import (
	"math"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// MaxDigits is the most significant digits of an exact number: those of a
// decimal128.
const MaxDigits = 38

// maxExponent bounds what an exponent may say. Larger ones are out of range
// for every exact type and would overflow the arithmetic.
const maxExponent = 10_000

// number is an exact decimal number: mantissa * 10^exp. The mantissa has no
// trailing zeros.
type number struct {
	neg    bool
	hi, lo uint64
	exp    int
}

// parse reads [+-]digits[.digits][e[+-]digits]. There must be a digit in
// front of the exponent.
func (n *number) parse(b []byte, syntax error) error {
	i := 0
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		n.neg = b[0] == '-'
		i = 1
	}
	digits, zeros, frac, some, dot := 0, 0, 0, false, false
	for ; i < len(b); i++ {
		c := b[i]
		if c == '.' && !dot {
			dot = true
			continue
		}
		d := c - '0'
		if d > 9 {
			break
		}
		some = true
		if dot {
			frac++
		}
		if d == 0 {
			if digits > 0 {
				zeros++
			}
			continue
		}
		if digits += zeros + 1; digits > MaxDigits {
			return ErrPrecision
		}
		n.scaleUp(zeros + 1)
		var carry uint64
		n.lo, carry = bits.Add64(n.lo, uint64(d), 0)
		n.hi += carry
		zeros = 0
	}
	if !some {
		return syntax
	}
	exp, ok := exponent(b[i:])
	if !ok {
		return syntax
	}
	n.exp = exp - frac + zeros
	return nil
}

// exponent reads the rest of a number: nothing, or e[+-]digits.
func exponent(b []byte) (int, bool) {
	if len(b) == 0 {
		return 0, true
	}
	if lower(b[0]) != 'e' || len(b) == 1 {
		return 0, false
	}
	b = b[1:]
	neg := b[0] == '-'
	if neg || b[0] == '+' {
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	v := 0
	for _, c := range b {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		v = min(v*10+int(d), maxExponent)
	}
	if neg {
		v = -v
	}
	return v, true
}

// scaleUp multiplies the mantissa by 10^k. The caller has made sure that it
// fits.
func (n *number) scaleUp(k int) {
	for ; k > 0; k -= 19 {
		m := pow10[min(k, 19)]
		hi, lo := bits.Mul64(n.lo, m)
		n.hi, n.lo = n.hi*m+hi, lo
	}
}

func (n *number) digits() int {
	d := 0
	for v := (number{hi: n.hi, lo: n.lo}); v.hi != 0 || v.lo != 0; d++ {
		var r uint64
		v.hi, r = v.hi/10, v.hi%10
		v.lo, _ = bits.Div64(r, v.lo, 10)
	}
	return d
}

var pow10 = [20]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// whole brings the number to exponent zero: digits of it that would be lost
// are ErrScale, too many in front are tooMany.
func (n *number) whole(precision int, tooMany error) error {
	switch {
	case n.hi == 0 && n.lo == 0:
		return nil
	case n.exp < 0:
		return ErrScale
	case n.exp > MaxDigits || n.digits()+n.exp > precision:
		return tooMany
	}
	n.scaleUp(n.exp)
	n.exp = 0
	return nil
}

// Int64 reads a whole number. A fraction or an exponent is accepted if the
// number is whole all the same: 1e3, 2.0.
func Int64(b []byte) (int64, error) {
	i, neg := 0, false
	if len(b) > 0 && b[0] == '-' {
		i, neg = 1, true
	}
	if digits := len(b) - i; digits == 0 || digits > 18 {
		return int64Slow(b)
	}
	var v int64
	for _, c := range b[i:] {
		d := c - '0'
		if d > 9 {
			return int64Slow(b)
		}
		v = v*10 + int64(d)
	}
	if neg {
		v = -v
	}
	return v, nil
}

func int64Slow(b []byte) (int64, error) {
	u, neg, err := magnitude(b)
	switch {
	case err != nil:
		return 0, err
	case neg && u <= 1<<63:
		return -int64(u), nil
	case u > math.MaxInt64:
		return 0, ErrRange
	}
	return int64(u), nil
}

// Uint64 reads a whole number that is not negative, as [Int64] does.
func Uint64(b []byte) (uint64, error) {
	u, neg, err := magnitude(b)
	if err == nil && neg && u != 0 {
		return 0, ErrRange
	}
	return u, err
}

func magnitude(b []byte) (u uint64, neg bool, err error) {
	var n number
	if err := n.parse(b, ErrInt); err != nil {
		return 0, false, replace(err, ErrPrecision, ErrRange)
	}
	if err := n.whole(MaxDigits, ErrRange); err != nil {
		return 0, false, replace(err, ErrScale, ErrInt)
	}
	if n.hi != 0 {
		return 0, false, ErrRange
	}
	return n.lo, n.neg, nil
}

// replace returns to if err is from, else err.
func replace(err, from, to error) error {
	if err == from { //nolint:errorlint // both are sentinels of this package, never wrapped
		return to
	}
	return err
}

// Decimal128 reads a decimal number with at most precision digits, scale of
// them behind the point. Further zeros are accepted, other digits are not.
func Decimal128(b []byte, precision, scale int32) (decimal128.Num, error) {
	if v, ok := smallDecimal(b, precision, scale); ok {
		return decimal128.FromI64(v), nil
	}
	var n number
	if err := n.parse(b, ErrDecimal); err != nil {
		return decimal128.Num{}, err
	}
	n.exp += int(scale)
	if err := n.whole(int(precision), ErrPrecision); err != nil {
		return decimal128.Num{}, err
	}
	v := decimal128.New(int64(n.hi), n.lo)
	if n.neg {
		v = v.Negate()
	}
	return v, nil
}

// smallDecimal is Decimal128 for plain numbers that take less than 19 digits
// when they are written with all their scale.
func smallDecimal(b []byte, precision, scale int32) (int64, bool) {
	i, neg := 0, false
	if len(b) > 0 && b[0] == '-' {
		i, neg = 1, true
	}
	first, dot := i, -1
	var v int64
	if len(b)-i > 18 || len(b) == i {
		return 0, false
	}
	for ; i < len(b); i++ {
		d := b[i] - '0'
		if d > 9 {
			if b[i] != '.' || dot >= 0 {
				return 0, false
			}
			dot = i
			continue
		}
		v = v*10 + int64(d)
	}
	digits, frac := len(b)-first, 0
	if dot >= 0 {
		digits--
		frac = len(b) - 1 - dot
	}
	up := int(scale) - frac
	if digits == 0 || up < 0 || digits+up > 18 {
		return 0, false
	}
	v *= int64(pow10[up])
	if precision < 18 && v >= int64(pow10[precision]) {
		return 0, false
	}
	if neg {
		v = -v
	}
	return v, true
}
