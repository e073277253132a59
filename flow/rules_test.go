package flow_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/weirflow/weir/flow"
)

// script is a source that is a function of its emitter.
type script func(ctx context.Context, from *int, out *flow.Emitter[int, int]) error

func (s script) Run(ctx context.Context, from *int, out *flow.Emitter[int, int]) error {
	return s(ctx, from, out)
}

// forever emits until Emit fails, and looks at nothing else.
func forever(_ context.Context, _ *int, out *flow.Emitter[int, int]) error {
	for i := 0; ; i++ {
		if err := out.Emit(i, i+1); err != nil {
			return err
		}
	}
}

func TestFirstErrorStopsWhatWaits(t *testing.T) {
	p := flow.New("p", flow.Checkpoint(0))
	waits := make(chan struct{})
	flow.Each(flow.From(p, "a", script(forever)), "stuck", func(ctx context.Context, _ int) error {
		close(waits)
		<-ctx.Done()
		return ctx.Err()
	})
	flow.Each(flow.From(p, "b", script(forever)), "bad", func(context.Context, int) error { <-waits; return errBoom })
	flow.Each(flow.From(p, "c", script(forever)), "busy", func(context.Context, int) error { return nil })
	if err := ends(t.Context(), t, p); !errors.Is(err, errBoom) {
		t.Fatal(err)
	}
}

func TestCancelIsCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := flow.New("p", flow.Checkpoint(0))
	flow.Each(flow.From(p, "a", script(forever)), "out", func(ctx context.Context, i int) error {
		if i == 100 {
			cancel()
			return errors.New("an upload was broken off")
		}
		return nil
	})
	err := ends(ctx, t, p)
	if flow.KindOf(err) != flow.Canceled || p.Status().State != "stopped" {
		t.Fatal(err, p.Status().State)
	}
}

// TestDrainByCause drains a source that returns why its context has ended.
func TestDrainByCause(t *testing.T) {
	p := flow.New("p")
	flow.Collect(flow.From(p, "in", script(func(ctx context.Context, _ *int, _ *flow.Emitter[int, int]) error {
		p.Drain()
		<-ctx.Done()
		return context.Cause(ctx)
	})))
	if err := ends(t.Context(), t, p); err != nil {
		t.Fatal(err)
	}
}

func TestDrainBeforeRun(t *testing.T) {
	p := flow.New("p")
	flow.Collect(flow.From(p, "in", script(func(ctx context.Context, _ *int, _ *flow.Emitter[int, int]) error {
		<-ctx.Done()
		return ctx.Err()
	})))
	p.Drain()
	if err := ends(t.Context(), t, p); err != nil {
		t.Fatal(err)
	}
}

// fires notes when timers are called, for elements that are seconds.
func fires(in flow.Flow[int], name string) *[]int {
	keyed := flow.KeyBy(in, func(int) int { return 0 })
	return flow.Collect(flow.ProcessTimed(keyed, name,
		func(c *intCtx, i int) error { c.Timer(time.Unix(int64(i), 0)); return nil },
		func(c *intCtx) error { return c.Emit(int(c.Time.Unix())) }))
}

func second(i int) time.Time { return time.Unix(int64(i), 0) }

// TestTimeOfMerges merges a source at second 9 with one that is idle or has
// ended at second 1, behind boundaries of their own: it holds nothing back.
func TestTimeOfMerges(t *testing.T) {
	for name, quiet := range map[string]script{
		"idle": func(ctx context.Context, _ *int, out *flow.Emitter[int, int]) error {
			err := errors.Join(out.Emit(1, 1), out.Watermark(second(1)), out.Idle())
			<-ctx.Done()
			return errors.Join(err, ctx.Err())
		},
		"ended": func(_ context.Context, _ *int, out *flow.Emitter[int, int]) error {
			return errors.Join(out.Emit(1, 1), out.Watermark(second(1)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := flow.New("p")
				busy := flow.From(p, "busy", script(func(ctx context.Context, _ *int, out *flow.Emitter[int, int]) error {
					err := errors.Join(out.Emit(5, 1), out.Emit(20, 2), out.Watermark(second(9)))
					<-ctx.Done()
					return errors.Join(err, ctx.Err())
				}))
				other := flow.Async(flow.Async(flow.From(p, "quiet", quiet)))
				got := fires(flow.Merge(busy, other), "timers")
				time.AfterFunc(time.Minute, p.Drain)
				run(t, p)
				if want := []int{1, 5}; !slices.Equal(*got, want) {
					t.Errorf("timers were called at %v, want %v: the watermark is 9", *got, want)
				}
			})
		})
	}
}

// TestRowsWaitAsLongAsSaid emits one row and then nothing: its batch must go
// on after 50 ms, whatever lane it waits in.
func TestRowsWaitAsLongAsSaid(t *testing.T) {
	for name, lane := range map[string]func(flow.Flow[num]) flow.Flow[num]{
		"source":   func(in flow.Flow[num]) flow.Flow[num] { return in },
		"boundary": flow.Async[num],
		"async": func(in flow.Flow[num]) flow.Flow[num] {
			return flow.MapAsync(in, func(_ context.Context, v num) (num, error) { return v, nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := flow.New("p", flow.Checkpoint(time.Hour))
				in := flow.FromFunc(p, "in", func(ctx context.Context, _ int, emit func(num, int) error) error {
					if err := emit(num{1}, 1); err != nil {
						return err
					}
					<-ctx.Done()
					return ctx.Err()
				})
				start := time.Now()
				var waited time.Duration
				flow.Each(flow.ToBatches(lane(in)), "out", func(context.Context, flow.Batch) error {
					waited = time.Since(start)
					return nil
				})
				time.AfterFunc(time.Minute, p.Drain)
				run(t, p)
				if waited < 50*time.Millisecond || waited > 70*time.Millisecond {
					t.Errorf("the row waited for %v, want 50 ms", waited)
				}
			})
		})
	}
}

// TestWatermarksDoNotCutBatches sends a watermark every 256 rows into batches
// of 1000; each must come behind the rows before it, and before none after.
func TestWatermarksDoNotCutBatches(t *testing.T) {
	p := flow.New("p", flow.Checkpoint(0))
	rows := make([]num, 10_000)
	for i := range rows {
		rows[i].V = int64(i)
	}
	timed := flow.EventTime(flow.FromSlice(p, "in", rows), func(v num) time.Time { return time.Unix(v.V, 0) }, 0)
	w := &watched{}
	sizes := flow.Apply(flow.ToBatches(timed, flow.ChunkRows(1000)), "watch",
		func(context.Context, flow.OpenTask) (flow.Operator[flow.Batch, int], error) { return w, nil })
	got := flow.Collect(sizes)
	run(t, p)
	if want := slices.Repeat([]int{1000}, 10); !slices.Equal(*got, want) {
		t.Errorf("batches of %v rows, want %v", *got, want)
	}
	if w.marks < 10 {
		t.Errorf("%d watermarks came through", w.marks)
	}
}

// watched checks that watermarks are behind their rows.
type watched struct{ mark, last, marks int64 }

func (w *watched) Push(b flow.Batch, out func(int) error) error {
	vs := flow.Col[int64](b, "V")
	if vs[0] <= w.mark && w.mark > 0 {
		return fmt.Errorf("row %d came behind watermark %d", vs[0], w.mark)
	}
	w.last = vs[len(vs)-1]
	return out(len(vs))
}

func (w *watched) Watermark(t time.Time, _ func(int) error) error {
	if w.marks++; t.Unix() > w.last && t.Year() < 2200 {
		return fmt.Errorf("watermark %d overtook the rows behind %d", t.Unix(), w.last)
	}
	w.mark = t.Unix()
	return nil
}
func (w *watched) Snapshot(flow.Epoch, flow.StateWriter) error { return nil }
func (w *watched) Close() error                                { return nil }

// lazySplits ends quietly when it is told to stop, as a loop that looks at
// its context does.
type lazySplits struct {
	stop func()
	told *[]int
}

func (s lazySplits) ID(i int) string { return fmt.Sprint(i) }
func (s lazySplits) Splits(context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) { _ = yield(0, nil) && yield(1, nil) }
}

func (s lazySplits) Run(ctx context.Context, i int, from *int, out *flow.Emitter[int, int]) error {
	at := 0
	if from != nil {
		at = *from
	}
	for ; at < 100 && ctx.Err() == nil; at++ {
		if at == 30 && from == nil {
			s.stop()
			<-ctx.Done()
		}
		if err := out.Emit(i*100+at, at+1); err != nil {
			return err
		}
	}
	return nil
}

func (s lazySplits) CommittedSplit(_ context.Context, i, o int) error {
	*s.told = append(*s.told, i*1000+o)
	return nil
}

// TestStoppedSplitIsNotDone drains a source whose splits return nil when they
// are stopped: what is left of them is read by the next run.
func TestStoppedSplitIsNotDone(t *testing.T) {
	fs := vfs.NewMem()
	var all, told []int
	for range 4 {
		p := flow.New("p", flow.StateDir("s"), flow.StateFS(fs))
		got := flow.Collect(flow.FromSplits(p, "in", lazySplits{p.Drain, &told}))
		if err := ends(t.Context(), t, p); err != nil {
			t.Fatal(err)
		}
		all = append(all, *got...)
	}
	if want := ints(200); !slices.Equal(all, want) {
		t.Errorf("%d of 200 rows, or not in order", len(all))
	}
	for _, last := range []int{100, 1100} {
		if !slices.Contains(told, last) {
			t.Errorf("the source was told %v, and not the end %d of a split", told, last)
		}
	}
}

// part is a source of [from, to) that returns nil when it is stopped.
type part struct {
	from, to int
	stop     func()
	told     *[]int
}

func (s part) Run(ctx context.Context, from *int, out *flow.Emitter[int, int]) error {
	at := s.from
	if from != nil {
		at = *from
	}
	for ; at < s.to && ctx.Err() == nil; at++ {
		if at%40 == 20 && (from == nil || *from < at) {
			s.stop()
			<-ctx.Done()
		}
		if err := out.Emit(at, at+1); err != nil {
			return err
		}
	}
	return nil
}

func (s part) Committed(_ context.Context, o int) error {
	*s.told = append(*s.told, o)
	return nil
}

// TestStoppedBackfillIsNotDone is the same for the first half of Then; the
// backfill is told of its end.
func TestStoppedBackfillIsNotDone(t *testing.T) {
	fs := vfs.NewMem()
	var all, told, live []int
	for range 6 {
		p := flow.New("p", flow.StateDir("s"), flow.StateFS(fs))
		both := flow.Then[int](part{0, 100, p.Drain, &told}, part{100, 200, p.Drain, &live})
		got := flow.Collect(flow.From(p, "in", both))
		if err := ends(t.Context(), t, p); err != nil {
			t.Fatal(err)
		}
		all = append(all, *got...)
	}
	if want := ints(200); !slices.Equal(all, want) {
		t.Errorf("%d of 200 rows, or not in order", len(all))
	}
	if !slices.Contains(told, 100) || !slices.Contains(live, 200) {
		t.Errorf("told %v and %v, want the ends 100 and 200 among them", told, live)
	}
}

// herald emits a row at every watermark and keeps no state.
type herald struct{}

func (herald) Push(int, func(int) error) error                  { return nil }
func (herald) Watermark(t time.Time, out func(int) error) error { return out(int(t.Unix())) }
func (herald) Snapshot(flow.Epoch, flow.StateWriter) error      { return nil }
func (herald) Close() error                                     { return nil }

// shown is a sink that shows what was committed, once for each epoch.
type shown struct {
	rows *[]int
	done map[flow.Epoch]bool
}

type shownWriter struct{ rows []int }

func (s shown) Open(context.Context, flow.Task) (flow.Writer[int, []int], error) {
	return &shownWriter{}, nil
}

func (s shown) Commit(_ context.Context, t flow.Txn, parts [][]int) error {
	if s.done[t.Epoch] {
		return nil
	}
	s.done[t.Epoch] = true
	for _, p := range parts {
		*s.rows = append(*s.rows, p...)
	}
	return nil
}
func (w *shownWriter) Write(_ context.Context, i int) error { w.rows = append(w.rows, i); return nil }
func (w *shownWriter) Close() error                         { return nil }
func (w *shownWriter) Prepare(context.Context, flow.Epoch) (func(context.Context) ([]int, error), error) {
	rows := w.rows
	w.rows = nil
	return flow.Done(rows), nil
}

// TestRowsWithoutState commits rows of an epoch in which neither a position
// nor any state has moved.
func TestRowsWithoutState(t *testing.T) {
	fs := vfs.NewMem()
	out := shown{new([]int), map[flow.Epoch]bool{}}
	for round := range 2 {
		p := flow.New("p", flow.StateDir("s"), flow.StateFS(fs), flow.Checkpoint(0))
		in := flow.From(p, "in", script(func(_ context.Context, _ *int, out *flow.Emitter[int, int]) error {
			return out.Watermark(second(7))
		}))
		flow.To(flow.Apply(in, "herald", func(context.Context, flow.OpenTask) (flow.Operator[int, int], error) {
			return herald{}, nil
		}), "out", out)
		run(t, p)
		if rows := *out.rows; len(rows) != 2*round+2 || rows[2*round] != 7 {
			t.Errorf("run %d: committed %v, want 7 and the end of time in each", round, rows)
		}
	}
}

// TestEventTimeIsKept runs a pipeline again, with fewer and more lanes: the
// watermark goes on from where it was, also when a run has come to its end.
func TestEventTimeIsKept(t *testing.T) {
	fs := vfs.NewMem()
	for round, par := range []int{1, 1, 3, 2} {
		p := flow.New("p", flow.StateDir("s"), flow.StateFS(fs))
		in := flow.FromFunc(p, "in", func(_ context.Context, from int, emit func(int, int) error) error {
			for i := from; i < 50*(round+1); i++ {
				if err := emit(1000-i, i+1); err != nil { // ever older
					return err
				}
			}
			return nil
		})
		timed := flow.EventTime(flow.Spread(in, par), second, 0)
		var mu sync.Mutex
		early := 0
		keyed := flow.KeyBy(timed, func(i int) int { return i })
		flow.Collect(flow.Process(keyed, "look", func(c *intCtx, i int) error {
			mu.Lock()
			defer mu.Unlock()
			if c.Time.Unix() < 1000 {
				early++
			}
			return nil
		}))
		run(t, p)
		if round == 0 && early == 0 {
			t.Error("the first run had a watermark from the beginning")
		}
		if round == 1 && early > 0 {
			t.Errorf("round %d: %d elements came before the watermark of the run before", round, early)
		}
	}
}

// TestRefusals builds pipelines that can not go on from the state that is
// there, or at all.
func TestRefusals(t *testing.T) {
	fs := vfs.NewMem()
	in := func(p *flow.Pipeline) flow.Flow[int] { return flow.FromSlice(p, "in", ints(10)) }
	count := func(p *flow.Pipeline) {
		flow.Collect(flow.Process(flow.KeyBy(in(p), func(i int) int { return i }), "count",
			func(c *intCtx, i int) error { *c.State++; return nil }))
	}
	for _, step := range []struct {
		name  string
		build func(p *flow.Pipeline)
		kind  flow.Kind
		want  string
	}{
		{"first", count, 0, ""},
		{"same", count, 0, ""},
		{"other key", func(p *flow.Pipeline) {
			flow.Collect(flow.Process(flow.KeyBy(in(p), func(i int) uint64 { return uint64(i) }), "count",
				func(c *flow.Ctx[uint64, int, int], i int) error { *c.State++; return nil }))
		}, flow.Conflict, "uint64"},
		{"other state", func(p *flow.Pipeline) {
			flow.Collect(flow.Process(flow.KeyBy(in(p), func(i int) int { return i }), "count",
				func(c *flow.Ctx[int, string, int], i int) error { return nil }))
		}, flow.Conflict, "string"},
		{"new name", func(p *flow.Pipeline) {
			flow.Collect(flow.Process(flow.KeyBy(in(p), func(i int) uint64 { return uint64(i) }), "count2",
				func(c *flow.Ctx[uint64, int, int], i int) error { *c.State++; return nil }))
		}, 0, ""},
		{"other position", func(p *flow.Pipeline) {
			flow.Collect(flow.FromFunc(p, "in", func(_ context.Context, from string, emit func(int, string) error) error { return nil }))
		}, flow.Conflict, "position"},
		{"timers", func(p *flow.Pipeline) { fires(flow.FromSlice(p, "other", ints(3)), "timers"); p.Drain() }, 0, ""},
		{"two times", func(p *flow.Pipeline) {
			one := in(p)
			flow.Collect(flow.Merge(flow.EventTime(one, second, 0), flow.EventTime(one, second, 0)))
		}, flow.BadConfig, `"in.time"`},
	} {
		p := flow.New("p", flow.StateDir("s"), flow.StateFS(fs))
		step.build(p)
		err := ends(t.Context(), t, p)
		if flow.KindOf(err) != step.kind || err != nil && !strings.Contains(err.Error(), step.want) {
			t.Errorf("%s: got %v (%v), want %v with %q", step.name, err, flow.KindOf(err), step.kind, step.want)
		}
	}
}

// TestLooksAreSafe looks at a pipeline from other goroutines while it runs
// again and again.
func TestLooksAreSafe(t *testing.T) {
	fs := vfs.NewMem()
	p := flow.New("p", flow.StateDir("s"), flow.StateFS(fs), flow.Checkpoint(time.Millisecond))
	in := flow.Merge(flow.FromSplits(p, "a", faultySplits{}, flow.Parallel(2)), flow.From(p, "b", faultySource{}))
	flow.Collect(flow.MapAsync(in, func(_ context.Context, i int) (int, error) { return i, nil }))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				_, _ = p.Status(), p.Explain()
			}
		})
	}
	for range 10 {
		run(t, p)
	}
	close(stop)
	wg.Wait()
}

// TestAsyncIsBoundedInBytes holds the calls of MapAsync back: what they wait
// with stays within the memory limit.
func TestAsyncIsBoundedInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 1 << 20
		p := flow.New("p", flow.MemoryLimit(limit), flow.Checkpoint(time.Second))
		var made atomic.Int64
		in := flow.FromFunc(p, "in", func(_ context.Context, from int, emit func(string, int) error) error {
			for i := range 500 {
				made.Store(int64(i))
				if err := emit(strings.Repeat("x", 50_000), i+1); err != nil {
					return err
				}
			}
			return nil
		})
		open := make(chan struct{})
		n := 0
		flow.Each(flow.MapAsync(in, func(_ context.Context, s string) (string, error) { <-open; return s, nil }, flow.Workers(64)),
			"out", func(context.Context, string) error { n++; return nil })
		time.AfterFunc(time.Minute, func() {
			if used := p.Status().MemoryUsed; used == 0 || used > limit || made.Load() > limit/50_000 {
				t.Errorf("%d elements made, %d bytes in use, the limit is %d", made.Load(), used, limit)
			}
			close(open)
		})
		run(t, p)
		if n != 500 {
			t.Errorf("%d of 500 came through", n)
		}
	})
}

// TestFinishOverlaps shows that the rows of an epoch are written while the
// epoch before it is being finished.
func TestFinishOverlaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := flow.New("p", flow.Checkpoint(time.Second))
		in := flow.FromFunc(p, "in", func(ctx context.Context, from int, emit func(int, int) error) error {
			for i := from; i < 50; i++ {
				time.Sleep(100 * time.Millisecond)
				if err := emit(i, i+1); err != nil {
					return err
				}
			}
			return nil
		})
		w := &overlapWriter{}
		flow.To(in, "out", overlapSink{w})
		run(t, p)
		if w.beside < 10 {
			t.Errorf("%d rows were written while an epoch was finished", w.beside)
		}
	})
}

type overlapSink struct{ w *overlapWriter }

type overlapWriter struct {
	finishing atomic.Int64
	beside    int
}

func (s overlapSink) Open(context.Context, flow.Task) (flow.Writer[int, int], error) { return s.w, nil }
func (s overlapSink) Commit(context.Context, flow.Txn, []int) error                  { return nil }
func (w *overlapWriter) Close() error                                                { return nil }
func (w *overlapWriter) Write(context.Context, int) error {
	if w.finishing.Load() > 0 {
		w.beside++
	}
	return nil
}

func (w *overlapWriter) Prepare(context.Context, flow.Epoch) (func(context.Context) (int, error), error) {
	w.finishing.Add(1)
	return func(context.Context) (int, error) {
		time.Sleep(550 * time.Millisecond)
		w.finishing.Add(-1)
		return 0, nil
	}, nil
}
