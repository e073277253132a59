package engine

import (
	"context"
	"sync"
	"time"
)

// AsyncConfig is the shape of an [Async].
type AsyncConfig struct {
	Workers int
	Chunk   int // elements handed over at once
	Ordered bool
}

// Async is a lane whose elements are worked on by several goroutines. Slots
// are handed out in order; in order, or as they are done, the lane's own
// goroutine passes their results on. A signal passes behind all results of
// the elements before it, and before all of those behind it. What is in slots
// is bounded in slots and, up to one slot of any size, in bytes.
type Async[A, B any] struct {
	lane    *Lane
	cfg     AsyncConfig
	f       func(context.Context, A) (B, error)
	next    Port[B]
	give    func(A, B) error
	lose    func(A, B)
	keep    func(A)
	free    func(A)
	rows    func(A) int64
	inSize  Sizer[A]
	outSize Sizer[B]

	work   chan *slot[A, B]
	order  chan *slot[A, B] // what the lane passes on: all slots, or only signals
	ready  chan *slot[A, B] // done, when there is no order
	stops  chan struct{}
	once   sync.Once
	nudges chan struct{}

	mu      sync.Mutex
	room    *sync.Cond
	open    map[*slot[A, B]]bool // not passed on yet: they hold references
	held    int64                // bytes of those handed out
	limit   int64
	stopped bool

	cur  *slot[A, B] // of the producing lane
	sent int64
}

// NewAsync makes the asynchronous lane l that applies f.
func NewAsync[A, B any](l *Lane, cfg AsyncConfig, f func(context.Context, A) (B, error)) *Async[A, B] {
	a := &Async[A, B]{
		lane: l, cfg: cfg, f: f, stops: make(chan struct{}), nudges: make(chan struct{}, 1),
		open: map[*slot[A, B]]bool{}, limit: 1 << 62,
		rows: Rows[A](), inSize: SizerOf[A](), outSize: SizerOf[B](),
		work:  make(chan *slot[A, B], cfg.Workers),
		order: make(chan *slot[A, B], 2*cfg.Workers),
		ready: make(chan *slot[A, B], cfg.Workers),
	}
	a.room = sync.NewCond(&a.mu)
	a.keep, a.free = Refs[A]()
	a.cur = a.slot()
	l.Run.tasks = append(l.Run.tasks, a)
	l.Run.buffers = append(l.Run.buffers, a)
	l.Run.OnEnd(l.root, a.dropAll)
	return a
}

// Lane is the consuming lane, for compiling what follows.
func (a *Async[A, B]) Lane() *Lane { return a.lane }

// Into says where results and signals go. give passes on a result that was
// made of an input; lose gives up one that will not be passed on.
func (a *Async[A, B]) Into(next Port[B], give func(A, B) error, lose func(A, B)) {
	a.next, a.give, a.lose = next, give, lose
}

// Port is the port of the producing lane.
func (a *Async[A, B]) Port(from *Lane) Port[A] {
	return Port[A]{
		Push: func(v A) error {
			if a.keep != nil {
				a.keep(v)
			}
			s := a.cur
			s.in = append(s.in, v)
			s.bytes += a.inSize.Of(v)
			if a.rows == nil {
				s.rows++
			} else {
				s.rows += a.rows(v)
			}
			if len(s.in) < a.cfg.Chunk && s.bytes < a.limit/2 {
				return nil
			}
			return a.send(from)
		},
		Ctl: func(c Ctl) error {
			if c.Kind == Flush {
				c = Ctl{}
			}
			if c.Kind == None && len(a.cur.in) == 0 {
				return nil
			}
			if !a.cfg.Ordered && len(a.cur.in) > 0 {
				if err := a.send(from); err != nil {
					return err
				}
			}
			if a.cur.ctl = c; c.Kind == None && len(a.cur.in) == 0 {
				return nil
			}
			return a.send(from)
		},
	}
}

// send hands the open slot over.
func (a *Async[A, B]) send(from *Lane) error {
	s := a.cur
	a.cur = a.slot()
	if len(s.in) > 0 {
		a.sent++
	}
	s.sent = a.sent
	since := time.Now()
	defer func() { from.blocked.Add(int64(time.Since(since))) }()
	if err := a.admit(s); err != nil {
		return err
	}
	if a.cfg.Ordered || s.ctl.Kind != None {
		if err := a.offer(a.order, s); err != nil {
			return err
		}
	}
	if len(s.in) > 0 {
		return a.offer(a.work, s)
	}
	if a.cfg.Ordered {
		s.done <- struct{}{}
		return nil
	}
	select { // until the lane has passed the signal, nothing may overtake it
	case <-s.done:
		return nil
	case <-a.stops:
		return ErrStopped
	}
}

func (a *Async[A, B]) offer(to chan<- *slot[A, B], s *slot[A, B]) error {
	select {
	case to <- s:
		return nil
	case <-a.stops:
		return ErrStopped
	}
}

func (a *Async[A, B]) lanes() *Lane { return a.lane }

func (a *Async[A, B]) stop(error) {
	a.once.Do(func() {
		a.mu.Lock()
		a.stopped = true
		a.mu.Unlock()
		a.room.Broadcast()
		close(a.stops)
	})
}

func (a *Async[A, B]) nudge() {
	select {
	case a.nudges <- struct{}{}:
	default:
	}
}

func (a *Async[A, B]) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for range a.cfg.Workers {
		wg.Go(func() { a.worker(ctx) })
	}
	if a.cfg.Ordered {
		return a.inOrder()
	}
	return a.asDone()
}

func (a *Async[A, B]) worker(ctx context.Context) {
	for {
		select {
		case s := <-a.work:
			s.err = a.lane.Run.guard(a.lane.root, func() error { return a.apply(ctx, s) })
			s.done <- struct{}{}
			if a.cfg.Ordered {
				continue
			}
			select {
			case a.ready <- s:
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (a *Async[A, B]) apply(ctx context.Context, s *slot[A, B]) error {
	for _, v := range s.in {
		b, err := a.f(ctx, v)
		if err != nil {
			return err
		}
		s.out = append(s.out, b)
	}
	if a.outSize.Extra == nil {
		return nil
	}
	bytes := int64(0)
	for _, b := range s.out {
		bytes += a.outSize.Extra(b)
	}
	a.mu.Lock()
	s.bytes += bytes
	a.held += bytes
	a.mu.Unlock()
	return nil
}

// inOrder passes slots on in the order in which they were handed out.
func (a *Async[A, B]) inOrder() error {
	for {
		s, err := a.next1(a.order, nil)
		if err != nil {
			return err
		}
		select {
		case <-s.done:
		case <-a.stops:
			return ErrStopped
		}
		if end, err := a.pass(s); end || err != nil {
			return err
		}
	}
}

// asDone passes slots on as they are done, and signals when all before them
// have passed.
func (a *Async[A, B]) asDone() error {
	for passed := int64(0); ; {
		s, err := a.next1(a.ready, a.order)
		if err != nil {
			return err
		}
		for len(s.in) == 0 && passed < s.sent {
			r, err := a.next1(a.ready, nil)
			if err != nil {
				return err
			}
			if _, err := a.pass(r); err != nil {
				return err
			}
			passed++
		}
		if len(s.in) > 0 {
			passed++
		} else {
			s.done <- struct{}{}
		}
		if end, err := a.pass(s); end || err != nil {
			return err
		}
	}
}

// next1 receives from either channel. Before it waits it sends on what
// follows only in bulk.
func (a *Async[A, B]) next1(one, other <-chan *slot[A, B]) (*slot[A, B], error) {
	select {
	case s := <-one:
		return s, nil
	case s := <-other:
		return s, nil
	default:
	}
	for {
		if err := a.next.Ctl(Ctl{Kind: Flush}); err != nil {
			return nil, err
		}
		select {
		case s := <-one:
			return s, nil
		case s := <-other:
			return s, nil
		case <-a.nudges:
		case <-a.stops:
			return nil, ErrStopped
		}
	}
}

// pass sends the results of s on, and its signal.
func (a *Async[A, B]) pass(s *slot[A, B]) (end bool, err error) {
	if s.err != nil {
		return false, s.err
	}
	a.lane.Count(s.rows, s.bytes, 1)
	for i := range s.out {
		s.passed = i + 1 // it is given away whatever happens
		if err := a.give(s.in[i], s.out[i]); err != nil {
			return false, err
		}
	}
	a.lane.At = a.lane.root
	a.forget(s)
	if s.ctl.Kind == None {
		return false, nil
	}
	if err := a.next.Ctl(s.ctl); err != nil {
		return false, err
	}
	if s.ctl.Kind == Barrier {
		a.lane.Run.ack(s.ctl.Epoch)
	}
	return s.ctl.Kind == End, nil
}
