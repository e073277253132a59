package spec

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time written with its units: 10s, 1m30s, 500ms, 7d.
// It is never negative.
type Duration time.Duration

// Size is a number of bytes written with its unit, 64MiB or 1GB, or as a
// plain number. It is never negative.
type Size int64

const (
	formatDuration = "duration"
	formatSize     = "size"

	durationPattern = `^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d))+)$`
	sizePattern     = `^[0-9]+(\.[0-9]+)? ?([kKmMgGtTpP][iI]?[bB]|[bB])?$`
)

// String writes d in the form that [Duration.UnmarshalText] reads: 1h, 1m30s.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalText writes d as [Duration.String].
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads numbers with the units ns us ms s m h d (24 h), or 0.
func (d *Duration) UnmarshalText(text []byte) error {
	rest := string(text)
	if rest == "0" {
		*d = 0
		return nil
	}
	if rest == "" {
		return errors.New("want a duration such as 10s or 1h30m")
	}
	var sum int64
	for rest != "" {
		part, unit, after := cutUnit(rest)
		if part == "" || unit == "" {
			return notDuration(text)
		}
		times := int64(1)
		if unit == "d" {
			unit, times = "h", 24
		}
		one, err := time.ParseDuration(part + unit)
		if err != nil {
			return notDuration(text)
		}
		all := int64(one) * times
		if all/times != int64(one) || sum+all < sum {
			return fmt.Errorf("%q is more than a duration holds (292 years)", text)
		}
		sum, rest = sum+all, after
	}
	*d = Duration(sum)
	return nil
}

func notDuration(text []byte) error {
	return fmt.Errorf("%q is not a duration;"+
		" write a number and one of ns us ms s m h d, as in 10s or 1h30m", text)
}

// cutUnit splits "1.5h30m" into 1.5, h and 30m.
func cutUnit(s string) (number, unit, rest string) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.') {
		i++
	}
	j := i
	for j < len(s) && (s[j] < '0' || s[j] > '9') && s[j] != '.' {
		j++
	}
	if strings.Count(s[:i], ".") > 1 || strings.HasPrefix(s, ".") || strings.HasSuffix(s[:i], ".") {
		return "", "", s
	}
	return s[:i], s[i:j], s[j:]
}

// String writes s with the largest unit that loses nothing: 64MiB, 1GB, 1000.
func (s Size) String() string {
	if s != 0 {
		for i, unit := range []string{"PiB", "TiB", "GiB", "MiB", "KiB"} {
			if n := int64(1) << (50 - 10*i); int64(s)%n == 0 {
				return strconv.FormatInt(int64(s)/n, 10) + unit
			}
		}
		n := int64(1e15)
		for _, unit := range []string{"PB", "TB", "GB", "MB"} {
			if int64(s)%n == 0 {
				return strconv.FormatInt(int64(s)/n, 10) + unit
			}
			n /= 1000
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalText writes s as [Size.String].
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a number of bytes, or a number with one of the units
// KB MB GB TB PB (powers of 1000) and KiB MiB GiB TiB PiB (powers of 1024).
func (s *Size) UnmarshalText(text []byte) error {
	number, unit, rest := cutUnit(string(text))
	factor, known := unitSize(strings.ToLower(strings.TrimPrefix(unit, " ")))
	if number == "" || rest != "" || !known {
		return fmt.Errorf("%q is not a size;"+
			" write bytes or a number with a unit, as in 64MiB or 1GB", text)
	}
	bytes, ok := new(big.Rat).SetString(number)
	if !ok {
		return fmt.Errorf("%q is not a size", text)
	}
	bytes.Mul(bytes, new(big.Rat).SetInt64(factor))
	switch {
	case !bytes.IsInt():
		return fmt.Errorf("%q is not a whole number of bytes", text)
	case !bytes.Num().IsInt64():
		return fmt.Errorf("%q is more than a size holds (8 EiB)", text)
	}
	*s = Size(bytes.Num().Int64())
	return nil
}

func unitSize(unit string) (int64, bool) {
	if unit == "" || unit == "b" {
		return 1, true
	}
	n := int64(1)
	for _, letter := range "kmgtp" {
		n *= 1000
		if unit == string(letter)+"b" {
			return n, true
		}
	}
	n = 1
	for _, letter := range "kmgtp" {
		n <<= 10
		if unit == string(letter)+"ib" {
			return n, true
		}
	}
	return 0, false
}
