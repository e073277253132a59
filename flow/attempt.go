package flow

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/weirflow/weir/internal/engine"
)

// Failed is an element that a function could not take, and why.
type Failed[A any] struct {
	In  A
	Err error
}

// Counted reports whether inputs are counted by references, like batches.
func (f Failed[A]) Counted() bool {
	_, release := engine.Refs[A]()
	return release != nil
}

func (f Failed[A]) held() arrow.RecordBatch { return rowsIn(f.In) }

// rowsIn returns the rows that v holds, nil when it holds none.
func rowsIn(v any) arrow.RecordBatch {
	if h, ok := v.(holder); ok {
		return h.held()
	}
	return nil
}

// Retain adds a reference to an input that is counted, like a batch.
func (f Failed[A]) Retain() {
	if in, ok := any(f.In).(interface{ Retain() }); ok {
		in.Retain()
	}
}

// Release gives that reference back.
func (f Failed[A]) Release() {
	if in, ok := any(f.In).(interface{ Release() }); ok {
		in.Release()
	}
}

// Attempt is [TryMap] with the failures as a flow of their own: a dead-letter
// flow, which ends in a sink like any other. Every element goes to exactly
// one of the two.
func Attempt[A, B any](in Flow[A], f func(A) (B, error), ops ...Op) (ok Flow[B], failed Flow[Failed[A]]) {
	ok = operator[B](in, "attempt", ops)
	failed = add[Failed[A]](in.n.p, &node{
		name: ok.n.name + ".failed", kind: "operator", what: "attempt", par: in.n.par, in: []*node{in.n},
	})
	consume(in, func(c *compile, l *engine.Lane) (engine.Port[A], error) {
		good, err := outlet[B](c, ok.n, l)
		if err != nil {
			return engine.Port[A]{}, err
		}
		bad, err := outlet[Failed[A]](c, failed.n, l)
		if err != nil {
			return engine.Port[A]{}, err
		}
		id, push := ok.n.id, giving[A](good.Push)
		return engine.Port[A]{
			Push: func(a A) error {
				l.At = id
				b, err := f(a)
				if err != nil {
					return bad.Push(Failed[A]{a, err})
				}
				return push(a, b)
			},
			Ctl: func(c engine.Ctl) error {
				if err := good.Ctl(c); err != nil {
					return err
				}
				return bad.Ctl(c)
			},
		}, nil
	})
	return ok, failed
}
