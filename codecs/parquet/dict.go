package parquet

import (
	"bytes"
	"hash/maphash"
)

// wordDict is a dictionary of integers or floats.
type wordDict[T word] struct {
	slots []wordSlot[T] // open addressing, a power of two
	shift uint
	keys  []T
}

type wordSlot[T word] struct {
	key T
	ref uint32 // index + 1; 0: free
}

const (
	firstSlots = 1 << 10
	golden     = 0x9E3779B97F4A7C15 // 2^64 divided by the golden ratio
)

// lookup appends the index of each value to refs.
func (d *wordDict[T]) lookup(refs []uint32, values []T) []uint32 {
	if d.slots == nil {
		d.slots, d.shift = make([]wordSlot[T], firstSlots), 64-10
	}
	slots, shift := d.slots, d.shift
	mask := len(slots) - 1
	at := len(refs)
	refs = growWords(refs, len(values))
	out := refs[at:]
	for i, v := range values {
		h := int(uint64(v) * golden >> shift)
		for {
			s := &slots[h&mask]
			if s.ref != 0 && s.key == v {
				out[i] = s.ref - 1
				break
			}
			if s.ref == 0 {
				d.keys = append(d.keys, v)
				*s = wordSlot[T]{v, uint32(len(d.keys))}
				out[i] = uint32(len(d.keys) - 1)
				if 2*len(d.keys) > len(slots) {
					d.rehash()
					slots, shift = d.slots, d.shift
					mask = len(slots) - 1
				}
				break
			}
			h++
		}
	}
	return refs
}

// rehash doubles the table.
func (d *wordDict[T]) rehash() {
	d.slots = make([]wordSlot[T], 2*len(d.slots))
	d.shift--
	mask := len(d.slots) - 1
	for i, v := range d.keys {
		h := int(uint64(v) * golden >> d.shift)
		for d.slots[h&mask].ref != 0 {
			h++
		}
		d.slots[h&mask] = wordSlot[T]{v, uint32(i + 1)}
	}
}

func (d *wordDict[T]) len() int { return len(d.keys) }

func (d *wordDict[T]) size() int { return len(d.keys) * wordBits[T]() / 8 }

func (d *wordDict[T]) append(dst []byte) []byte { return append(dst, wordBytes(d.keys)...) }

func (d *wordDict[T]) reset() {
	d.keys = d.keys[:0]
	clear(d.slots)
}

// bytesDict is a dictionary of strings.
type bytesDict struct {
	seed  maphash.Seed
	slots []bytesSlot
	ends  []uint32 // where each entry ends in data
	data  []byte
	fixed bool // entries have no length before them in the page
}

type bytesSlot struct {
	hash uint32
	ref  uint32 // index + 1; 0: free
}

// open makes the dictionary ready for ref.
func (d *bytesDict) open() {
	if d.slots == nil {
		d.slots = make([]bytesSlot, firstSlots)
	}
}

func (d *bytesDict) entry(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = d.ends[i-1]
	}
	return d.data[start:d.ends[i]]
}

// ref returns the index of v.
func (d *bytesDict) ref(v []byte) uint32 {
	h := uint32(maphash.Bytes(d.seed, v))
	mask := uint32(len(d.slots) - 1)
	for p := h; ; p++ {
		s := &d.slots[p&mask]
		if s.ref == 0 {
			d.data = append(d.data, v...)
			d.ends = append(d.ends, uint32(len(d.data)))
			n := uint32(len(d.ends))
			*s = bytesSlot{h, n}
			if 2*int(n) > len(d.slots) {
				d.rehash()
			}
			return n - 1
		}
		if s.hash == h && bytes.Equal(d.entry(int(s.ref-1)), v) {
			return s.ref - 1
		}
	}
}

// rehash doubles the table.
func (d *bytesDict) rehash() {
	old := d.slots
	d.slots = make([]bytesSlot, 2*len(old))
	mask := uint32(len(d.slots) - 1)
	for _, s := range old {
		if s.ref == 0 {
			continue
		}
		p := s.hash
		for d.slots[p&mask].ref != 0 {
			p++
		}
		d.slots[p&mask] = s
	}
}

func (d *bytesDict) len() int { return len(d.ends) }

func (d *bytesDict) size() int {
	if d.fixed {
		return len(d.data)
	}
	return len(d.data) + 4*len(d.ends)
}

func (d *bytesDict) append(dst []byte) []byte {
	if d.fixed {
		return append(dst, d.data...)
	}
	for i := range d.ends {
		e := d.entry(i)
		n := len(e)
		dst = append(dst, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
		dst = append(dst, e...)
	}
	return dst
}

func (d *bytesDict) reset() {
	d.ends, d.data = d.ends[:0], d.data[:0]
	clear(d.slots)
}
