package parquet

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// bytesDict is a dictionary of strings.
type bytesDict struct {
	slots []bytesSlot // open addressing, a power of two
	shift uint
	seed  maphash.Seed
	mul   uint64
	ends  []uint32 // where each entry ends in data
	data  []byte
	fixed bool // entries have no length before them in the page
}

// bytesSlot is an entry of the table. key is the value itself if that is
// eight bytes at most, else a hash of it.
type bytesSlot struct {
	key  uint64
	size uint32
	ref  uint32 // index + 1; 0: free
}

func (d *bytesDict) entry(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = d.ends[i-1]
	}
	return d.data[start:d.ends[i]]
}

// open makes the dictionary ready.
func (d *bytesDict) open() {
	if d.slots == nil {
		d.slots, d.shift, d.mul = make([]bytesSlot, 1<<firstBits), 64-firstBits, randomOdd()
		d.seed = maphash.MakeSeed()
	}
}

// lookup appends the index of each value to refs. The values are in parts,
// none across two of them.
func (d *bytesDict) lookup(refs []uint32, lengths []int32, parts [][]byte) []uint32 {
	d.open()
	at := len(refs)
	refs = growWords(refs, len(lengths))
	out := refs[at:]
	part, rest := 0, []byte(nil)
	for i, n := range lengths {
		for len(rest) < int(n) {
			rest = parts[part]
			part++
		}
		var key uint64
		if n <= 8 {
			key = shortKey(rest, int(n))
		} else {
			key = d.hash(rest[:n])
		}
		out[i] = d.find(key, rest[:n])
		rest = rest[n:]
	}
	return refs
}

// ref returns the index of v.
func (d *bytesDict) ref(v []byte) uint32 {
	d.open()
	if len(v) <= 8 {
		return d.find(shortKey(v, len(v)), v)
	}
	return d.find(d.hash(v), v)
}

// shortKey is the first n bytes of b, eight at most, as a number.
func shortKey(b []byte, n int) uint64 {
	if len(b) >= 8 {
		return binary.LittleEndian.Uint64(b) & (1<<(8*n) - 1)
	}
	key := uint64(0)
	for i, c := range b[:n] {
		key |= uint64(c) << (8 * i)
	}
	return key
}

// hash is for values of more than eight bytes.
func (d *bytesDict) hash(v []byte) uint64 {
	if len(v) > 16 {
		return maphash.Bytes(d.seed, v)
	}
	a, b := binary.LittleEndian.Uint64(v), binary.LittleEndian.Uint64(v[len(v)-8:])
	hi, lo := bits.Mul64(a^d.mul, b+d.mul)
	return hi ^ lo
}

// find returns the index of v, whose key is given, and adds it if need be.
func (d *bytesDict) find(key uint64, v []byte) uint32 {
	mask := uint64(len(d.slots) - 1)
	size := uint32(len(v))
	for p := (key ^ uint64(size)) * d.mul >> d.shift; ; p++ {
		s := &d.slots[p&mask]
		if s.key == key && s.size == size && s.ref != 0 &&
			(size <= 8 || bytes.Equal(d.entry(int(s.ref-1)), v)) {
			return s.ref - 1
		}
		if s.ref == 0 {
			return d.add(s, key, v)
		}
	}
}

func (d *bytesDict) add(s *bytesSlot, key uint64, v []byte) uint32 {
	d.data = append(d.data, v...)
	d.ends = append(d.ends, uint32(len(d.data)))
	n := uint32(len(d.ends))
	*s = bytesSlot{key: key, size: uint32(len(v)), ref: n}
	if 2*int(n) > len(d.slots) {
		d.rehash()
	}
	return n - 1
}

// rehash doubles the table.
func (d *bytesDict) rehash() {
	old := d.slots
	d.slots = make([]bytesSlot, 2*len(old))
	d.shift--
	mask := uint64(len(d.slots) - 1)
	for _, s := range old {
		if s.ref == 0 {
			continue
		}
		p := (s.key ^ uint64(s.size)) * d.mul >> d.shift
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
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(e)))
		dst = append(dst, e...)
	}
	return dst
}

func (d *bytesDict) reset() {
	d.ends, d.data = d.ends[:0], d.data[:0]
	if len(d.slots) > keepSlots {
		d.slots = nil
	}
	clear(d.slots)
}
