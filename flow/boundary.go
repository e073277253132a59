package flow

import (
	"fmt"

	"github.com/weirflow/weir/internal/engine"
)

// boundary is the general queue between lanes: several flows into par lanes.
// route makes, for a producing lane, the choice of the lane that takes an
// element.
func boundary[T any](what, name string, par int, route func(l *engine.Lane) func(T) int, ins ...Flow[T]) Flow[T] {
	p := ins[0].n.p
	n := &node{name: name, kind: "boundary", what: what, par: par}
	producers := 0
	for _, in := range ins {
		n.in = append(n.in, in.n)
		producers += in.n.par
	}
	out := add[T](p, n)
	key := int(out.n.id)
	exchange := func(c *compile) *engine.Exchange[T] {
		if x, ok := c.built[key]; ok {
			return x.(*engine.Exchange[T])
		}
		x := engine.NewExchange[T](c.run, engine.ExchangeConfig{
			Name: out.n.name, Node: out.n.id, Producers: producers, Consumers: par,
			Chunk: p.settings.chunk, Depth: p.settings.depth,
		})
		c.built[key] = x
		return x
	}
	p.stages = append(p.stages, func(c *compile) error {
		x := exchange(c)
		for s, l := range x.Lanes() {
			next, err := outlet[T](c, out.n, l)
			if err != nil {
				return err
			}
			x.Read(s, next)
		}
		return nil
	})
	first := 0
	for _, in := range ins {
		base := first
		first += in.n.par
		consume(in, func(c *compile, l *engine.Lane) (engine.Port[T], error) {
			return exchange(c).Write(l, base+l.Sub, route(l)), nil
		})
	}
	return out
}

// round sends the elements to each of par lanes in turn.
func round[T any](par int) func(l *engine.Lane) func(T) int {
	return func(l *engine.Lane) func(T) int {
		i := l.Sub
		return func(T) int { i++; return i % par }
	}
}

// straight keeps the elements in the lane that they come from.
func straight[T any](l *engine.Lane) func(T) int { return func(T) int { return l.Sub } }

// Merge joins flows of one type into one, on a goroutine of its own. Order is
// kept within each input.
func Merge[T any](ins ...Flow[T]) Flow[T] {
	if len(ins) == 0 {
		panic("flow: Merge of no flows")
	}
	name := ins[0].n.name + ".merge"
	for _, in := range ins {
		if in.n.p != ins[0].n.p {
			ins[0].n.p.fail(fmt.Errorf("merge %s: flows of two pipelines", name))
			return ins[0]
		}
	}
	return boundary("merge", name, 1, straight[T], ins...)
}

// Async runs what follows on a goroutine of its own, behind a bounded queue.
// Parallel flows stay parallel: lane by lane.
func Async[T any](in Flow[T]) Flow[T] {
	return boundary("async", in.n.name+".async", in.n.par, straight[T], in)
}

// Spread runs what follows on n goroutines. Order is not kept.
func Spread[T any](in Flow[T], n int) Flow[T] {
	n = max(1, n)
	return boundary("spread", in.n.name+".spread", n, round[T](n), in)
}
