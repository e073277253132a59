package flow_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirflow/weir/flow"
)

// TestBlockedSinkBoundsMemory holds a sink back for a minute behind a source
// at full speed: what is in flight must stay within the limit, nothing may be
// dropped, and everything must arrive afterwards.
func TestBlockedSinkBoundsMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, rows = 1 << 20, 20_000
		p := flow.New("p", flow.MemoryLimit(limit), flow.Checkpoint(time.Second))
		in := flow.FromFunc(p, "in", func(_ context.Context, from int, emit func(string, int) error) error {
			for i := from; i < rows; i++ {
				if err := emit(strings.Repeat("x", 1000), i+1); err != nil {
					return err
				}
			}
			return nil
		})
		open := make(chan struct{})
		got := 0
		far := flow.Async(flow.Async(flow.Merge(flow.Async(in))))
		flow.Each(far, "slow", func(context.Context, string) error {
			<-open
			got++
			return nil
		})
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context()) }()
		most := int64(0)
		for range 60 {
			time.Sleep(time.Second)
			most = max(most, p.Status().MemoryUsed)
		}
		if most == 0 || most > limit {
			t.Errorf("%d bytes in flight, the limit is %d", most, limit)
		}
		close(open)
		if err := <-done; err != nil || got != rows {
			t.Errorf("%d rows arrived, want %d: %v", got, rows, err)
		}
	})
}

// TestEpochsInVirtualTime runs a day of a slow source in a moment: an epoch
// every ten minutes, none when nothing came.
func TestEpochsInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := flow.New("p", flow.Checkpoint(10*time.Minute))
		in := flow.FromFunc(p, "in", func(ctx context.Context, from int, emit func(int, int) error) error {
			for i := from; i < 24; i++ {
				select {
				case <-time.After(time.Hour):
				case <-ctx.Done():
					return ctx.Err()
				}
				if err := emit(i, i+1); err != nil {
					return err
				}
			}
			return nil
		})
		got := flow.Collect(flow.Async(in))
		start := time.Now()
		run(t, p)
		if took := time.Since(start); took < 24*time.Hour || took > 25*time.Hour {
			t.Errorf("took %v", took)
		}
		if len(*got) != 24 {
			t.Errorf("%d of 24", len(*got))
		}
	})
}

// TestPausedWhileEpochsAreUnfinished holds the commit of a sink back: two
// epochs may be unfinished, and then the source waits.
func TestPausedWhileEpochsAreUnfinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := flow.New("p", flow.Checkpoint(time.Second))
		var made atomic.Int64
		in := flow.FromFunc(p, "in", func(ctx context.Context, from int, emit func(int, int) error) error {
			for i := from; i < 1000; i++ {
				select {
				case <-time.After(100 * time.Millisecond):
				case <-ctx.Done():
					return ctx.Err()
				}
				made.Store(int64(i))
				if err := emit(i, i+1); err != nil {
					return err
				}
			}
			return nil
		})
		open := make(chan struct{})
		flow.To(in, "held", heldSink{open})
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context()) }()
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if n := made.Load(); n > 60 {
			t.Errorf("the source made %d elements while no epoch could finish", n)
		}
		close(open)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// heldSink does not commit until it is let.
type heldSink struct{ open chan struct{} }

func (s heldSink) Open(context.Context, flow.Task) (flow.Writer[int, int], error) {
	return &heldWriter{}, nil
}

func (s heldSink) Commit(ctx context.Context, _ flow.Txn, _ []int) error {
	select {
	case <-s.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type heldWriter struct{ n int }

func (w *heldWriter) Write(context.Context, int) error { w.n++; return nil }
func (w *heldWriter) Close() error                     { return nil }
func (w *heldWriter) Prepare(context.Context, flow.Epoch) (func(context.Context) (int, error), error) {
	n := w.n
	w.n = 0
	return flow.Done(n), nil
}
