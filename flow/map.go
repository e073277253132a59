package flow

import (
	"github.com/weirflow/weir/internal/engine"
)

// Map applies f to every element.
func Map[A, B any](in Flow[A], f func(A) B, ops ...Op) Flow[B] {
	out := operator[B](in, "map", ops)
	consume(in, func(c *compile, l *engine.Lane) (engine.Port[A], error) {
		next, err := outlet[B](c, out.n, l)
		if err != nil {
			return engine.Port[A]{}, err
		}
		port := engine.Port[A]{Push: mapping(l, out.n.id, f, next.Push), Ctl: next.Ctl}
		return port, nil
	})
	return out
}

// mapping is the push of Map: the shorter form when nothing is counted.
func mapping[A, B any](l *engine.Lane, id int32, f func(A) B, push func(B) error) func(A) error {
	if _, release := engine.Refs[B](); release == nil {
		return func(a A) error {
			l.At = id
			return push(f(a))
		}
	}
	give := giving[A](push)
	return func(a A) error {
		l.At = id
		return give(a, f(a))
	}
}

// TryMap is Map with a function that may fail, which stops the pipeline.
// [Attempt] gives the failures as a flow instead.
func TryMap[A, B any](in Flow[A], f func(A) (B, error), ops ...Op) Flow[B] {
	out := operator[B](in, "map", ops)
	consume(in, func(c *compile, l *engine.Lane) (engine.Port[A], error) {
		next, err := outlet[B](c, out.n, l)
		if err != nil {
			return engine.Port[A]{}, err
		}
		id, push := out.n.id, giving[A](next.Push)
		return engine.Port[A]{
			Push: func(a A) error {
				l.At = id
				b, err := f(a)
				if err != nil {
					return out.n.named(err)
				}
				return push(a, b)
			},
			Ctl: next.Ctl,
		}, nil
	})
	return out
}

// giving is push for an operator that made b out of a and gives b away: what
// is counted by references is released behind the push, unless it is the
// input itself, which was only borrowed.
func giving[A, B any](push func(B) error) func(A, B) error {
	_, release := engine.Refs[B]()
	if release == nil {
		return func(_ A, b B) error { return push(b) }
	}
	return func(a A, b B) error {
		err := push(b)
		if !sameRows(any(a), any(b)) {
			release(b)
		}
		return err
	}
}

// sameRows reports whether two elements share one reference.
func sameRows(a, b any) bool {
	x, ok := a.(Batch)
	y, also := b.(Batch)
	if ok && also {
		return x.RecordBatch == y.RecordBatch
	}
	return false
}
