package engine

import (
	"fmt"
	"sync"
)

// chunk is what travels through an inbox: elements, and their bytes.
type chunk[T any] struct {
	v     []T
	bytes int64
}

// Exchange joins the lanes of some flows to the lanes of the next stage:
// every producer has a ring in the inbox of every consumer.
type Exchange[T any] struct {
	name   string
	size   int // elements in a chunk
	boxes  []*Inbox
	lanes  []*Lane
	pool   sync.Pool
	sizer  Sizer[T]
	retain func(T)
	free   func(T)
	rows   func(T) int64

	pointers bool // elements may point to memory
}

// ExchangeConfig is the shape of an [Exchange].
type ExchangeConfig struct {
	Name      string
	Node      int32 // of the stage that consumes
	Producers int   // lanes that write, over all inputs
	Consumers int   // lanes that read
	Chunk     int   // elements in a chunk
	Depth     int   // chunks in a ring
}

// chunkBytes bounds a chunk of elements of one size.
const chunkBytes = 1 << 20

// NewExchange makes the inboxes, and the lanes that read them, of a stage.
func NewExchange[T any](r *Run, c ExchangeConfig) *Exchange[T] {
	x := &Exchange[T]{name: c.Name, size: c.Chunk, sizer: SizerOf[T](), rows: Rows[T](), pointers: Pointers[T]()}
	x.retain, x.free = Refs[T]()
	x.size = min(x.size, max(1, int(chunkBytes/x.sizer.Fixed)))
	if x.free != nil {
		x.size = 1
	}
	x.pool.New = func() any { return &chunk[T]{v: make([]T, 0, x.size)} }
	for s := range c.Consumers {
		box := newInbox(fmt.Sprintf("%s/%d", c.Name, s), c.Producers, c.Depth, func(d any) { x.drop(d.(*chunk[T])) })
		x.boxes = append(x.boxes, box)
		box.node, box.arrow = c.Node, x.free != nil
		x.lanes = append(x.lanes, r.NewLane(c.Node, s))
		r.boxes = append(r.boxes, box)
		r.buffers = append(r.buffers, box)
	}
	return x
}

// Lanes are the consuming lanes, for compiling what follows.
func (x *Exchange[T]) Lanes() []*Lane { return x.lanes }

// Read makes a task of consuming lane s: what comes out of its inbox goes to
// next.
func (x *Exchange[T]) Read(s int, next Port[T]) {
	l := x.lanes[s]
	t := &reader{lane: l, box: x.boxes[s], ctl: next.Ctl, time: MinTime}
	t.push = func(d any) error { return x.unpack(l, d.(*chunk[T]), next.Push) }
	l.Run.tasks = append(l.Run.tasks, t)
}

func (x *Exchange[T]) unpack(l *Lane, c *chunk[T], push func(T) error) error {
	x.count(l, c)
	if x.free != nil {
		return x.unpackCounted(l, c, push)
	}
	for i := range c.v {
		if err := push(c.v[i]); err != nil {
			return err
		}
	}
	l.At = l.root
	x.recycle(c)
	return nil
}

func (x *Exchange[T]) unpackCounted(l *Lane, c *chunk[T], push func(T) error) error {
	done := 0
	defer func() {
		for _, v := range c.v[done:] { // after an error or a panic
			x.free(v)
		}
		x.recycle(c)
	}()
	for ; done < len(c.v); done++ {
		if err := push(c.v[done]); err != nil {
			return err
		}
		x.free(c.v[done])
	}
	l.At = l.root
	return nil
}

func (x *Exchange[T]) count(l *Lane, c *chunk[T]) {
	rows := int64(len(c.v))
	if x.rows != nil {
		rows = 0
		for _, v := range c.v {
			rows += x.rows(v)
		}
	}
	l.Count(rows, c.bytes, 1)
}

func (x *Exchange[T]) drop(c *chunk[T]) {
	if x.free != nil {
		for _, v := range c.v {
			x.free(v)
		}
	}
	x.recycle(c)
}

// recycle keeps the chunk for later. It does not keep what its elements point
// to.
func (x *Exchange[T]) recycle(c *chunk[T]) {
	if x.pointers {
		clear(c.v)
	}
	c.v, c.bytes = c.v[:0], 0
	x.pool.Put(c)
}

// writer is the sending side of one producing lane towards one inbox.
type writer[T any] struct {
	x    *Exchange[T]
	box  *Inbox
	in   int // the producer's ring
	lane *Lane
	c    *chunk[T]
}

func (x *Exchange[T]) writer(l *Lane, to, in int) *writer[T] {
	w := &writer[T]{x: x, box: x.boxes[to], in: in, lane: l, c: x.pool.Get().(*chunk[T])}
	l.Run.OnEnd(l.root, func() error { x.drop(w.c); return nil })
	return w
}

func (w *writer[T]) push(v T) error {
	c := w.c
	c.v = append(c.v, v)
	if len(c.v) < cap(c.v) {
		return nil
	}
	return w.send(Ctl{})
}

// pushMany is push of several elements, copied at once.
func (w *writer[T]) pushMany(vs []T) error {
	for len(vs) > 0 {
		c := w.c
		n := copy(c.v[len(c.v):cap(c.v)], vs)
		c.v, vs = c.v[:len(c.v)+n], vs[n:]
		if len(c.v) < cap(c.v) {
			return nil
		}
		if err := w.send(Ctl{}); err != nil {
			return err
		}
	}
	return nil
}

// pushHeavy is push of elements that hold memory of their own.
func (w *writer[T]) pushHeavy(v T) error {
	if w.x.retain != nil {
		w.x.retain(v)
	}
	c := w.c
	c.v = append(c.v, v)
	c.bytes += w.x.sizer.Of(v)
	if len(c.v) < w.x.size && c.bytes < w.box.limit/2 {
		return nil
	}
	return w.send(Ctl{})
}

func (w *writer[T]) port() Port[T] {
	if w.x.retain == nil && w.x.sizer.Extra == nil {
		return Port[T]{Push: w.push, Ctl: w.ctl, Many: w.pushMany}
	}
	return Port[T]{Push: w.pushHeavy, Ctl: w.ctl}
}

// send puts the open chunk, if any, and the signal behind it.
func (w *writer[T]) send(ctl Ctl) error {
	c := w.c
	if len(c.v) == 0 {
		if ctl.Kind == None {
			return nil
		}
		return w.box.put(w.in, item{ctl: ctl}, w.lane)
	}
	if w.x.sizer.Extra == nil {
		c.bytes = int64(len(c.v)) * w.x.sizer.Fixed
	}
	w.c = w.x.pool.Get().(*chunk[T])
	return w.box.put(w.in, item{data: c, bytes: c.bytes, ctl: ctl}, w.lane)
}

func (w *writer[T]) ctl(c Ctl) error {
	if c.Kind == Flush {
		c = Ctl{}
	}
	return w.send(c)
}

// Write is the port of producing lane l, whose ring is number in. route says
// which consumer takes an element; it may be nil when there is one.
func (x *Exchange[T]) Write(l *Lane, in int, route func(T) int) Port[T] {
	if len(x.boxes) == 1 {
		return x.writer(l, 0, in).port()
	}
	ws := make([]*writer[T], len(x.boxes))
	for i := range ws {
		ws[i] = x.writer(l, i, in)
	}
	push := func(v T) error { return ws[route(v)].push(v) }
	if x.retain != nil || x.sizer.Extra != nil {
		push = func(v T) error { return ws[route(v)].pushHeavy(v) }
	}
	return Port[T]{
		Push: push,
		Ctl: func(c Ctl) error {
			for _, w := range ws {
				if err := w.ctl(c); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
