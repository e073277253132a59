package flow

import (
	"context"

	"github.com/weirflow/weir/internal/engine"
)

// defaultWorkers is how many calls of MapAsync run at once when not said.
const defaultWorkers = 4

// MapAsync applies f with Workers(n) calls running at once, for functions
// that wait for something. Results keep the order of their inputs, unless
// Unordered. ChunkRows(n) hands over n elements at a time, for functions that
// compute; 1 when not said. At most 2n+1 chunks are in flight, and fewer when
// they would take more than their share of the memory limit.
func MapAsync[A, B any](in Flow[A], f func(context.Context, A) (B, error), ops ...Op) Flow[B] {
	o := optsOf(ops)
	name := o.name
	if name == "" {
		name = in.n.name + ".async"
	}
	out := add[B](in.n.p, &node{name: name, kind: "boundary", what: "map async", par: in.n.par, in: []*node{in.n}})
	shape := engine.AsyncConfig{Workers: o.workers, Chunk: max(1, o.chunk), Ordered: !o.unordered}
	if shape.Workers <= 0 {
		shape.Workers = defaultWorkers
	}
	key := int(out.n.id)
	lanes := func(c *compile) []*engine.Async[A, B] {
		if a, ok := c.built[key]; ok {
			return a.([]*engine.Async[A, B])
		}
		as := make([]*engine.Async[A, B], in.n.par)
		for s := range as {
			l := c.run.NewLane(out.n.id, s)
			as[s] = engine.NewAsync(l, shape, func(ctx context.Context, a A) (B, error) {
				b, err := f(ctx, a)
				return b, out.n.named(err)
			})
		}
		c.built[key] = as
		return as
	}
	in.n.p.stages = append(in.n.p.stages, func(c *compile) error {
		for _, a := range lanes(c) {
			next, err := outlet[B](c, out.n, a.Lane())
			if err != nil {
				return err
			}
			a.Into(next, giving[A](next.Push), losing[A, B]())
		}
		return nil
	})
	consume(in, func(c *compile, l *engine.Lane) (engine.Port[A], error) {
		return lanes(c)[l.Sub].Port(l), nil
	})
	return out
}

// losing gives up a result that will not be pushed.
func losing[A, B any]() func(A, B) {
	drop := giving[A](func(B) error { return nil })
	return func(a A, b B) { _ = drop(a, b) } // a push that can not fail
}
