package engine

import (
	"sync"
	"time"
)

// item is a chunk of elements and the control signal that follows them.
type item struct {
	data  any // *chunk[T], nil when there is only a signal
	bytes int64
	ctl   Ctl
}

// queue is the bounded ring of one producer.
type queue struct {
	ring    []item
	head, n int
	bytes   int64
	held    bool // a barrier came through: nothing more until the others have it
	ended   bool
	idle    bool
	time    int64
	room    *sync.Cond
}

// Inbox is the input side of a lane: a ring for each producer, bounded in
// items and in bytes. A ring that is empty takes one item of any size.
type Inbox struct {
	name  string
	drop  func(any) // gives back a chunk that nobody will read
	limit int64     // bytes in one ring

	mu      sync.Mutex
	some    *sync.Cond
	in      []queue
	next    int
	waiting bool
	nudged  bool // get is to call before again
	closed  error

	node  int32
	arrow bool // what is in the rings is counted by an allocator too
}

func newInbox(name string, producers, depth int, drop func(any)) *Inbox {
	b := &Inbox{name: name, drop: drop, in: make([]queue, producers), limit: 1 << 62}
	b.some = sync.NewCond(&b.mu)
	for i := range b.in {
		b.in[i].ring = make([]item, depth)
		b.in[i].room = sync.NewCond(&b.mu)
		b.in[i].time = MinTime
	}
	return b
}

// put adds it to the ring of producer i, waiting for room. The time waited is
// added to the lane that waits.
func (b *Inbox) put(i int, it item, l *Lane) error {
	b.mu.Lock()
	q := &b.in[i]
	if b.full(q, it) && b.closed == nil {
		since := time.Now()
		for b.full(q, it) && b.closed == nil {
			q.room.Wait()
		}
		l.blocked.Add(int64(time.Since(since)))
	}
	if err := b.closed; err != nil {
		b.mu.Unlock()
		if it.data != nil {
			b.drop(it.data)
		}
		return err
	}
	q.ring[(q.head+q.n)%len(q.ring)] = it
	q.n++
	q.bytes += it.bytes
	wake := b.waiting
	b.mu.Unlock()
	if wake {
		b.some.Signal()
	}
	return nil
}

func (b *Inbox) full(q *queue, it item) bool {
	return q.n == len(q.ring) || q.n > 0 && q.bytes+it.bytes > b.limit
}

// get returns the next item of any producer that is not held. before is
// called, without the lock, once before it waits.
func (b *Inbox) get(before func() error) (int, item, error) {
	b.mu.Lock()
	for asked := false; ; {
		if err := b.closed; err != nil {
			b.mu.Unlock()
			return 0, item{}, err
		}
		if i, it, ok := b.take(); ok {
			b.mu.Unlock()
			return i, it, nil
		}
		if !asked {
			asked = true
			b.mu.Unlock()
			if err := before(); err != nil {
				return 0, item{}, err
			}
			b.mu.Lock()
			continue
		}
		if !b.nudged {
			b.waiting = true
			b.some.Wait()
			b.waiting = false
		}
		if b.nudged {
			b.nudged, asked = false, false
		}
	}
}

// nudge makes get call before again, if it waits.
func (b *Inbox) nudge() {
	b.mu.Lock()
	b.nudged = true
	b.mu.Unlock()
	b.some.Signal()
}

func (b *Inbox) take() (int, item, bool) {
	for range b.in {
		i := b.next
		if b.next++; b.next == len(b.in) {
			b.next = 0
		}
		q := &b.in[i]
		if q.n == 0 || q.held {
			continue
		}
		it := q.ring[q.head]
		q.ring[q.head] = item{}
		q.head = (q.head + 1) % len(q.ring)
		q.n--
		q.bytes -= it.bytes
		q.room.Signal()
		return i, it, true
	}
	return 0, item{}, false
}

// hold stops reading producer i until release.
func (b *Inbox) hold(i int) {
	b.mu.Lock()
	b.in[i].held = true
	b.mu.Unlock()
}

func (b *Inbox) releaseAll() {
	b.mu.Lock()
	for i := range b.in {
		b.in[i].held = false
	}
	b.mu.Unlock()
}

// close ends all waiting with err and gives back what is in the rings.
func (b *Inbox) close(err error) {
	b.mu.Lock()
	if b.closed == nil {
		b.closed = err
	}
	for i := range b.in {
		q := &b.in[i]
		for ; q.n > 0; q.n-- {
			if d := q.ring[q.head].data; d != nil {
				b.drop(d)
			}
			q.ring[q.head] = item{}
			q.head = (q.head + 1) % len(q.ring)
		}
		q.bytes = 0
		q.room.Broadcast()
	}
	b.mu.Unlock()
	b.some.Broadcast()
}

func (b *Inbox) shares() int64 { return int64(len(b.in)) }
func (b *Inbox) root() int32   { return b.node }
func (b *Inbox) pooled() bool  { return b.arrow }

// bound sets the limit of a ring. A producer's open chunk has at most half of
// that again.
func (b *Inbox) bound(bytes int64) { b.limit = max(1, bytes*2/3) }

// load returns the items and bytes waiting.
func (b *Inbox) load() (items int, bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.in {
		items += b.in[i].n
		bytes += b.in[i].bytes
	}
	return items, bytes
}
