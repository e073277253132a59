package scalar_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/weirflow/weir/codecs/internal/scalar"
)

// TestDates goes over the days that can be written, up to the last, in steps
// that meet every day of the year and kind of year.
func TestDates(t *testing.T) {
	const step = 29
	day := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	for n := day.Unix() / 86400; ; n -= step {
		text, err := scalar.AppendDate(nil, n)
		if day.Year() == 0 {
			if !errors.Is(err, scalar.ErrYear) {
				t.Fatalf("AppendDate(%d) = %s, %v", n, text, err)
			}
			return
		}
		if want := day.Format(time.DateOnly); err != nil || string(text) != want {
			t.Fatalf("AppendDate(%d) = %s, %v, want %s", n, text, err, want)
		}
		if got, err := scalar.Date(text); err != nil || int64(got) != n {
			t.Fatalf("Date(%s) = %d, %v, want %d", text, got, err, n)
		}
		day = day.AddDate(0, 0, -step)
	}
}

// FuzzTimestamp compares with package time, and reads back what it writes.
func FuzzTimestamp(f *testing.F) {
	for _, s := range []string{
		"2024-02-29T12:30:45.123456789+02:30", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z",
		"1969-12-31T23:59:59.000000001-00:00", "2023-02-29T00:00:00Z", "2024-01-01T00:00:00.0000000000Z",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, unit := range []scalar.Unit{1, 1e3, 1e6, 1e9} {
			got, err := scalar.Timestamp([]byte(text), unit)
			if err == nil {
				back, err := scalar.AppendTimestamp(nil, got, unit, true)
				if err != nil {
					t.Fatalf("%q is %d, which is %s, %v", text, got, back, err)
				}
				if again, err := scalar.Timestamp(back, unit); err != nil || again != got {
					t.Fatalf("%q is %d, which is %s, which is %d, %v", text, got, back, again, err)
				}
			}
			at, wantErr := time.Parse(time.RFC3339Nano, text)
			if wantErr != nil || strings.Contains(text, ",") || at.UTC().Year() < 1 || at.UTC().Year() > 9999 {
				continue // the laws of time.Parse are others, but what it takes we take
			}
			tick := time.Second / time.Duration(unit)
			switch want := at.Unix()*int64(unit) + int64(at.Nanosecond())/int64(tick); {
			case errors.Is(err, scalar.ErrRange):
				if unit < 1e9 || at.Year() > 1677 && at.Year() < 2262 {
					t.Fatalf("%q: %v", text, err)
				}
			case errors.Is(err, scalar.ErrScale):
				if at.Nanosecond()%int(tick) == 0 && len(text) < 30 {
					t.Fatalf("%q in 1/%d s: %v", text, unit, err)
				}
			case err != nil:
				// time.Parse takes hours of one digit, and zones of 60 minutes.
				if text[13] == ':' && !strings.HasSuffix(text, ":60") {
					t.Fatalf("%q: %v", text, err)
				}
			case got != want:
				t.Fatalf("%q = %d, want %d", text, got, want)
			}
		}
	})
}

// FuzzNumber compares with package big and strconv.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{
		"0", "-1", "1e3", "1.50", "-9223372036854775808", "18446744073709551616", "0.1", "12e-1",
		"99999999999999999999999999999999999999", "1e38", "0.000001", "-.5", "5.", "+7", "00501", "1e", "",
		"123456789012345.6", "0.00000000000000000001", "9007199254740993",
	} {
		f.Add(s, int32(10), int32(2))
	}
	f.Fuzz(func(t *testing.T, text string, precision, scale int32) {
		precision = 1 + (precision&0xff)%38
		scale &= 0xff
		scale %= precision + 1
		for _, c := range text {
			if !strings.ContainsRune("0123456789+-.eE", c) {
				t.Skip("not a number")
			}
		}
		if _, exp, ok := strings.Cut(strings.ToLower(text), "e"); ok && len(exp) > 4 {
			t.Skip("too large for package big")
		}
		want, ok := new(big.Rat).SetString(text)

		n, err := scalar.Int64([]byte(text))
		if fits := ok && want.IsInt() && want.Num().IsInt64(); fits != (err == nil) || fits && want.Num().Int64() != n {
			t.Errorf("Int64(%q) = %d, %v", text, n, err)
		}
		u, err := scalar.Uint64([]byte(text))
		if fits := ok && want.IsInt() && want.Num().IsUint64(); fits != (err == nil) || fits && want.Num().Uint64() != u {
			t.Errorf("Uint64(%q) = %d, %v", text, u, err)
		}
		x, err := strconv.ParseFloat(text, 64)
		if got, gotErr := scalar.Float64([]byte(text)); (err == nil) != (gotErr == nil) ||
			err == nil && math.Float64bits(got) != math.Float64bits(x) {
			t.Errorf("Float64(%q) = %v, %v, want %v, %v", text, got, gotErr, x, err)
		}

		ten := func(n int32) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
		d, err := scalar.Decimal128([]byte(text), precision, scale)
		if ok {
			want.Mul(want, new(big.Rat).SetInt(ten(scale)))
		}
		fits := ok && want.IsInt() && want.Num().CmpAbs(ten(precision)) < 0
		if fits != (err == nil) || fits && d.BigInt().Cmp(want.Num()) != 0 {
			t.Fatalf("Decimal128(%q, %d, %d) = %v, %v", text, precision, scale, d, err)
		}
		if err == nil {
			back := scalar.AppendDecimal(nil, d, scale)
			if again, err := scalar.Decimal128(back, precision, scale); err != nil || again != d {
				t.Fatalf("%q is written %s, and read as %v, %v", text, back, again, err)
			}
		}
	})
}

func TestAppendDecimal(t *testing.T) {
	for _, test := range []struct {
		v     decimal128.Num
		scale int32
		want  string
	}{
		{decimal128.FromI64(0), 0, "0"},
		{decimal128.FromI64(0), 2, "0.00"},
		{decimal128.FromI64(-5), 2, "-0.05"},
		{decimal128.FromI64(12), -3, "12000"},
		{decimal128.FromI64(0), -3, "0"},
		{decimal128.New(math.MaxInt64, math.MaxUint64), 0, "170141183460469231731687303715884105727"},
		{decimal128.New(math.MinInt64, 0), 38, "-1.70141183460469231731687303715884105728"},
	} {
		if got := scalar.AppendDecimal(nil, test.v, test.scale); string(got) != test.want {
			t.Errorf("AppendDecimal(%v, %d) = %s, want %s", test.v, test.scale, got, test.want)
		}
	}
}

// TestAllocations checks that reading a value costs no memory.
func TestAllocations(t *testing.T) {
	for text, read := range map[string]func(b []byte) error{
		"-123456.5e1":                 func(b []byte) error { _, err := scalar.Int64(b); return err },
		"23.983333333333334":          func(b []byte) error { _, err := scalar.Float64(b); return err },
		"1234567890123456789.01":      func(b []byte) error { _, err := scalar.Decimal128(b, 30, 2); return err },
		"2024-02-29 12:00:00.5+02:00": func(b []byte) error { _, err := scalar.Timestamp(b, 1e6); return err },
		"2024-02-30":                  func(b []byte) error { _, err := scalar.Date(b); return invert(err) },
	} {
		b := []byte(text)
		if n := testing.AllocsPerRun(100, func() {
			if err := read(b); err != nil {
				t.Error(text, err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

func invert(err error) error {
	if err == nil {
		return fmt.Errorf("no error")
	}
	return nil
}
