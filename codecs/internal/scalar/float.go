package scalar

import (
	"math"
	"strconv"
)

// Float64 reads the float nearest to a decimal number, or NaN, Inf,
// Infinity with or without a sign, in any case. A number too large for a
// float is an error, not an infinity.
func Float64(b []byte) (float64, error) {
	if v, n, ok := FastFloat(b); ok && n == len(b) {
		return v, nil
	}
	return slowFloat(b, 64)
}

// Float32 is [Float64] for single precision, without double rounding.
func Float32(b []byte) (float32, error) {
	v, err := slowFloat(b, 32)
	return float32(v), err
}

// FastFloat reads the number that b begins with and how many bytes it is
// long, if it is a plain one: JSON's syntax, no exponent, at most 15 digits.
// Such a number is the exact quotient of two exact floats.
func FastFloat(b []byte) (v float64, n int, ok bool) {
	i, neg := 0, false
	if len(b) > 0 && b[0] == '-' {
		i, neg = 1, true
	}
	first := i
	var m int64
	for i < len(b) {
		d := b[i] - '0'
		if d > 9 {
			break
		}
		m = m*10 + int64(d)
		i++
	}
	digits := i - first
	if digits == 0 || digits > 15 || b[first] == '0' && digits > 1 {
		return 0, 0, false
	}
	frac := 0
	if i < len(b) && b[i] == '.' {
		i++
		dot := i
		for i < len(b) {
			d := b[i] - '0'
			if d > 9 {
				break
			}
			m = m*10 + int64(d)
			i++
		}
		frac = i - dot
		if frac == 0 || digits+frac > 15 {
			return 0, 0, false
		}
	}
	if i < len(b) && lower(b[i]) == 'e' {
		return 0, 0, false
	}
	v = float64(m)
	if frac > 0 {
		v /= exact10[frac]
	}
	if neg {
		v = -v
	}
	return v, i, true
}

var exact10 = [16]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
}

// slowFloat takes what strconv.ParseFloat does, without its hexadecimal
// numbers and underscores.
func slowFloat(b []byte, bitSize int) (float64, error) {
	for _, c := range b {
		if c == '_' || lower(c) == 'x' {
			return 0, ErrFloat
		}
	}
	v, err := strconv.ParseFloat(string(b), bitSize)
	if err == nil {
		return v, nil
	}
	if math.IsInf(v, 0) {
		return 0, ErrRange
	}
	return 0, ErrFloat
}
