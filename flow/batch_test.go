package flow_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/flow"
)

type fare struct {
	ID     int64     `arrow:"id"`
	City   string    `arrow:"city"`
	Amount float64   `arrow:"amount"`
	At     time.Time `arrow:"at"`
	Note   *string   `arrow:"note"`
}

func fares(n int) []fare {
	fs := make([]fare, n)
	for i := range fs {
		fs[i] = fare{ID: int64(i), City: []string{"Ulm", "Köln", ""}[i%3], Amount: float64(i) / 4, At: time.Unix(int64(i), 0).UTC()}
		if i%2 == 0 {
			note := "n" + fs[i].City
			fs[i].Note = &note
		}
	}
	return fs
}

// checked is a pipeline that fails when Arrow memory is left, or used after
// it was given back.
func checked(name string, options ...flow.Option) *flow.Pipeline {
	return flow.New(name, append(options, flow.Debug(flow.CheckLeaks|flow.PoisonFreed))...)
}

func TestRowsThroughBatches(t *testing.T) {
	p := checked("p")
	want := fares(1000)
	batches := flow.ToBatches(flow.FromSlice(p, "in", want), flow.ChunkRows(64))
	got := flow.Collect(flow.ToRows[fare](flow.Async(batches)))
	run(t, p)
	if d := cmp.Diff(want, *got); d != "" {
		t.Fatal(d)
	}
}

func TestFilterRows(t *testing.T) {
	p := checked("p")
	batches := flow.ToBatches(flow.FromSlice(p, "in", fares(1000)), flow.ChunkRows(64))
	kept := flow.FilterRows(batches, func(b flow.Batch, keep []bool) {
		city := flow.Col[string](b, "city")
		for i, a := range flow.Col[float64](b, "amount") {
			keep[i] = a >= 100 && city[i] == "Ulm"
		}
	})
	got := flow.Collect(flow.ToRows[fare](kept))
	run(t, p)
	var want []fare
	for _, f := range fares(1000) {
		if f.Amount >= 100 && f.City == "Ulm" {
			want = append(want, f)
		}
	}
	if d := cmp.Diff(want, *got); d != "" {
		t.Fatal(d)
	}
}

// buildShared is a graph in which batches are passed on, cut, copied, dropped
// and shared, over three boundaries.
func buildShared(p *flow.Pipeline, sink func() error) {
	in := flow.ToBatches(flow.FromSlice(p, "in", fares(3000)), flow.ChunkRows(50))
	same := flow.MapBatch(in, func(_ flow.BatchCtx, b flow.Batch) (flow.Batch, error) { return b, nil })
	half := flow.MapBatch(flow.Async(same), func(_ flow.BatchCtx, b flow.Batch) (flow.Batch, error) {
		return flow.Batch{RecordBatch: b.NewSlice(0, b.NumRows()/2)}, nil
	})
	some := flow.MapBatch(same, func(_ flow.BatchCtx, b flow.Batch) (flow.Batch, error) {
		if flow.Col[int64](b, "id")[0]%100 == 0 {
			return flow.Batch{}, nil
		}
		return b, nil
	})
	async := flow.MapAsync(some, func(_ context.Context, b flow.Batch) (flow.Batch, error) { return b, nil })
	_, failed := flow.Attempt(async, func(flow.Batch) (int, error) { return 0, errors.New("no") })
	flow.Each(flow.Merge(failed), "failed", func(_ context.Context, f flow.Failed[flow.Batch]) error {
		_ = flow.Col[int64](f.In, "id")[0]
		return sink()
	})
	flow.Each(flow.Async(flow.Merge(half, async)), "out", func(_ context.Context, b flow.Batch) error {
		_ = flow.Col[int64](b, "id")[0]
		return sink()
	})
}

func TestNothingIsLeftOfBatches(t *testing.T) {
	p := checked("p")
	buildShared(p, func() error { return nil })
	run(t, p)
	boom := errors.New("boom")
	for at := int64(1); at < 40; at++ {
		p := checked("p")
		left := newCounter(at)
		buildShared(p, func() error {
			if left.down() {
				return boom
			}
			return nil
		})
		if err := p.Run(t.Context()); !errors.Is(err, boom) || flow.KindOf(err) != flow.Unknown {
			t.Fatalf("error at %d: %v", at, err)
		} else if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) > 1 {
			t.Fatalf("error at %d left batches behind: %v", at, err)
		}
	}
}
