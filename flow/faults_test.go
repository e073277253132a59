package flow_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/weirflow/weir/flow"
)

var errBoom = errors.New("boom")

// fault fails, or panics, at the step of its name.
type fault struct {
	at     string
	panics bool
}

func (f fault) hit(step string) error {
	if f.at != step {
		return nil
	}
	if f.panics {
		panic("boom")
	}
	return errBoom
}

// must is hit where there is no error to return.
func (f fault) must(step string) {
	if err := f.hit(step); err != nil {
		panic(err)
	}
}

type faultySink struct{ f fault }

func (s faultySink) Start(context.Context, flow.Txn) error { return s.f.hit("sink.start") }
func (s faultySink) Open(context.Context, flow.Task) (flow.Writer[int, int], error) {
	return faultyWriter(s), s.f.hit("sink.open")
}
func (s faultySink) Commit(context.Context, flow.Txn, []int) error { return s.f.hit("sink.commit") }

type faultyWriter struct{ f fault }

func (w faultyWriter) Write(context.Context, int) error { return w.f.hit("sink.write") }
func (w faultyWriter) Close() error                     { return w.f.hit("sink.close") }
func (w faultyWriter) Prepare(context.Context, flow.Epoch) (func(context.Context) (int, error), error) {
	return func(context.Context) (int, error) { return 0, w.f.hit("sink.finish") }, w.f.hit("sink.prepare")
}

type faultySource struct{ f fault }

func (s faultySource) Size(context.Context) (int64, error) { return 0, s.f.hit("source.size") }
func (s faultySource) Run(_ context.Context, _ *int, out *flow.Emitter[int, int]) error {
	for i := range 20 {
		if err := out.Emit(i, i+1); err != nil {
			return err
		}
	}
	if err := out.Watermark(time.Unix(1, 0)); err != nil {
		return err
	}
	return s.f.hit("source.run")
}
func (s faultySource) Committed(context.Context, int) error { return s.f.hit("source.committed") }

type faultySplits struct{ f fault }

func (s faultySplits) Size(context.Context) (int64, error) { return 0, s.f.hit("source.size") }
func (s faultySplits) ID(i int) string                     { s.f.must("source.id"); return fmt.Sprint(i) }
func (s faultySplits) Splits(context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range 3 {
			if !yield(i, s.f.hit("source.splits")) {
				return
			}
		}
	}
}

func (s faultySplits) Run(_ context.Context, i int, _ *int, out *flow.Emitter[int, int]) error {
	if err := out.Emit(i, 1); err != nil {
		return err
	}
	return s.f.hit("source.run")
}

func (s faultySplits) CommittedSplit(context.Context, int, int) error {
	return s.f.hit("source.committed")
}

// sour is a state that can not be encoded when the fault says so.
type sour struct{ F fault }

func (s sour) MarshalBinary() ([]byte, error)  { return nil, s.F.hit("codec") }
func (s *sour) UnmarshalBinary(b []byte) error { return nil }

// faultyOp is a low-level operator.
type faultyOp struct{ f fault }

func (o faultyOp) Push(v int, out func(int) error) error {
	if err := o.f.hit("op.push"); err != nil {
		return err
	}
	return out(v)
}
func (o faultyOp) Watermark(time.Time, func(int) error) error { return o.f.hit("op.watermark") }
func (o faultyOp) Snapshot(_ flow.Epoch, w flow.StateWriter) error {
	w.Later(func(flow.StateWriter) error { return o.f.hit("op.later") })
	return o.f.hit("op.snapshot")
}
func (o faultyOp) Close() error { return o.f.hit("op.close") }

type intCtx = flow.Ctx[int, int, int]

// faultyOps are the operators with functions of users in them, by step.
var faultyOps = map[string]func(in flow.Flow[int], f fault) flow.Flow[int]{
	"map": func(in flow.Flow[int], f fault) flow.Flow[int] {
		return flow.TryMap(in, func(i int) (int, error) { return i, f.hit("map") }, flow.Name("map"))
	},
	"filter": func(in flow.Flow[int], f fault) flow.Flow[int] {
		return flow.Filter(in, func(int) bool { f.must("filter"); return true }, flow.Name("filter"))
	},
	"tap": func(in flow.Flow[int], f fault) flow.Flow[int] {
		return flow.Tap(in, func(int) { f.must("tap") }, flow.Name("tap"))
	},
	"flatmap": func(in flow.Flow[int], f fault) flow.Flow[int] {
		return flow.FlatMap(in, func(i int, emit func(int) error) error {
			return errors.Join(emit(i), f.hit("flatmap"))
		}, flow.Name("flatmap"))
	},
	"in.yes": func(in flow.Flow[int], f fault) flow.Flow[int] {
		yes, no := flow.Split(in, func(i int) bool { f.must("in.yes"); return i%2 == 0 })
		return flow.Merge(yes, no)
	},
	"async": func(in flow.Flow[int], f fault) flow.Flow[int] {
		return flow.MapAsync(in, func(_ context.Context, i int) (int, error) { return i, f.hit("async") }, flow.Name("async"))
	},
	"unordered": func(in flow.Flow[int], f fault) flow.Flow[int] {
		return flow.MapAsync(in, func(_ context.Context, i int) (int, error) { return i, f.hit("unordered") },
			flow.Name("unordered"), flow.Unordered())
	},
	"time": func(in flow.Flow[int], f fault) flow.Flow[int] {
		return flow.EventTime(in, func(i int) time.Time { f.must("time"); return time.Unix(int64(i), 0) }, 0, flow.Name("time"))
	},
	"key": func(in flow.Flow[int], f fault) flow.Flow[int] {
		keyed := flow.KeyBy(flow.Map(in, func(i int) int { return i }), func(i int) int { f.must("key"); return i },
			flow.Parallel(2), flow.Name("key"))
		return flow.Process(keyed, "p", func(c *intCtx, i int) error { return c.Emit(i) })
	},
	"process": func(in flow.Flow[int], f fault) flow.Flow[int] {
		keyed := flow.KeyBy(in, func(i int) int { return i })
		return flow.Process(keyed, "process", func(c *intCtx, i int) error { return f.hit("process") })
	},
	"timer": func(in flow.Flow[int], f fault) flow.Flow[int] {
		keyed := flow.KeyBy(in, func(i int) int { return i })
		return flow.ProcessTimed(keyed, "timer", func(c *intCtx, i int) error { c.Timer(time.Unix(1, 0)); return nil },
			func(c *intCtx) error { return f.hit("timer") })
	},
	"both": func(in flow.Flow[int], f fault) flow.Flow[int] {
		keyed := flow.KeyBy(in, func(i int) int { return i })
		return flow.CoProcess(keyed, keyed, "both", func(c *intCtx, i int) error { return nil },
			func(c *intCtx, i int) error { return f.hit("both") })
	},
	"codec": func(in flow.Flow[int], f fault) flow.Flow[int] {
		keyed := flow.KeyBy(in, func(i int) int { return i })
		return flow.Process(keyed, "codec", func(c *flow.Ctx[int, sour, int], i int) error {
			c.State.F = f
			return c.Emit(i)
		})
	},
	"batch": func(in flow.Flow[int], f fault) flow.Flow[int] {
		type row struct{ V int64 }
		rows := flow.ToBatches(flow.Map(in, func(i int) row { return row{int64(i)} }))
		kept := flow.MapBatch(rows, func(_ flow.BatchCtx, b flow.Batch) (flow.Batch, error) { return b, f.hit("batch") }, flow.Name("batch"))
		return flow.Map(flow.ToRows[row](kept), func(r row) int { return int(r.V) })
	},
}

func faultSteps() map[string]string {
	want := map[string]string{}
	for step := range faultyOps {
		want[step] = step
	}
	for _, step := range []string{"push", "watermark", "snapshot", "later", "close", "open"} {
		want["op."+step] = "op"
	}
	for _, step := range []string{"start", "open", "write", "prepare", "finish", "commit", "close"} {
		want["sink."+step] = "sink"
	}
	for _, step := range []string{"size", "run", "committed"} {
		want["source."+step] = "in"
		want["splits/source."+step] = "in"
	}
	for _, step := range []string{"id", "splits"} {
		want["splits/source."+step] = "in"
	}
	return want
}

func buildFaulty(f fault, splits, async bool, fs vfs.FS) *flow.Pipeline {
	p := flow.New("p", flow.StateDir("state"), flow.StateFS(fs), flow.Checkpoint(0))
	var in flow.Flow[int]
	if splits {
		in = flow.FromSplits(p, "in", faultySplits{f}, flow.Parallel(2))
	} else {
		in = flow.From(p, "in", faultySource{f})
	}
	if async {
		in = flow.Async(in)
	}
	if build, ok := faultyOps[f.at]; ok {
		in = build(in, f)
	}
	in = flow.Apply(in, "op", func(context.Context, flow.OpenTask) (flow.Operator[int, int], error) {
		return faultyOp{f}, f.hit("op.open")
	})
	flow.To(in, "sink", faultySink{f})
	return p
}

// ends runs p and fails the test when Run does not return.
func ends(ctx context.Context, t *testing.T, p *flow.Pipeline) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	select {
	case err := <-done:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("Run does not return")
		return nil
	}
}

// TestFaults fails and panics in every function of a user that the engine
// calls: Run must return the error, with the name of whose it is, and the
// state directory must be free for the next run.
func TestFaults(t *testing.T) {
	for step, name := range faultSteps() {
		at, splits := strings.CutPrefix(step, "splits/")
		for _, panics := range []bool{false, true} {
			for _, async := range []bool{false, true} {
				name := name
				if async && step == "in.yes" {
					name = "in.async.yes"
				}
				t.Run(fmt.Sprintf("%s/panics=%v/async=%v", step, panics, async), func(t *testing.T) {
					fs := vfs.NewMem()
					p := buildFaulty(fault{at, panics}, splits, async, fs)
					err := ends(t.Context(), t, p)
					op, ok := errors.AsType[*flow.OpError](err)
					if !ok || op.Op != name || !strings.Contains(err.Error(), "boom") {
						text := fmt.Sprint(err)
						t.Errorf("got %.200s, want an error of %s", text, name)
					}
					if s := p.Status().State; s != "failed" {
						t.Errorf("the pipeline is %s", s)
					}
					if err := ends(t.Context(), t, buildFaulty(fault{}, splits, async, fs)); err != nil {
						t.Errorf("the next run: %v", err)
					}
				})
			}
		}
	}
}
