package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// byteArrays encodes strings, bytes, and what is stored as bytes of a fixed
// width. The values of the open page are parts, in Arrow's memory where that
// is possible, and their lengths; or, for a column that comes as a
// dictionary, references into ours.
type byteArrays struct {
	t     leafType
	width int // 0: values differ in length
	dict  bytesDict
	stats byteBounds

	// Of columns that come as dictionaries.
	translate bool        // pages are references
	from      arrow.Array // the dictionary that seen belongs to
	seen      []int32     // our reference for each entry of from; -1: none yet
	stamps    []uint32    // page that used an entry last
	page      uint32      // number of the open page
}

func newByteArrays(t leafType) *byteArrays {
	e := &byteArrays{t: t, stats: byteBounds{order: newOrder(), kind: t.kind}}
	if t.physical == physFixed {
		e.width, e.dict.fixed = t.width, true
	}
	e.translate = t.kind == kindDictBytes
	return e
}

func (e *byteArrays) add(s *scratch, v selection) error {
	if v.len() == 0 {
		return nil
	}
	switch e.t.kind {
	case kindLargeBytes:
		return addStrings(s, v, arrow.Int64Traits.CastFromBytes)
	case kindDictBytes:
		return e.addDictionary(s, v)
	case kindFixedBytes:
		e.addFixed(s, v)
	case kindFloat16:
		e.addFixed(s, v)
	case kindDecimal:
		return e.addDecimals(s, v)
	default:
		return addStrings(s, v, arrow.Int32Traits.CastFromBytes)
	}
	return nil
}

var errLong = errors.New("a value of 2 GiB or more")

// addStrings appends values of which Arrow has offsets and bytes.
func addStrings[O int32 | int64](s *scratch, v selection, cast func([]byte) []O) error {
	d := v.arr.Data()
	offsets := cast(d.Buffers()[1].Bytes())[d.Offset() : d.Offset()+d.Len()+1]
	data := []byte{}
	if b := d.Buffers()[2]; b != nil {
		data = b.Bytes()
	}
	at := len(s.lengths)
	s.lengths = growWords(s.lengths, v.len())
	lengths := s.lengths[at:]
	if v.idx == nil {
		start := offsets[v.start]
		for i, end := range offsets[v.start+1 : v.end+1] {
			if int64(end-start) > math.MaxInt32-8 {
				return errLong
			}
			lengths[i] = int32(end - start)
			start = end
		}
		s.parts = append(s.parts, data[offsets[v.start]:offsets[v.end]])
		return nil
	}
	for i, j := range v.idx {
		start, end := offsets[j], offsets[j+1]
		if int64(end-start) > math.MaxInt32-8 {
			return errLong
		}
		lengths[i] = int32(end - start)
		s.own = append(s.own, data[start:end]...)
	}
	s.parts = append(s.parts, nil) // stands for what own got
	s.ownEnds = append(s.ownEnds, len(s.own))
	return nil
}

// addFixed appends values of a fixed width as they are in Arrow.
func (e *byteArrays) addFixed(s *scratch, v selection) {
	d := v.arr.Data()
	data := d.Buffers()[1].Bytes()[d.Offset()*e.width : (d.Offset()+d.Len())*e.width]
	if v.idx == nil {
		s.parts = append(s.parts, data[v.start*e.width:v.end*e.width])
	} else {
		for _, j := range v.idx {
			s.own = append(s.own, data[int(j)*e.width:int(j+1)*e.width]...)
		}
		s.parts = append(s.parts, nil)
		s.ownEnds = append(s.ownEnds, len(s.own))
	}
	e.addLengths(s, v.len())
}

func (e *byteArrays) addLengths(s *scratch, n int) {
	for range n {
		s.lengths = append(s.lengths, int32(e.width))
	}
}

// addDecimals appends decimals, big endian, in as many bytes as the
// precision needs.
func (e *byteArrays) addDecimals(s *scratch, v selection) error {
	src := buffer(v.arr, arrow.Decimal128Traits.CastFromBytes)
	for i := range v.len() {
		j := v.start + i
		if v.idx != nil {
			j = int(v.idx[i])
		}
		if !src[j].FitsInPrecision(e.t.precision) {
			return digitsError(src[j], e.t)
		}
		hi, lo := uint64(src[j].HighBits()), src[j].LowBits()
		for b := e.width - 1; b >= 0; b-- {
			if b >= 8 {
				s.own = append(s.own, byte(hi>>(8*(b-8))))
			} else {
				s.own = append(s.own, byte(lo>>(8*b)))
			}
		}
	}
	s.parts = append(s.parts, nil)
	s.ownEnds = append(s.ownEnds, len(s.own))
	e.addLengths(s, v.len())
	return nil
}

// addDictionary appends values that come as indices into a dictionary.
func (e *byteArrays) addDictionary(s *scratch, v selection) error {
	arr := v.arr.(*array.Dictionary)
	dict := arr.Dictionary()
	entry, err := entries(dict)
	if err != nil {
		return err
	}
	if e.translate && e.from != dict {
		e.from = dict
		e.seen = growWords(e.seen[:0], dict.Len())
		for i := range e.seen {
			e.seen[i] = -1
		}
	}
	for i := range v.len() {
		j := v.start + i
		if v.idx != nil {
			j = int(v.idx[i])
		}
		k := arr.GetValueIndex(j)
		if k < 0 || k >= dict.Len() {
			return fmt.Errorf("dictionary index %d of %d", k, dict.Len())
		}
		if dict.IsNull(k) {
			return errors.New("a null inside a dictionary; make the index null instead")
		}
		if !e.translate {
			b := entry(k)
			s.own = append(s.own, b...)
			s.lengths = append(s.lengths, int32(len(b)))
			continue
		}
		if e.seen[k] < 0 {
			e.seen[k] = int32(e.dict.ref(entry(k)))
		}
		s.refs = append(s.refs, uint32(e.seen[k]))
	}
	if !e.translate {
		s.parts = append(s.parts, nil)
		s.ownEnds = append(s.ownEnds, len(s.own))
	}
	return nil
}

// entries returns how to get at the values of a dictionary.
func entries(dict arrow.Array) (func(int) []byte, error) {
	switch d := dict.(type) {
	case *array.String:
		return func(i int) []byte { return []byte(d.Value(i)) }, nil
	case *array.LargeString:
		return func(i int) []byte { return []byte(d.Value(i)) }, nil
	case *array.Binary:
		return d.Value, nil
	case *array.LargeBinary:
		return d.Value, nil
	}
	return nil, fmt.Errorf("dictionary of %s", dict.DataType())
}

func (e *byteArrays) reset(s *scratch) {
	s.lengths, s.parts, s.own = s.lengths[:0], s.parts[:0], s.own[:0]
	s.ownEnds, s.refs = s.ownEnds[:0], s.refs[:0]
}

func (e *byteArrays) count(s *scratch) int {
	if e.translate {
		return len(s.refs)
	}
	return len(s.lengths)
}

func (e *byteArrays) size(s *scratch) int {
	if e.translate {
		return 4 * len(s.refs)
	}
	n := len(s.own)
	for _, p := range s.parts {
		n += len(p)
	}
	if e.width == 0 {
		n += 4 * len(s.lengths)
	}
	return n
}

func (e *byteArrays) candidates() []encoding {
	// Arrow's C++ reader makes dictionaries of plain pages only.
	if e.width > 0 || e.t.kind == kindDictBytes {
		return []encoding{encPlain}
	}
	return []encoding{encDeltaLength}
}

// settle makes the parts complete: those that are in own get their place.
func (s *scratch) settle() {
	start, k := 0, 0
	for i, p := range s.parts {
		if p == nil && k < len(s.ownEnds) {
			s.parts[i] = s.own[start:s.ownEnds[k]]
			start = s.ownEnds[k]
			k++
		}
	}
	s.ownEnds = s.ownEnds[:0]
}

func (e *byteArrays) append(s *scratch, dst []byte, enc encoding, n int) []byte {
	s.settle()
	lengths := s.lengths
	if n >= 0 && n < len(lengths) {
		lengths = lengths[:n]
	}
	if enc == encPlain && e.width == 0 {
		return appendPlain(dst, lengths, s.parts)
	}
	if enc == encDeltaLength {
		dst = appendDelta(dst, lengths)
	}
	total := 0
	for _, l := range lengths {
		total += int(l)
	}
	for _, p := range s.parts {
		p = p[:min(len(p), total)]
		dst = append(dst, p...)
		total -= len(p)
	}
	return dst
}

// appendPlain appends values, each behind its length.
func appendPlain(dst []byte, lengths []int32, parts [][]byte) []byte {
	total := 0
	for _, n := range lengths {
		total += 4 + int(n)
	}
	at := len(dst)
	dst = grow(dst, total)
	out := dst[at:]
	part, rest := 0, []byte(nil)
	for _, n := range lengths {
		for len(rest) < int(n) {
			rest = parts[part]
			part++
		}
		binary.LittleEndian.PutUint32(out, uint32(n))
		copy(out[4:], rest[:n])
		out, rest = out[4+n:], rest[n:]
	}
	return dst
}

// eachValue calls f with the first n values of the page; parts are settled.
func eachValue(s *scratch, n int, f func([]byte)) {
	part, rest := -1, []byte(nil)
	for _, l := range s.lengths[:n] {
		for len(rest) < int(l) || part < 0 {
			part++
			rest = s.parts[part]
		}
		f(rest[:l])
		rest = rest[l:]
	}
}

func (e *byteArrays) hashes(s *scratch, add func([]byte)) {
	if e.translate {
		for _, r := range s.refs {
			add(e.dict.entry(int(r)))
		}
		return
	}
	s.settle()
	eachValue(s, len(s.lengths), add)
}

func (e *byteArrays) dictionary() dictionary { return &e.dict }

func (e *byteArrays) lookup(s *scratch, n int) {
	if e.translate {
		return
	}
	s.settle()
	s.refs = e.dict.lookup(s.refs[:0], s.lengths[:n], s.parts)
}

// spell ends the time of pages that are references: the dictionary is too
// large, and the values themselves are needed.
func (e *byteArrays) spell() { e.translate = false }
