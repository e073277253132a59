package flow_test

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
)

const (
	splitCount = 7
	splitPings = 300
	leftIDs    = 1_000_000 // are added to those of the left side
)

// pingSplits is pings in splits, of which more are found while it runs.
type pingSplits struct{ w *world }

func (s pingSplits) ID(i int64) string { return "part-" + strconv.FormatInt(i, 10) }

func (s pingSplits) Splits(context.Context) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		for i := range int64(splitCount) {
			if !yield(i, s.w.step("list")) {
				return
			}
		}
	}
}

func (s pingSplits) Run(ctx context.Context, i int64, from *int64, out *flow.Emitter[ping, int64]) error {
	if from == nil {
		from = new(int64)
	}
	chunk := make([]ping, 0, 8)
	for at := *from; at < splitPings; {
		if err := s.w.step("read"); err != nil {
			return err
		}
		wait := time.NewTimer(50 * time.Microsecond)
		select {
		case <-wait.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		chunk = chunk[:0]
		for ; len(chunk) < cap(chunk) && at < splitPings; at++ {
			chunk = append(chunk, pingOf(i*splitPings+at))
		}
		if err := out.EmitChunk(chunk, at); err != nil {
			return err
		}
	}
	return nil
}

type both struct{ L, R int }

// buildWide is a graph of the operators that buildCrash has not: splits over
// two tasks, asynchronous calls in order and not, a spread, failures as a
// flow, and a process of two inputs.
func buildWide(w *world, ts tables, told *int64, par int) *flow.Pipeline {
	p := flow.New("wide", flow.StateDir("state"), flow.StateFS(w.fs()), flow.Checkpoint(time.Millisecond), flow.ChunkSize(8))
	a := flow.FromSplits(p, "a", pingSplits{w}, flow.Parallel(2))
	b := flow.From(p, "b", pingSource{w, 1, pings / 2, told, ts.all})
	same := func(_ context.Context, v ping) (ping, error) { return v, nil }
	timed := flow.EventTime(a, func(v ping) time.Time { return v.At }, time.Minute)
	left := flow.MapAsync(timed, func(_ context.Context, v ping) (ping, error) { v.ID += leftIDs; return v, nil },
		flow.Workers(3), flow.ChunkRows(4))
	right := flow.MapAsync(b, same, flow.Workers(3), flow.Unordered())
	good, bad := flow.Attempt(flow.Spread(left, 3), func(v ping) (ping, error) {
		if v.ID%10 == 3 {
			return v, errBoom
		}
		return v, nil
	})
	id := func(v ping) string { return strconv.FormatInt(v.ID, 10) }
	flow.To(bad, "bad", tableSink[flow.Failed[ping]]{ts.first, func(f flow.Failed[ping]) string { return id(f.In) }})
	key := func(v ping) string { return v.Key }
	counts := flow.CoProcess(flow.KeyBy(good, key, flow.Parallel(par)), flow.KeyBy(right, key), "both",
		func(c *flow.Ctx[string, both, string], _ ping) error {
			c.State.L++
			return c.Emit(fmt.Sprintf("%s L%d", c.Key, c.State.L))
		},
		func(c *flow.Ctx[string, both, string], _ ping) error {
			c.State.R++
			return c.Emit(fmt.Sprintf("%s R%d", c.Key, c.State.R))
		})
	flow.To(counts, "counts", tableSink[string]{ts.windows, func(s string) string { return s }})
	flow.To(flow.Merge(good, right), "all", tableSink[ping]{ts.all, id})
	return p
}

// TestExactlyOnceWide is TestExactlyOnce of the other operators. The number
// of lanes changes from run to run.
func TestExactlyOnceWide(t *testing.T) {
	c := toll{points: map[string]int{}}
	for seed := range crashRuns() {
		ts := tables{newTable(), newTable(), newTable()}
		told, attempt := int64(1), 0
		c.survive(t, 1000+seed, []*table{ts.first, ts.all, ts.windows}, func(w *world) *flow.Pipeline {
			attempt++
			return buildWide(w, ts, &told, 1+(seed+attempt)%4)
		})
		bad, all, counts, n := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
		count := func(v ping, side string) {
			all[strconv.FormatInt(v.ID, 10)] = 1
			n[v.Key+" "+side]++
			counts[fmt.Sprintf("%s %s%d", v.Key, side, n[v.Key+" "+side])]++
		}
		for i := range int64(splitCount * splitPings) {
			v := pingOf(i)
			v.ID += leftIDs
			if i%10 == 3 {
				bad[strconv.FormatInt(v.ID, 10)] = 1
				continue
			}
			count(v, "L")
		}
		for i := int64(1); i < pings/2; i += 2 {
			count(pingOf(i), "R")
		}
		checkTable(t, seed, "bad", ts.first, bad)
		checkTable(t, seed, "counts", ts.windows, counts)
		checkTable(t, seed, "all", ts.all, all)
	}
	c.log(t)
}
