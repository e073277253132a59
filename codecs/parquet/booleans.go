package parquet

import (
	"github.com/apache/arrow-go/v18/arrow/bitutil"
)

// booleans encodes a bit per value.
type booleans struct {
	some     bool
	min, max bool
	lo, hi   bool
	order    order
}

func (e *booleans) add(s *scratch, v selection) error {
	d := v.arr.Data()
	at := len(s.bools)
	s.bools = growWords(s.bools, v.len())
	for i := range s.bools[at:] {
		j := v.start + i
		if v.idx != nil {
			j = int(v.idx[i])
		}
		s.bools[at+i] = 0
		if bitutil.BitIsSet(d.Buffers()[1].Bytes(), d.Offset()+j) {
			s.bools[at+i] = 1
		}
	}
	return nil
}

func (e *booleans) reset(s *scratch) {
	s.bools = s.bools[:0]
	if !e.some {
		e.order = newOrder()
	}
}

func (e *booleans) count(s *scratch) int { return len(s.bools) }

func (e *booleans) size(s *scratch) int { return len(s.bools) / 8 }

func (e *booleans) candidates() []encoding { return []encoding{encPlain} }

func (e *booleans) append(s *scratch, dst []byte, _ encoding, n int) []byte {
	v := s.bools
	if n >= 0 && n < len(v) {
		v = v[:n]
	}
	return appendPacked(dst, v, 1)
}

func (e *booleans) lookup(*scratch, int) {}

func (e *booleans) dictionary() dictionary { return nil }

func (e *booleans) hashes(s *scratch, add func([]byte)) {
	for i := range s.bools {
		add(s.bools[i : i+1])
	}
}

func (e *booleans) bounds(s *scratch, _ bool) bounds {
	if len(s.bools) == 0 {
		return bounds{}
	}
	lo, hi := true, false
	for _, b := range s.bools {
		lo, hi = lo && b == 1, hi || b == 1
	}
	if e.some {
		e.order.next(compareBool(lo, e.lo), compareBool(hi, e.hi))
		e.min, e.max = e.min && lo, e.max || hi
	} else {
		e.min, e.max = lo, hi
	}
	e.some, e.lo, e.hi = true, lo, hi
	return bounds{min: encodeBool(lo), max: encodeBool(hi), ok: true}
}

func (e *booleans) chunkBounds() (bounds, pageOrder) {
	b, o := bounds{}, e.order.result()
	if e.some {
		b = bounds{min: encodeBool(e.min), max: encodeBool(e.max), ok: true}
	}
	*e = booleans{order: newOrder()}
	return b, o
}

func encodeBool(b bool) []byte {
	if b {
		return []byte{1}
	}
	return []byte{0}
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// nulls encodes a column of type null: levels only.
type nulls struct{}

func (nulls) add(*scratch, selection) error                         { return nil }
func (nulls) reset(*scratch)                                        {}
func (nulls) count(*scratch) int                                    { return 0 }
func (nulls) size(*scratch) int                                     { return 0 }
func (nulls) bounds(*scratch, bool) bounds                          { return bounds{} }
func (nulls) chunkBounds() (bounds, pageOrder)                      { return bounds{}, ascending }
func (nulls) candidates() []encoding                                { return []encoding{encPlain} }
func (nulls) append(_ *scratch, d []byte, _ encoding, _ int) []byte { return d }
func (nulls) lookup(*scratch, int)                                  {}
func (nulls) dictionary() dictionary                                { return nil }
func (nulls) hashes(*scratch, func([]byte))                         {}
