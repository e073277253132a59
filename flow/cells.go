package flow

import (
	"fmt"
	"maps"
	"sync"

	"github.com/weirflow/weir/internal/bincode"
)

// cell is the state of one key. A cell is changed by the lane only. The
// completer reads it for the snapshot of the epoch in which it was last
// changed, under the lock of its cells; a lane that wants to change it before
// that encodes it first.
type cell[K comparable, S any] struct {
	key     K
	s       S
	changed Epoch // the epoch of the last change; 0: as in the store
	encoded Epoch // under the lock: the newest epoch whose snapshot has it
	dead    bool  // cleared in the epoch in which it was changed
}

// cells is the keyed state of one lane: a map over the store. A barrier hands
// the list of changed cells over and costs no more than that; they are
// encoded beside the next epoch.
type cells[K comparable, S any] struct {
	task  OpenTask
	key   *bincode.KeyCodec[K]
	codec *bincode.Codec[S]

	live    map[K]*cell[K, S]
	max     int  // cells to keep; more are dropped when the store has them
	partial bool // the store may hold keys that live does not
	epoch   Epoch
	changed []*cell[K, S]
	cleared []tombstone
	gone    map[K]Epoch // cleared; the store may not know until that epoch is durable
	slab    []cell[K, S]
	free    []*cell[K, S]

	mu      sync.Mutex
	pending []*snapshot[K, S] // unfinished, oldest first
}

type tombstone struct {
	group int
	key   []byte
}

// snapshot is the changed cells of an epoch on their way to the store.
type snapshot[K comparable, S any] struct {
	epoch Epoch
	cells []*cell[K, S]
	early map[*cell[K, S]][]byte // encoded by the lane, which wanted to go on
}

const slabCells = 64

func openCells[K comparable, S any](t OpenTask, key *bincode.KeyCodec[K]) (*cells[K, S], error) {
	codec, err := bincode.Of[S]()
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	if err := t.Schema(fmt.Sprintf("%T: %s", *new(K), codec.Schema())); err != nil {
		return nil, err
	}
	return &cells[K, S]{
		task: t, key: key, codec: codec, live: map[K]*cell[K, S]{}, gone: map[K]Epoch{}, epoch: t.Epoch, max: maxCells,
	}, nil
}

// maxCells bounds the cells that a lane keeps in memory when there is a store
// to find the others in.
const maxCells = 1 << 20

// restore takes a cell from the store, while there is room.
func (c *cells[K, S]) restore(_ int, key, val []byte) error {
	if len(c.live) >= c.max {
		c.partial = true
		return nil
	}
	k, err := c.key.DecodeKey(key)
	if err != nil {
		return fmt.Errorf("read stored key: %w", err)
	}
	one := c.make(k)
	return c.decode(val, one)
}

func (c *cells[K, S]) decode(val []byte, into *cell[K, S]) error {
	if err := c.codec.Decode(val, &into.s); err != nil {
		return fmt.Errorf("read the state of key %v: %w: if its type has changed, give the operator a new name"+
			" to begin anew", into.key, err)
	}
	return nil
}

func (c *cells[K, S]) make(k K) *cell[K, S] {
	var one *cell[K, S]
	if n := len(c.free); n > 0 {
		one, c.free = c.free[n-1], c.free[:n-1]
	} else {
		if len(c.slab) == 0 {
			c.slab = make([]cell[K, S], slabCells)
		}
		one, c.slab = &c.slab[0], c.slab[1:]
	}
	one.key = k
	c.live[k] = one
	return one
}

func (c *cells[K, S]) group(k K) int { return int(uint8(c.key.Hash(k))) }

// touch returns the cell of k, to be changed.
func (c *cells[K, S]) touch(k K) (*cell[K, S], error) {
	one := c.live[k]
	if one == nil {
		if len(c.live) >= c.max && !c.task.Stateless {
			c.evict()
		}
		one = c.make(k)
		if c.partial {
			if err := c.load(one); err != nil {
				return nil, err
			}
		}
	}
	if one.changed != c.epoch {
		c.preserve(one)
		one.changed = c.epoch
		c.changed = append(c.changed, one)
		if len(c.changed) == c.max {
			c.task.Checkpoint()
		}
	}
	return one, nil
}

// load reads the state of a key that live does not have, unless it was
// cleared since the store was written.
func (c *cells[K, S]) load(one *cell[K, S]) error {
	if e, ok := c.gone[one.key]; ok && e > c.task.Durable() {
		return nil
	}
	val, ok, err := c.task.Get(c.group(one.key), c.storeKey(nil, one.key))
	if err != nil || !ok {
		return err
	}
	return c.decode(val, one)
}

func (c *cells[K, S]) storeKey(dst []byte, k K) []byte {
	return c.key.AppendKey(append(dst, cellPrefix), k)
}

// preserve encodes one for the snapshot that waits for it, if one does.
func (c *cells[K, S]) preserve(one *cell[K, S]) {
	if one.changed == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.pending {
		if s.epoch == one.changed && one.encoded < s.epoch {
			s.early[one] = c.codec.Append(nil, &one.s)
			one.encoded = s.epoch
		}
	}
}

// clear forgets the state of a cell that has been touched.
func (c *cells[K, S]) clear(one *cell[K, S]) {
	delete(c.live, one.key)
	c.mu.Lock()
	one.dead, one.s = true, *new(S)
	c.mu.Unlock()
	if c.task.Stateless {
		return
	}
	c.gone[one.key] = c.epoch
	c.cleared = append(c.cleared, tombstone{c.group(one.key), c.storeKey(nil, one.key)})
}

// evict drops a few cells that the store has.
func (c *cells[K, S]) evict() {
	durable, tries := c.task.Durable(), 0
	for k, one := range c.live {
		if one.changed <= durable {
			delete(c.live, k)
			c.partial = true
			*one = cell[K, S]{}
			c.free = append(c.free, one)
		}
		if tries++; tries == 2 {
			return
		}
	}
}

// snapshot hands the changes of epoch e over.
func (c *cells[K, S]) snapshot(e Epoch, w StateWriter) {
	s := &snapshot[K, S]{epoch: e, cells: c.changed, early: map[*cell[K, S]][]byte{}}
	cleared := c.cleared
	c.changed, c.cleared, c.epoch = nil, nil, e+1
	if durable := c.task.Durable(); len(c.gone) > 0 {
		maps.DeleteFunc(c.gone, func(_ K, at Epoch) bool { return at <= durable })
	}
	if len(s.cells)+len(cleared) == 0 || c.task.Stateless {
		return
	}
	c.mu.Lock()
	c.pending = append(c.pending, s)
	c.mu.Unlock()
	w.Later(func(w StateWriter) error {
		for _, t := range cleared {
			w.Delete(t.group, t.key)
		}
		c.write(s, w)
		return nil
	})
}

// writeAtOnce is how many cells are encoded under one hold of the lock.
const writeAtOnce = 16

// write encodes the cells of s. It runs beside the lane.
func (c *cells[K, S]) write(s *snapshot[K, S], w StateWriter) {
	var room encoded
	for rest := s.cells; len(rest) > 0; {
		some := rest[:min(writeAtOnce, len(rest))]
		rest = rest[len(some):]
		c.writeSome(some, s, w, &room)
	}
	c.mu.Lock()
	c.pending = c.pending[1:]
	c.mu.Unlock()
}

// writeSome encodes under the lock and writes without it: what the writer
// gathers has to grow now and then, and the lane shall not wait for that.
func (c *cells[K, S]) writeSome(some []*cell[K, S], s *snapshot[K, S], w StateWriter, room *encoded) {
	room.vals, room.ends = room.vals[:0], room.ends[:0]
	c.encode(some, s, room)
	from := 0
	for i, one := range some {
		if room.ends[i] < 0 {
			continue // cleared in the same epoch
		}
		room.key = c.storeKey(room.key[:0], one.key)
		w.Set(c.group(one.key), room.key, room.vals[from:room.ends[i]])
		from = room.ends[i]
	}
}

// encoded is the state of some cells: where in vals each ends, -1 for none.
type encoded struct {
	key, vals []byte
	ends      []int
}

func (c *cells[K, S]) encode(some []*cell[K, S], s *snapshot[K, S], into *encoded) {
	c.mu.Lock()
	defer c.mu.Unlock() // a codec of a user's type may panic
	for _, one := range some {
		early, ok := s.early[one]
		switch {
		case ok:
			into.vals = append(into.vals, early...)
		case one.dead:
			into.ends = append(into.ends, -1)
			continue
		default:
			into.vals = c.codec.Append(into.vals, &one.s)
			one.encoded = s.epoch
		}
		into.ends = append(into.ends, len(into.vals))
	}
}
