package state

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// What is done to a key. A range runs from key up to value.
type stepKind uint8

const (
	kindSet stepKind = iota
	kindDelete
	kindRange
)

// A step is one change, taken out of a buffer.
type step struct {
	kind       stepKind
	key, value []byte
}

// An entry is a change of one key; its bytes are in the arena. It holds no
// pointer, so a million of them cost the garbage collector nothing.
type entry struct {
	word       uint64 // the eight bytes after the key's first: most comparisons end here
	chunk, off uint32
	klen, vlen uint32
	seq        uint32
	kind       stepKind
	first      byte // the key's first byte
}

// A span is a range that is deleted: from start up to end.
type span struct {
	start, end []byte
	seq        uint32
}

// buffer gathers the changes of an epoch in the order they are made.
type buffer struct {
	chunks  [][]byte
	entries []entry
	ranges  []span
	seq     uint32
	size    int64
}

const chunkSize = 1 << 20

// room returns n bytes of the arena, empty.
func (b *buffer) room(n int) (chunk uint32, at []byte) {
	last := len(b.chunks) - 1
	if last < 0 || cap(b.chunks[last])-len(b.chunks[last]) < n {
		first := chunkSize
		if last < 0 {
			first = 4 << 10 // most epochs are small
		}
		b.chunks = append(b.chunks, make([]byte, 0, max(n, first)))
		last++
	}
	c := b.chunks[last]
	return uint32(last), c[len(c) : len(c) : len(c)+n]
}

func (b *buffer) set(key, value []byte) {
	chunk, at := b.room(len(key) + len(value))
	b.add(kindSet, chunk, append(at, key...), value)
}

func (b *buffer) state(kind stepKind, op uint16, group uint8, key, value []byte) {
	chunk, at := b.room(stateHead + len(key) + len(value))
	b.add(kind, chunk, appendStateKey(at, op, group, key), value)
}

// add notes a change whose key was just written to the end of chunk.
func (b *buffer) add(kind stepKind, chunk uint32, key, value []byte) {
	off := len(b.chunks[chunk])
	at := append(key, value...)
	b.chunks[chunk] = b.chunks[chunk][:off+len(at)]
	b.seq++
	b.entries = append(b.entries, entry{
		word: word(key), chunk: chunk, off: uint32(off),
		klen: uint32(len(key)), vlen: uint32(len(value)), seq: b.seq, kind: kind, first: key[0],
	})
	b.size += int64(len(at))
}

func (b *buffer) deleteRange(start, end []byte) {
	if bytes.Compare(start, end) >= 0 {
		return
	}
	b.seq++
	b.ranges = append(b.ranges, span{start, end, b.seq})
	b.size += int64(len(start) + len(end))
}

func (b *buffer) key(e *entry) []byte {
	return b.chunks[e.chunk][e.off : e.off+e.klen]
}

func (b *buffer) step(e *entry) step {
	end := e.off + e.klen
	return step{e.kind, b.key(e), b.chunks[e.chunk][end : end+e.vlen]}
}

// inOrder returns the changes in the order they were made.
func (b *buffer) inOrder() []step {
	steps := make([]step, 0, len(b.entries)+len(b.ranges))
	ranges := b.ranges
	for i := range b.entries {
		e := &b.entries[i]
		for len(ranges) > 0 && ranges[0].seq < e.seq {
			steps = append(steps, step{kindRange, ranges[0].start, ranges[0].end})
			ranges = ranges[1:]
		}
		steps = append(steps, b.step(e))
	}
	for _, r := range ranges {
		steps = append(steps, step{kindRange, r.start, r.end})
	}
	return steps
}

// word returns the eight bytes after the first byte of key; they order keys
// with the same first byte, except for ties.
func word(key []byte) uint64 {
	var b [8]byte
	copy(b[:], key[1:])
	return binary.BigEndian.Uint64(b[:])
}

// settle sorts the changes by key and leaves one for each: the last one, if
// no range deleted it afterwards. The ranges come back sorted and disjoint;
// they apply to what was there before the epoch.
func (b *buffer) settle() []span {
	slices.SortFunc(b.entries, func(x, y entry) int {
		if c := cmp.Or(cmp.Compare(x.first, y.first), cmp.Compare(x.word, y.word)); c != 0 {
			return c
		}
		if c := bytes.Compare(b.key(&x), b.key(&y)); c != 0 {
			return c
		}
		return cmp.Compare(x.seq, y.seq)
	})
	cover := newCover(b.ranges)
	kept := b.entries[:0]
	for i := range b.entries {
		e := b.entries[i]
		if i+1 < len(b.entries) && bytes.Equal(b.key(&e), b.key(&b.entries[i+1])) {
			continue
		}
		if cover.seq(b.key(&e)) < e.seq {
			kept = append(kept, e)
		}
	}
	b.entries = kept
	return cover.union()
}

// cover answers, for keys in ascending order, when a range last deleted them.
type cover struct {
	parts []span // disjoint, ascending; seq is that of the latest range there
	at    int
}

func newCover(ranges []span) *cover {
	var edges [][]byte
	for _, r := range ranges {
		edges = append(edges, r.start, r.end)
	}
	slices.SortFunc(edges, bytes.Compare)
	edges = slices.CompactFunc(edges, bytes.Equal)
	sorted := slices.Clone(ranges)
	slices.SortFunc(sorted, func(x, y span) int { return bytes.Compare(x.start, y.start) })

	c := &cover{}
	var open []span
	for i := 0; i+1 < len(edges); i++ {
		for len(sorted) > 0 && bytes.Compare(sorted[0].start, edges[i]) <= 0 {
			open, sorted = append(open, sorted[0]), sorted[1:]
		}
		open = slices.DeleteFunc(open, func(r span) bool { return bytes.Compare(r.end, edges[i]) <= 0 })
		if len(open) > 0 {
			latest := slices.MaxFunc(open, func(x, y span) int { return cmp.Compare(x.seq, y.seq) })
			c.parts = append(c.parts, span{edges[i], edges[i+1], latest.seq})
		}
	}
	return c
}

func (c *cover) seq(key []byte) uint32 {
	for c.at < len(c.parts) && bytes.Compare(c.parts[c.at].end, key) <= 0 {
		c.at++
	}
	if c.at < len(c.parts) && bytes.Compare(c.parts[c.at].start, key) <= 0 {
		return c.parts[c.at].seq
	}
	return 0
}

// union joins parts that touch.
func (c *cover) union() []span {
	var all []span
	for _, p := range c.parts {
		if n := len(all); n > 0 && bytes.Equal(all[n-1].end, p.start) {
			all[n-1].end = p.end
			continue
		}
		all = append(all, p)
	}
	return all
}
