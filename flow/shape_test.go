package flow_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
)

// shape is how a graph is run, which must not matter for what comes out.
type shape struct {
	chunk      int
	par        int
	memory     int64
	checkpoint time.Duration
	crashes    bool
}

type cell struct{ ID, Val int64 }

type cellFlow = flow.Flow[cell]

// graphOps are steps of random graphs. What comes out of each depends, as a
// set, on what goes in as a set.
var graphOps = []func(g *graph, in cellFlow) cellFlow{
	func(g *graph, in cellFlow) cellFlow {
		return flow.Map(in, func(c cell) cell { c.Val = c.Val*31 + 7; return c })
	},
	func(g *graph, in cellFlow) cellFlow {
		m := 2 + g.rng.Int64N(3)
		return flow.Filter(in, func(c cell) bool { return c.Val%m != 0 })
	},
	func(g *graph, in cellFlow) cellFlow {
		return flow.FlatMap(in, func(c cell, emit func(cell) error) error {
			for i := range c.ID % 3 {
				if err := emit(cell{c.ID, c.Val + i}); err != nil {
					return err
				}
			}
			return nil
		})
	},
	func(g *graph, in cellFlow) cellFlow { return flow.Async(in) },
	func(g *graph, in cellFlow) cellFlow { return flow.Spread(in, g.par) },
	func(g *graph, in cellFlow) cellFlow { return flow.Merge(in, g.any(), in) },
	func(g *graph, in cellFlow) cellFlow {
		yes, no := flow.Split(in, func(c cell) bool { return c.Val%2 == 0 })
		return flow.Merge(flow.Async(yes), flow.Map(no, func(c cell) cell { c.Val = -c.Val; return c }))
	},
	func(g *graph, in cellFlow) cellFlow {
		good, bad := flow.Attempt(in, func(c cell) (cell, error) {
			if c.Val%5 == 0 {
				return c, errBoom
			}
			return c, nil
		})
		return flow.Merge(good, flow.Map(bad, func(f flow.Failed[cell]) cell { return cell{f.In.ID, f.In.Val + 1} }))
	},
	func(g *graph, in cellFlow) cellFlow {
		ops := []flow.Op{flow.Workers(g.par + 1), flow.ChunkRows(1 + g.chunk/8)}
		if g.rng.IntN(2) == 0 {
			ops = append(ops, flow.Unordered())
		}
		return flow.MapAsync(in, func(_ context.Context, c cell) (cell, error) { c.Val++; return c, nil }, ops...)
	},
	func(g *graph, in cellFlow) cellFlow {
		batches := flow.FilterRows(flow.ToBatches(in, flow.ChunkRows(g.chunk)), func(b flow.Batch, keep []bool) {
			for i, v := range flow.Col[int64](b, "Val") {
				keep[i] = v%7 != 0
			}
		})
		return flow.ToRows[cell](flow.Async(batches))
	},
	func(g *graph, in cellFlow) cellFlow {
		return flow.Process(g.keyed(in), g.name("count"), func(c *flow.Ctx[int64, int64, cell], _ cell) error {
			*c.State++
			return c.Emit(cell{c.Key, *c.State})
		})
	},
	func(g *graph, in cellFlow) cellFlow {
		timed := flow.EventTime(in, func(c cell) time.Time { return time.Unix(c.ID, 0) }, time.Hour, flow.Name(g.name("time")))
		return flow.ProcessTimed(g.keyed(timed), g.name("sum"), func(c *flow.Ctx[int64, int64, cell], v cell) error {
			*c.State += v.Val
			c.Timer(time.Unix(1_000_000, 0)) // when all is there
			return nil
		}, func(c *flow.Ctx[int64, int64, cell]) error {
			defer c.Clear()
			return c.Emit(cell{c.Key, *c.State})
		})
	},
	func(g *graph, in cellFlow) cellFlow {
		return flow.CoProcess(g.keyed(in), g.keyed(g.any()), g.name("both"),
			func(c *flow.Ctx[int64, both, cell], _ cell) error {
				c.State.L++
				return c.Emit(cell{c.Key, int64(c.State.L)})
			},
			func(c *flow.Ctx[int64, both, cell], _ cell) error {
				c.State.R++
				return c.Emit(cell{c.Key, -int64(c.State.R)})
			})
	},
}

// graph is a random graph, the same for the same seed whatever its shape.
type graph struct {
	shape
	rng   *rand.Rand
	flows []cellFlow
	names int
}

func (g *graph) any() cellFlow { return g.flows[g.rng.IntN(len(g.flows))] }
func (g *graph) keyed(in cellFlow) flow.Keyed[int64, cell] {
	return flow.KeyBy(in, func(c cell) int64 { return c.ID % 17 }, flow.Parallel(g.par))
}

func (g *graph) name(what string) string {
	g.names++
	return fmt.Sprint(what, g.names)
}

// cellSource gives the cells of [from, to).
type cellSource struct {
	w        *world
	from, to int64
}

func (s cellSource) Run(_ context.Context, from *int64, out *flow.Emitter[cell, int64]) error {
	at := s.from
	if from != nil {
		at = *from
	}
	for ; at < s.to; at++ {
		if at%16 == 0 {
			if err := s.w.step("read"); err != nil {
				return err
			}
		}
		if err := out.Emit(cell{at, at * at}, at+1); err != nil {
			return err
		}
	}
	return nil
}

func buildShape(w *world, seed uint64, s shape, outs []*table) *flow.Pipeline {
	p := flow.New("shape", flow.StateDir("state"), flow.StateFS(w.fs()), flow.Checkpoint(s.checkpoint),
		flow.ChunkSize(s.chunk), flow.MemoryLimit(s.memory), flow.Debug(flow.CheckLeaks|flow.PoisonFreed))
	g := &graph{shape: s, rng: rand.New(rand.NewPCG(seed, 3))}
	g.flows = []cellFlow{
		flow.From(p, "a", cellSource{w, 0, 150}),
		flow.From(p, "b", cellSource{w, 100, 300}),
	}
	for range 3 + g.rng.IntN(4) {
		g.flows = append(g.flows, graphOps[g.rng.IntN(len(graphOps))](g, g.any()))
	}
	for i, out := range outs {
		in := g.flows[len(g.flows)-1-i]
		flow.To(in, g.name("out"), tableSink[cell]{out, func(c cell) string { return fmt.Sprint(c.ID, " ", c.Val) }})
	}
	return p
}

func runShape(t *testing.T, seed uint64, s shape) (rows [][]string, crashes int) {
	t.Helper()
	outs := []*table{newTable(), newTable()}
	c := toll{points: map[string]int{}, calm: !s.crashes}
	c.survive(t, int(seed), outs, func(w *world) *flow.Pipeline { return buildShape(w, seed, s, outs) })
	rows = make([][]string, len(outs))
	for i, out := range outs {
		rows[i] = slices.Sorted(slices.Values(out.rows))
	}
	return rows, c.crashes
}

// TestShapes runs random graphs in different shapes: with other chunks,
// lanes, memory and epochs, and through power failures. The same rows must
// come out.
func TestShapes(t *testing.T) {
	shapes := []shape{
		{256, 1, 1 << 28, 0, false},
		{1, 3, 1 << 10, time.Millisecond, false},
		{7, 2, 1 << 20, 200 * time.Microsecond, true},
		{64, 4, 1 << 12, time.Millisecond, true},
	}
	rows, crashes := 0, 0
	for seed := range uint64(2 * crashRuns()) {
		var want [][]string
		for i, s := range shapes {
			got, crashed := runShape(t, seed, s)
			rows, crashes = rows+len(got[0])+len(got[1]), crashes+crashed
			if i == 0 {
				want = got
				continue
			}
			for out := range want {
				if !slices.Equal(got[out], want[out]) {
					t.Errorf("seed %d, shape %+v: output %d has %d rows, want the same %d as in shape %+v",
						seed, s, out, len(got[out]), len(want[out]), shapes[0])
				}
			}
		}
	}
	t.Logf("%d rows, %d crashes", rows, crashes)
}
