package parquet

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow/float16"
)

// byteBounds finds the least and greatest of values that are bytes.
type byteBounds struct {
	kind     leafKind
	some     bool // there were bounds in this chunk
	min, max []byte
	lo, hi   []byte // of the page before
	order    order
}

// key is the first eight bytes of v as a number that goes up with the value:
// most comparisons need no more.
func (b *byteBounds) key(v []byte) uint64 {
	var k uint64
	if len(v) >= 8 {
		k = binary.BigEndian.Uint64(v)
	} else {
		k = b.shortKey(v)
	}
	if b.kind == kindDecimal {
		k ^= 1 << 63
	}
	return k
}

// shortKey is key for less than eight bytes.
func (b *byteBounds) shortKey(v []byte) uint64 {
	k := uint64(0)
	for i, c := range v {
		k |= uint64(c) << (56 - 8*i)
	}
	return k
}

func (b *byteBounds) compare(x, y []byte) int {
	switch b.kind {
	case kindDecimal: // two's complement, same width
		if c := int(x[0]^0x80) - int(y[0]^0x80); c != 0 {
			return c
		}
		return bytes.Compare(x, y)
	case kindFloat16:
		return half(x).Cmp(half(y))
	default:
		return bytes.Compare(x, y)
	}
}

func half(v []byte) float16.Num { return float16.FromBits(binary.LittleEndian.Uint16(v)) }

// extremes collects the bounds of a page.
type extremes struct {
	b            *byteBounds
	lo, hi       []byte
	loKey, hiKey uint64
	some, nan    bool
}

func (x *extremes) add(v []byte) {
	if x.b.kind == kindFloat16 {
		x.addHalf(v)
		return
	}
	k := x.b.key(v)
	if !x.some {
		x.some, x.lo, x.hi, x.loKey, x.hiKey = true, v, v, k, k
		return
	}
	if k < x.loKey || k == x.loKey && x.b.compare(v, x.lo) < 0 {
		x.lo, x.loKey = v, k
	}
	if k > x.hiKey || k == x.hiKey && x.b.compare(v, x.hi) > 0 {
		x.hi, x.hiKey = v, k
	}
}

// addAll is add for all values of a page.
func (x *extremes) addAll(lengths []int32, parts [][]byte) {
	flip := uint64(0)
	if x.b.kind == kindDecimal {
		flip = 1 << 63
	}
	part, rest := 0, []byte(nil)
	for _, n := range lengths {
		for len(rest) < int(n) {
			rest = parts[part]
			part++
		}
		k := flip
		if len(rest) >= 8 {
			k ^= binary.BigEndian.Uint64(rest) &^ (1<<(64-8*min(n, 8)) - 1)
		} else {
			k ^= x.b.shortKey(rest[:n])
		}
		if k <= x.loKey || k >= x.hiKey || !x.some {
			x.add(rest[:n])
		}
		rest = rest[n:]
	}
}

func (x *extremes) addHalf(v []byte) {
	h := half(v)
	switch {
	case h.IsNaN():
		x.nan = true
	case !x.some:
		x.some, x.lo, x.hi = true, v, v
	case h.Cmp(half(x.lo)) < 0:
		x.lo = v
	case h.Cmp(half(x.hi)) > 0:
		x.hi = v
	}
}

// page counts the bounds of a page in and returns copies of them.
func (b *byteBounds) page(x *extremes) bounds {
	if !x.some {
		return bounds{nan: x.nan}
	}
	lo, hi := bytes.Clone(x.lo), bytes.Clone(x.hi)
	if b.kind == kindFloat16 {
		// A zero bound is -0 below and +0 above.
		if h := half(lo); h.IsZero() {
			lo = []byte{0, 0x80}
		}
		if h := half(hi); h.IsZero() {
			hi = []byte{0, 0}
		}
	}
	if b.some {
		b.order.next(b.compare(lo, b.lo), b.compare(hi, b.hi))
	}
	if !b.some || b.compare(lo, b.min) < 0 {
		b.min = lo
	}
	if !b.some || b.compare(hi, b.max) > 0 {
		b.max = hi
	}
	b.some, b.lo, b.hi = true, lo, hi
	return bounds{min: lo, max: hi, ok: true, nan: x.nan}
}

func (e *byteArrays) bounds(s *scratch, indexed bool) bounds {
	x := extremes{b: &e.stats}
	switch {
	case indexed || e.translate:
		e.usedEntries(s.refs, x.add)
	case e.t.kind == kindFloat16:
		s.settle()
		eachValue(s, len(s.lengths), x.add)
	default:
		s.settle()
		x.addAll(s.lengths, s.parts)
	}
	return e.stats.page(&x)
}

// usedEntries calls f once with each dictionary entry that refs has.
func (e *byteArrays) usedEntries(refs []uint32, f func([]byte)) {
	e.page++
	for len(e.stamps) < e.dict.len() {
		e.stamps = append(e.stamps, 0)
	}
	for _, r := range refs {
		if e.stamps[r] != e.page {
			e.stamps[r] = e.page
			f(e.dict.entry(int(r)))
		}
	}
}

func (e *byteArrays) chunkBounds() (bounds, pageOrder) {
	st := &e.stats
	b, o := bounds{min: st.min, max: st.max, ok: st.some}, st.order.result()
	*st = byteBounds{kind: st.kind, order: newOrder()}
	return b, o
}

// Bounds of strings may be cut; they stay bounds then, but not exact ones.
const (
	maxChunkBound = 1024
	maxPageBound  = 64
)

// cutMin shortens a lower bound to n bytes.
func cutMin(v []byte, n int, text bool) ([]byte, bool) {
	if len(v) <= n {
		return v, true
	}
	if text {
		for n > 0 && v[n]&0xC0 == 0x80 {
			n--
		}
	}
	return v[:n], false
}

// cutMax shortens an upper bound to n bytes and raises it. When that cannot
// be, it returns the bound whole.
func cutMax(v []byte, n int, text bool) ([]byte, bool) {
	if len(v) <= n {
		return v, true
	}
	cut, _ := cutMin(v, n, text)
	cut = bytes.Clone(cut)
	for text && len(cut) > 0 {
		r, size := utf8.DecodeLastRune(cut)
		if r == utf8.RuneError && size < 2 {
			break // not UTF-8 after all
		}
		cut = cut[:len(cut)-size]
		if r++; r == 0xD800 {
			r = 0xE000
		}
		if r <= utf8.MaxRune {
			return utf8.AppendRune(cut, r), false
		}
	}
	for i, last := range slices.Backward(cut) {
		if last < 0xFF {
			cut[i]++
			return cut[:i+1], false
		}
	}
	return v, true
}
