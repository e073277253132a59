package datagen

import "github.com/weirflow/weir/flow"

// blockLen is how many changes share a pool of keys. A pool is made in one
// block and used in it and the next, so that the state at any change follows
// from at most two blocks, and a position is a number.
const blockLen = 10_000

// deckLen changes hold six inserts, three updates and one delete.
const deckLen = 10

// insertsPerBlock is how many keys a block makes.
const insertsPerBlock = blockLen / deckLen * 6

// live is a row of the table: its key and the change that wrote it.
type live struct{ key, write int64 }

// changes is the table behind the changes, as far as it can still change: the
// rows of keys that this block or the one before made.
type changes struct {
	order, aim lane
	next       int64 // number of the next change
	keys       int64 // made so far
	older      []live
	younger    []live
	known      bool // whether older is filled; not while it is being found out
	deck       [deckLen]flow.OpKind
}

// newChanges is the state before change number next.
func newChanges(seed uint64, next int64) *changes {
	c := &changes{order: newLane(seed, -1), aim: newLane(seed, -2)}
	block := max(next/blockLen-1, 0)
	c.next, c.keys = block*blockLen, block*insertsPerBlock
	c.known = block == 0
	for c.next < next {
		c.step(nil)
	}
	return c
}

// step makes one change and gives its rows to emit.
func (c *changes) step(emit func(live, flow.OpKind)) {
	n := c.next
	if n%blockLen == 0 && n > 0 {
		c.turn()
	}
	if n%deckLen == 0 {
		c.shuffle(n / deckLen)
	}
	op := c.deck[n%deckLen]
	c.next++
	if op == flow.Insert {
		row := live{c.keys, n}
		c.keys++
		c.younger = append(c.younger, row)
		give(emit, row, flow.Insert)
		return
	}
	pool := &c.younger
	aim := c.aim.bits(n)
	if n >= blockLen && (aim&1 == 0 || len(c.younger) == 0) {
		pool = &c.older
		if !c.known {
			return
		}
	}
	i := int((aim >> 1) % uint64(len(*pool)))
	row := (*pool)[i]
	if op == flow.Delete {
		last := len(*pool) - 1
		(*pool)[i] = (*pool)[last]
		*pool = (*pool)[:last]
		give(emit, row, flow.Delete)
		return
	}
	give(emit, row, flow.Before)
	row.write = n
	(*pool)[i] = row
	give(emit, row, flow.Update)
}

func give(emit func(live, flow.OpKind), row live, op flow.OpKind) {
	if emit != nil {
		emit(row, op)
	}
}

// turn begins a block: the keys of the last one become the older ones. The
// first block that starts from nothing does not know those.
func (c *changes) turn() {
	c.known = len(c.younger) > 0
	c.older, c.younger = c.younger, c.older[:0]
}

// shuffle deals the next changes. The first of all are inserts, so that the
// others have rows to change.
func (c *changes) shuffle(deck int64) {
	const i, u, d = flow.Insert, flow.Update, flow.Delete
	c.deck = [deckLen]flow.OpKind{i, i, i, i, i, i, u, u, u, d}
	if deck == 0 {
		return
	}
	for at := deckLen - 1; at > 0; at-- {
		to := c.order.below(deck*deckLen+int64(at), uint64(at+1))
		c.deck[at], c.deck[to] = c.deck[to], c.deck[at]
	}
}
