package flow_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirflow/weir/flow"
)

func ints(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func run(t *testing.T, p *flow.Pipeline) {
	t.Helper()
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestChain(t *testing.T) {
	p := flow.New("p")
	in := flow.FromSlice(p, "in", ints(1000))
	even := flow.Filter(in, func(i int) bool { return i%2 == 0 })
	text := flow.Map(even, func(i int) string { return fmt.Sprint(i) })
	got := flow.Collect(text)
	run(t, p)
	if len(*got) != 500 || (*got)[499] != "998" {
		t.Fatal(len(*got), (*got)[len(*got)-1])
	}
}

func TestBoundaries(t *testing.T) {
	for _, par := range []int{1, 2, 3} {
		p := flow.New("p")
		a := flow.FromSlice(p, "a", ints(10_000))
		b := flow.FromSlice(p, "b", ints(10_000))
		both := flow.Merge(flow.Async(a), b)
		spread := flow.Spread(both, par)
		got := flow.Collect(flow.Merge(flow.Map(spread, func(i int) int { return i })))
		run(t, p)
		slices.Sort(*got)
		for i, v := range *got {
			if v != i/2 {
				t.Fatalf("par %d: element %d is %d", par, i, v)
			}
		}
	}
}

func TestMapAsync(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		p := flow.New("p", flow.Checkpoint(time.Millisecond))
		in := flow.FromSlice(p, "in", ints(5000))
		ops := []flow.Op{flow.Workers(7), flow.ChunkRows(3)}
		if unordered {
			ops = append(ops, flow.Unordered())
		}
		got := flow.Collect(flow.MapAsync(in, func(_ context.Context, i int) (int, error) { return i * 2, nil }, ops...))
		run(t, p)
		if unordered {
			slices.Sort(*got)
		}
		if len(*got) != 5000 {
			t.Fatal(len(*got))
		}
		for i, v := range *got {
			if v != 2*i {
				t.Fatal(i, v)
			}
		}
	}
}

func TestProcessKeepsState(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 {
		p := flow.New("count", flow.StateDir(dir), flow.Checkpoint(2*time.Millisecond))
		in := flow.FromFunc(p, "in", func(ctx context.Context, from int, emit func(int, int) error) error {
			for i := from; i < (round+1)*1000; i++ {
				if err := emit(i, i+1); err != nil {
					return err
				}
			}
			return nil
		})
		keyed := flow.KeyBy(in, func(i int) int { return i % 10 }, flow.Parallel(2))
		counts := flow.Process(keyed, "n", func(c *flow.Ctx[int, int, [2]int], _ int) error {
			*c.State++
			return c.Emit([2]int{c.Key, *c.State})
		})
		got := flow.Collect(flow.Merge(counts))
		run(t, p)
		most := map[int]int{}
		for _, kv := range *got {
			most[kv[0]] = max(most[kv[0]], kv[1])
		}
		for k := range 10 {
			if most[k] != (round+1)*100 {
				t.Fatalf("round %d: key %d counted %d", round, k, most[k])
			}
		}
	}
}

func TestErrorsNameTheOperator(t *testing.T) {
	boom := errors.New("boom")
	cases := map[string]func(in flow.Flow[int]){
		"in.map": func(in flow.Flow[int]) {
			flow.Collect(flow.TryMap(in, func(int) (int, error) { return 0, boom }))
		},
		"bad": func(in flow.Flow[int]) {
			flow.Collect(flow.Map(flow.Async(in), func(int) int { panic("boom") }, flow.Name("bad")))
		},
		"look": func(in flow.Flow[int]) {
			flow.Collect(flow.MapAsync(in, func(context.Context, int) (int, error) { return 0, boom }, flow.Name("look")))
		},
		"sink": func(in flow.Flow[int]) {
			flow.Each(in, "sink", func(context.Context, int) error { return boom })
		},
	}
	for name, build := range cases {
		p := flow.New("p")
		build(flow.FromSlice(p, "in", ints(10)))
		err := p.Run(t.Context())
		var op *flow.OpError
		if !errors.As(err, &op) || op.Op != name || !strings.Contains(err.Error(), "boom") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestDrainAndCancel(t *testing.T) {
	dir := t.TempDir()
	build := func() (*flow.Pipeline, flow.Flow[int]) {
		p := flow.New("p", flow.StateDir(dir), flow.Checkpoint(time.Millisecond))
		in := flow.FromFunc(p, "in", func(ctx context.Context, from int, emit func(int, int) error) error {
			for i := from; ; i++ {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := emit(i, i+1); err != nil {
					return err
				}
			}
		})
		return p, flow.Async(in)
	}
	p, in := build()
	seen := newCounter(1000)
	got := flow.Collect(flow.Tap(in, func(int) {
		if seen.down() {
			p.Drain()
		}
	}))
	run(t, p)
	n := len(*got)
	if n < 1000 {
		t.Fatalf("%d rows before the drain", n)
	}
	p, in = build()
	ctx, cancel := context.WithCancel(t.Context())
	seen = newCounter(1000)
	got = flow.Collect(flow.Tap(in, func(int) {
		if seen.down() {
			cancel()
		}
	}))
	if err := p.Run(ctx); flow.KindOf(err) != flow.Canceled {
		t.Fatal(err)
	}
	if len(*got) == 0 || (*got)[0] != n {
		t.Fatalf("after a drain at %d the next run began at %v", n, (*got)[:1])
	}
}

// slowFinish is a sink whose writer must not be closed while a finish runs.
type slowFinish struct{ t *testing.T }

type slowWriter struct {
	t       *testing.T
	pending *atomic.Int64
}

func (s slowFinish) Open(context.Context, flow.Task) (flow.Writer[int, int], error) {
	return slowWriter{s.t, new(atomic.Int64)}, nil
}
func (s slowFinish) Commit(context.Context, flow.Txn, []int) error { return nil }
func (w slowWriter) Write(context.Context, int) error              { return nil }

func (w slowWriter) Prepare(context.Context, flow.Epoch) (func(context.Context) (int, error), error) {
	w.pending.Add(1)
	return func(context.Context) (int, error) {
		time.Sleep(time.Second)
		w.pending.Add(-1)
		return 0, nil
	}, nil
}

func (w slowWriter) Close() error {
	if n := w.pending.Load(); n != 0 {
		w.t.Errorf("closed while %d finishes run", n)
	}
	return nil
}

func TestWriterIsClosedBehindItsFinishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := flow.New("p", flow.Checkpoint(0))
		flow.To(flow.FromSlice(p, "in", ints(10)), "out", slowFinish{t})
		run(t, p)
	})
}
