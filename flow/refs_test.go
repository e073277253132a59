package flow_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
)

// tripwire fails, or panics, at its n-th step.
type tripwire struct {
	left   atomic.Int64
	panics bool
}

func (w *tripwire) step() error {
	if w.left.Add(-1) != 0 {
		return nil
	}
	if w.panics {
		panic("boom")
	}
	return errBoom
}

func (w *tripwire) must() {
	if err := w.step(); err != nil {
		panic(err)
	}
}

type num struct{ V int64 }

// tagged is a user's own element around a batch.
type tagged struct {
	flow.Batch
	Tag int
}

func half(b flow.Batch) flow.Batch {
	b.RecordBatch = b.NewSlice(0, b.NumRows()/2)
	return b
}

// batchShapes are graphs of batches, each with every way of handing them on.
var batchShapes = map[string]func(in flow.Flow[flow.Batch], w *tripwire) flow.Flow[flow.Batch]{
	"map": func(in flow.Flow[flow.Batch], w *tripwire) flow.Flow[flow.Batch] {
		same := flow.MapBatch(flow.Async(in), func(_ flow.BatchCtx, b flow.Batch) (flow.Batch, error) { return b, w.step() })
		cut := flow.MapBatch(same, func(_ flow.BatchCtx, b flow.Batch) (flow.Batch, error) {
			if err := w.step(); err != nil {
				return flow.Batch{}, err
			}
			return half(b), nil
		})
		return flow.Merge(same, cut)
	},
	"filter": func(in flow.Flow[flow.Batch], w *tripwire) flow.Flow[flow.Batch] {
		kept := flow.FilterRows(flow.Spread(in, 2), func(b flow.Batch, keep []bool) {
			w.must()
			for i, v := range flow.Col[int64](b, "V") {
				keep[i] = v%3 != 0
			}
		})
		yes, no := flow.Split(flow.Filter(kept, func(flow.Batch) bool { w.must(); return true }),
			func(b flow.Batch) bool { w.must(); return b.NumRows() > 2 })
		return flow.Merge(yes, no)
	},
	"attempt": func(in flow.Flow[flow.Batch], w *tripwire) flow.Flow[flow.Batch] {
		n := atomic.Int64{}
		good, bad := flow.Attempt(in, func(b flow.Batch) (flow.Batch, error) {
			w.must()
			if n.Add(1)%2 == 0 {
				return flow.Batch{}, errors.New("odd")
			}
			return b, nil
		})
		back := flow.Map(flow.Async(bad), func(f flow.Failed[flow.Batch]) flow.Batch { w.must(); return f.In })
		again := flow.Map(bad, func(f flow.Failed[flow.Batch]) flow.Failed[flow.Batch] { w.must(); return f })
		return flow.Merge(good, back, flow.Map(again, func(f flow.Failed[flow.Batch]) flow.Batch { return half(f.In) }))
	},
	"async": func(in flow.Flow[flow.Batch], w *tripwire) flow.Flow[flow.Batch] {
		same := flow.MapAsync(in, func(_ context.Context, b flow.Batch) (flow.Batch, error) { return b, w.step() }, flow.ChunkRows(3))
		cut := flow.MapAsync(same, func(_ context.Context, b flow.Batch) (flow.Batch, error) {
			if err := w.step(); err != nil {
				return flow.Batch{}, err
			}
			return half(b), nil
		}, flow.Unordered(), flow.ChunkRows(2))
		return flow.Map(cut, func(b flow.Batch) flow.Batch { w.must(); return b })
	},
	"flatmap": func(in flow.Flow[flow.Batch], w *tripwire) flow.Flow[flow.Batch] {
		return flow.Async(flow.FlatMap(in, func(b flow.Batch, emit func(flow.Batch) error) error {
			return errors.Join(emit(b), w.step(), emit(half(b)), emit(b))
		}))
	},
	"tagged": func(in flow.Flow[flow.Batch], w *tripwire) flow.Flow[flow.Batch] {
		with := flow.Map(in, func(b flow.Batch) tagged { w.must(); return tagged{b, 1} })
		return flow.Map(flow.Async(with), func(t tagged) flow.Batch { w.must(); return t.Batch })
	},
	"keyed": func(in flow.Flow[flow.Batch], w *tripwire) flow.Flow[flow.Batch] {
		key := func(b flow.Batch) int64 { w.must(); return b.NumRows() }
		l := flow.KeyBy(in, key, flow.Parallel(2))
		r := flow.KeyBy(flow.Map(in, half), key)
		return flow.CoProcess(l, r, "both",
			func(c *flow.Ctx[int64, int, flow.Batch], b flow.Batch) error {
				return errors.Join(w.step(), c.Emit(half(b)))
			},
			func(c *flow.Ctx[int64, int, flow.Batch], b flow.Batch) error {
				return errors.Join(w.step(), c.Emit(half(b)))
			})
	},
	"apply": func(in flow.Flow[flow.Batch], w *tripwire) flow.Flow[flow.Batch] {
		return flow.Apply(in, "twice", func(context.Context, flow.OpenTask) (flow.Operator[flow.Batch, flow.Batch], error) {
			return twice{w}, nil
		})
	},
}

// twice emits what it is lent, and half of it.
type twice struct{ w *tripwire }

func (o twice) Push(b flow.Batch, out func(flow.Batch) error) error {
	return errors.Join(out(b), o.w.step(), out(half(b)))
}
func (o twice) Watermark(time.Time, func(flow.Batch) error) error { return nil }
func (o twice) Snapshot(flow.Epoch, flow.StateWriter) error       { return o.w.step() }
func (o twice) Close() error                                      { return nil }

// batchSink is a sink that holds what it is given until its epoch ends.
type batchSink struct{ w *tripwire }

type batchWriter struct {
	w    *tripwire
	held []flow.Batch
}

func (s batchSink) Open(context.Context, flow.Task) (flow.Writer[flow.Batch, int], error) {
	return &batchWriter{w: s.w}, nil
}
func (s batchSink) Commit(context.Context, flow.Txn, []int) error { return s.w.step() }

func (w *batchWriter) Write(_ context.Context, b flow.Batch) error {
	if err := w.w.step(); err != nil {
		return err
	}
	for _, v := range flow.Col[int64](b, "V") {
		if v < 0 || v >= 1000 {
			return fmt.Errorf("a row holds %d: it was freed before its time", v)
		}
	}
	b.Retain()
	w.held = append(w.held, b)
	return nil
}

func (w *batchWriter) Prepare(context.Context, flow.Epoch) (func(context.Context) (int, error), error) {
	return flow.Done(0), errors.Join(w.w.step(), w.Close())
}

func (w *batchWriter) Close() error {
	for _, b := range w.held {
		b.Release()
	}
	w.held = nil
	return nil
}

// TestReferences gives every graph of batches an error and a panic at each of
// its steps: no batch may be kept, freed twice or freed too early.
func TestReferences(t *testing.T) {
	for name, build := range batchShapes {
		t.Run(name, func(t *testing.T) {
			for _, panics := range []bool{false, true} {
				for at := int64(1); ; at += 1 + at/6 {
					w := &tripwire{panics: panics}
					w.left.Store(at)
					p := flow.New("p", flow.Checkpoint(100*time.Microsecond), flow.MemoryLimit(1<<12),
						flow.Debug(flow.CheckLeaks|flow.PoisonFreed))
					rows := make([]num, 150)
					for i := range rows {
						rows[i].V = int64(i)
					}
					in := flow.ToBatches(flow.FromSlice(p, "in", rows), flow.ChunkRows(5))
					flow.To(build(in, w), "out", batchSink{w})
					err := ends(t.Context(), t, p)
					if w.left.Load() > 0 {
						if err != nil {
							t.Errorf("without a fault: %v", err)
						}
						break // it has fewer steps
					}
					_, named := errors.AsType[*flow.OpError](err)
					leaked := false
					if all, ok := err.(interface{ Unwrap() []error }); ok {
						leaked = len(all.Unwrap()) > 1
					}
					if !named || leaked {
						t.Errorf("step %d, panics %v: got %.300v", at, panics, err)
					}
				}
			}
		})
	}
}
