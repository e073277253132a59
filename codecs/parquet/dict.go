package parquet

import "math/rand/v2"

// wordDict is a dictionary of integers or floats.
type wordDict[T word] struct {
	slots []wordSlot[T] // open addressing, a power of two
	shift uint
	mul   uint64 // odd and random: nobody can make keys collide
	keys  []T
}

type wordSlot[T word] struct {
	key T
	ref uint32 // index + 1; 0: free
}

const (
	firstBits = 10      // size of a table at first, in bits of an index
	keepSlots = 1 << 16 // of a table that is kept for the next chunk
)

// randomOdd is a multiplier for hashing.
func randomOdd() uint64 { return rand.Uint64() | 1<<63 | 1 }

// lookup appends the index of each value to refs.
func (d *wordDict[T]) lookup(refs []uint32, values []T) []uint32 {
	if d.slots == nil {
		d.slots, d.shift, d.mul = make([]wordSlot[T], 1<<firstBits), 64-firstBits, randomOdd()
	}
	slots, shift, mul := d.slots, d.shift, d.mul
	mask := len(slots) - 1
	at := len(refs)
	refs = growWords(refs, len(values))
	out := refs[at:]
	for i, v := range values {
		h := int(uint64(v) * mul >> shift)
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
		h := int(uint64(v) * d.mul >> d.shift)
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
	if len(d.slots) > keepSlots {
		d.slots = nil
	}
	clear(d.slots)
}
