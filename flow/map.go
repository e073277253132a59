package flow

import (
	"github.com/apache/arrow-go/v18/arrow"

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
// input itself, which was only borrowed. It is released after a panic too.
func giving[A, B any](push func(B) error) func(A, B) error {
	_, release := engine.Refs[B]()
	if release == nil {
		return func(_ A, b B) error { return push(b) }
	}
	return func(a A, b B) error {
		if !sameRows(any(a), any(b)) {
			defer release(b)
		}
		return push(b)
	}
}

// holder is an element with one reference to rows: a [Batch], a struct that
// embeds one, a [Failed] one.
type holder interface{ held() arrow.RecordBatch }

// sameRows reports whether two elements share one reference.
func sameRows(a, b any) bool {
	x, ok := a.(holder)
	y, also := b.(holder)
	return ok && also && x.held() == y.held()
}
