package parquet

import (
	"cmp"
	"encoding/binary"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
)

// word is how integers and floats are kept: floats as their bits.
type word interface{ int32 | int64 }

// fixed encodes integers, dates, times, small decimals and floats.
type fixed[T word] struct {
	t      leafType
	load   func(dst []T, v selection) ([]T, error)
	values func(*scratch) *[]T
	dict   wordDict[T]

	some     bool // there were bounds in this chunk
	min, max T    // of the chunk
	lo, hi   T    // of the page before
	order    order
	limit    T // decimals lie between -limit and limit; 0: no limit
}

func newFixed[T word](t leafType, load func([]T, selection) ([]T, error), values func(*scratch) *[]T) *fixed[T] {
	f := &fixed[T]{t: t, load: load, values: values, order: newOrder()}
	if t.logical == logicalDecimal {
		f.limit = 1
		for range t.precision {
			f.limit *= 10
		}
	}
	return f
}

func (f *fixed[T]) add(s *scratch, v selection) (err error) {
	p := f.values(s)
	*p, err = f.load(*p, v)
	return err
}

func (f *fixed[T]) reset(s *scratch) {
	p := f.values(s)
	*p = (*p)[:0]
}

func (f *fixed[T]) count(s *scratch) int { return len(*f.values(s)) }

func (f *fixed[T]) size(s *scratch) int { return len(*f.values(s)) * f.width() }

func (f *fixed[T]) width() int {
	if f.t.physical == physInt32 || f.t.physical == physFloat {
		return 4
	}
	return 8
}

func (f *fixed[T]) floating() bool {
	return f.t.physical == physFloat || f.t.physical == physDouble
}

func (f *fixed[T]) candidates() []encoding {
	if f.floating() {
		return []encoding{encPlain, encByteSplit}
	}
	return []encoding{encPlain, encDelta}
}

func (f *fixed[T]) append(s *scratch, dst []byte, e encoding, n int) []byte {
	v := *f.values(s)
	if n >= 0 && n < len(v) {
		v = v[:n]
	}
	switch e {
	case encDelta:
		return appendDelta(dst, v)
	case encByteSplit:
		return appendSplit(dst, wordBytes(v), f.width())
	default:
		return append(dst, wordBytes(v)...)
	}
}

// appendSplit appends the first bytes of all values, then the second ones,
// and so on.
func appendSplit(dst, plain []byte, width int) []byte {
	n := len(plain) / width
	at := len(dst)
	dst = grow(dst, len(plain))
	for b := range width {
		out := dst[at+b*n : at+b*n+n]
		for i := range out {
			out[i] = plain[i*width+b]
		}
	}
	return dst
}

// wordBytes is the memory of v. Parquet and Arrow are little endian, and so
// is every machine that weir is built for.
func wordBytes[T word](v []T) []byte {
	switch v := any(v).(type) {
	case []int32:
		return arrow.Int32Traits.CastToBytes(v)
	case []int64:
		return arrow.Int64Traits.CastToBytes(v)
	}
	return nil
}

func (f *fixed[T]) hashes(s *scratch, add func([]byte)) {
	w := f.width()
	for b := wordBytes(*f.values(s)); len(b) > 0; b = b[w:] {
		add(b[:w])
	}
}

func (f *fixed[T]) lookup(s *scratch, n int) { s.refs = f.dict.lookup(s.refs[:0], (*f.values(s))[:n]) }

func (f *fixed[T]) dictionary() dictionary { return &f.dict }

func (f *fixed[T]) bounds(s *scratch, _ bool) bounds {
	v := *f.values(s)
	lo, hi, nan, ok := f.extremes(v)
	if !ok {
		return bounds{nan: nan}
	}
	if f.some {
		f.order.next(f.compare(lo, f.lo), f.compare(hi, f.hi))
	}
	if !f.some || f.compare(lo, f.min) < 0 {
		f.min = lo
	}
	if !f.some || f.compare(hi, f.max) > 0 {
		f.max = hi
	}
	f.some, f.lo, f.hi = true, lo, hi
	return bounds{min: f.encode(lo), max: f.encode(hi), ok: true, nan: nan}
}

// overflows reports whether the last page had a decimal with too many digits.
func (f *fixed[T]) overflows() bool {
	return f.limit > 0 && f.some && (f.lo <= -f.limit || f.hi >= f.limit)
}

func (f *fixed[T]) chunkBounds() (bounds, pageOrder) {
	b, o := bounds{}, f.order.result()
	if f.some {
		b = bounds{min: f.encode(f.min), max: f.encode(f.max), ok: true}
	}
	f.some, f.order = false, newOrder()
	return b, o
}

func (f *fixed[T]) encode(v T) []byte {
	if f.width() == 4 {
		return binary.LittleEndian.AppendUint32(nil, uint32(v))
	}
	return binary.LittleEndian.AppendUint64(nil, uint64(v))
}

// extremes returns the least and the greatest of v. NaN does not count; a
// zero bound is -0 below and +0 above, since readers may take either for
// the other.
func (f *fixed[T]) extremes(v []T) (lo, hi T, nan, ok bool) {
	switch {
	case len(v) == 0:
		return lo, hi, false, false
	case f.floating():
		return f.floatExtremes(v)
	case f.t.unsigned():
		// Unsigned order is signed order with the top bit turned.
		var top T = -1 << (wordBits[T]() - 1)
		lo, hi = v[0]^top, v[0]^top
		for _, x := range v {
			x ^= top
			lo, hi = min(lo, x), max(hi, x)
		}
		return lo ^ top, hi ^ top, false, true
	}
	lo, hi = v[0], v[0]
	for _, x := range v {
		lo, hi = min(lo, x), max(hi, x)
	}
	return lo, hi, false, true
}

// wordBits is the width of T in bits.
func wordBits[T word]() int {
	if _, narrow := any(T(0)).(int32); narrow {
		return 32
	}
	return 64
}

func (f *fixed[T]) floatExtremes(v []T) (lo, hi T, nan, ok bool) {
	least, greatest := math.Inf(1), math.Inf(-1)
	for _, x := range v {
		y := f.float(x)
		if y < least {
			least = y
		}
		if y > greatest {
			greatest = y
		}
		if math.IsNaN(y) {
			nan = true
		}
	}
	if least > greatest {
		return 0, 0, nan, false // nothing but NaN
	}
	if least == 0 {
		least = math.Copysign(0, -1)
	}
	if greatest == 0 {
		greatest = 0
	}
	return f.bits(least), f.bits(greatest), nan, true
}

func (f *fixed[T]) float(v T) float64 {
	if f.t.physical == physFloat {
		return float64(math.Float32frombits(uint32(v)))
	}
	return math.Float64frombits(uint64(v))
}

func (f *fixed[T]) bits(v float64) T {
	if f.t.physical == physFloat {
		return T(math.Float32bits(float32(v)))
	}
	return T(math.Float64bits(v))
}

func (f *fixed[T]) compare(a, b T) int {
	switch {
	case f.floating():
		return cmp.Compare(f.float(a), f.float(b))
	case f.t.unsigned():
		return cmp.Compare(uint64(a), uint64(b))
	default:
		return cmp.Compare(a, b)
	}
}
