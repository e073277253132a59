package flow

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/weirflow/weir/internal/bincode"
	"github.com/weirflow/weir/internal/engine"
)

// Ctx is what a stateful function sees besides the element. It is valid for
// the call.
type Ctx[K comparable, S, B any] struct {
	Key   K
	State *S        // zero at first; what is changed is kept
	Time  time.Time // of the timer; else the watermark

	op      *process[K, S, B]
	out     func(B) error
	cleared bool
	err     error
}

// Emit sends b on and gives it away.
func (c *Ctx[K, S, B]) Emit(b B) error { return c.out(b) }

// Clear forgets the state of the key.
func (c *Ctx[K, S, B]) Clear() { c.cleared = true }

// Timer asks for a call at the event time at, for this key: when the
// watermark has reached it. The same time asked for twice is one call.
func (c *Ctx[K, S, B]) Timer(at time.Time) {
	if c.op.onTimer == nil {
		c.err = fmt.Errorf("a timer without a function for it: use ProcessTimed")
		return
	}
	c.op.timers.add(timerID[K]{at.UnixNano(), c.Key})
}

// Process is the general stateful operator: f is called with every element
// and the state of its key. name identifies the state.
func Process[K comparable, T, S, B any](in Keyed[K, T], name string, f func(c *Ctx[K, S, B], v T) error) Flow[B] {
	return ProcessTimed(in, name, f, nil)
}

// ProcessTimed is Process with timers: onTimer is called for each that was
// asked for, in the order of their times, when the watermark reaches it.
func ProcessTimed[K comparable, T, S, B any](
	in Keyed[K, T], name string,
	f func(c *Ctx[K, S, B], v T) error, onTimer func(c *Ctx[K, S, B]) error,
) Flow[B] {
	return ApplyKeyed(in, name, func(_ context.Context, t OpenTask) (Operator[T, B], error) {
		p, err := openProcess[K, S, B](t, in.codec, onTimer)
		if err != nil {
			return nil, err
		}
		return &processOf[K, T, S, B]{process: p, key: in.key, f: f}, nil
	})
}

// processOf is a process of elements of one type.
type processOf[K comparable, T, S, B any] struct {
	*process[K, S, B]
	key func(T) K
	f   func(c *Ctx[K, S, B], v T) error
}

// Push calls the function with the state of v's key.
func (p *processOf[K, T, S, B]) Push(v T, out func(B) error) error {
	k := p.key(v)
	cell, err := p.cells.touch(k)
	if err != nil {
		return err
	}
	p.begin(k, cell, out, p.now)
	if err := p.f(&p.ctx, v); err != nil {
		return err
	}
	return p.end(cell)
}

// Side is an element of one of the two inputs of CoProcess.
type side[L, R any] struct {
	left  L
	right R
	isR   bool
}

// Counted reports whether either is counted by references.
func (s side[L, R]) Counted() bool {
	_, left := engine.Refs[L]()
	_, right := engine.Refs[R]()
	return left != nil || right != nil
}

func (s side[L, R]) one() any {
	if s.isR {
		return s.right
	}
	return s.left
}

func (s side[L, R]) held() arrow.RecordBatch { return rowsIn(s.one()) }

// Retain adds a reference to an element that is counted.
func (s side[L, R]) Retain() {
	if v, ok := s.one().(interface{ Retain() }); ok {
		v.Retain()
	}
}

// Release gives it back.
func (s side[L, R]) Release() {
	if v, ok := s.one().(interface{ Release() }); ok {
		v.Release()
	}
}

// CoProcess is Process of two keyed flows that share their state: one lane
// sees both, no lock is needed.
func CoProcess[K comparable, L, R, S, B any](
	l Keyed[K, L], r Keyed[K, R], name string,
	onL func(c *Ctx[K, S, B], v L) error, onR func(c *Ctx[K, S, B], v R) error,
) Flow[B] {
	if l.in.n.p != r.in.n.p {
		l.in.n.p.fail(fmt.Errorf("%s: flows of two pipelines", name))
		r = Keyed[K, R]{Map(l.in, func(L) R { return *new(R) }), r.key, r.codec}
	}
	keyed := Keyed[K, side[L, R]]{codec: l.codec, key: func(s side[L, R]) K {
		if s.isR {
			return r.key(s.right)
		}
		return l.key(s.left)
	}}
	keyed.in = shuffle(keyed, name+".both", max(l.in.n.par, r.in.n.par),
		Map(l.in, func(v L) side[L, R] { return side[L, R]{left: v} }),
		Map(r.in, func(v R) side[L, R] { return side[L, R]{right: v, isR: true} }))
	return Process(keyed, name, func(c *Ctx[K, S, B], s side[L, R]) error {
		if s.isR {
			return onR(c, s.right)
		}
		return onL(c, s.left)
	})
}

// process is what the stateful operators share: cells of state, timers and
// time.
type process[K comparable, S, B any] struct {
	task    OpenTask
	cells   *cells[K, S]
	timers  *timers[K]
	onTimer func(c *Ctx[K, S, B]) error
	now     time.Time
	ctx     Ctx[K, S, B]
}

func openProcess[K comparable, S, B any](
	t OpenTask, key *bincode.KeyCodec[K], onTimer func(c *Ctx[K, S, B]) error,
) (*process[K, S, B], error) {
	cells, err := openCells[K, S](t, key)
	if err != nil {
		return nil, err
	}
	p := &process[K, S, B]{task: t, cells: cells, onTimer: onTimer, now: time.Unix(0, minUnix).UTC()}
	p.timers = newTimers(key)
	p.ctx.op = p
	return p, p.restore()
}

// restore reads the timers, and as much of the cells as there is room for.
func (p *process[K, S, B]) restore() error {
	return p.task.Scan(func(group int, key, val []byte) error {
		if len(key) == 0 {
			return fmt.Errorf("state of %s: an empty key", p.task.Name)
		}
		switch key[0] {
		case cellPrefix:
			return p.cells.restore(group, key[1:], val)
		case timerPrefix:
			if p.onTimer == nil {
				return Markf(Conflict, "the state of %s has timers and the operator has no function for them:"+
					" use ProcessTimed, or give it a new name to begin anew", p.task.Name)
			}
			return p.timers.restore(key[1:])
		default:
			return fmt.Errorf("state of %s: key of unknown kind %q", p.task.Name, key[0])
		}
	})
}

func (p *process[K, S, B]) begin(k K, cell *cell[K, S], out func(B) error, at time.Time) {
	c := &p.ctx
	c.Key, c.State, c.Time, c.out, c.cleared, c.err = k, &cell.s, at, out, false, nil
}

func (p *process[K, S, B]) end(cell *cell[K, S]) error {
	if p.ctx.cleared {
		p.cells.clear(cell)
	}
	return p.ctx.err
}

// Watermark calls the timers that are due.
func (p *process[K, S, B]) Watermark(t time.Time, out func(B) error) error {
	p.now = t
	for {
		due, ok := p.timers.due(t.UnixNano())
		if !ok {
			return nil
		}
		cell, err := p.cells.touch(due.key)
		if err != nil {
			return err
		}
		p.begin(due.key, cell, out, time.Unix(0, due.at).UTC())
		if err := p.onTimer(&p.ctx); err != nil {
			return err
		}
		if err := p.end(cell); err != nil {
			return err
		}
	}
}

// Snapshot hands the changed cells over without encoding them.
func (p *process[K, S, B]) Snapshot(e Epoch, w StateWriter) error {
	p.timers.snapshot(w, p.cells.group)
	p.cells.snapshot(e, w)
	return nil
}

// Close frees nothing: the memory is the collector's.
func (p *process[K, S, B]) Close() error { return nil }

const (
	cellPrefix  = 'c'
	timerPrefix = 't'
	minUnix     = -1 << 63
)
