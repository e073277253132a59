package wrap

import (
	"context"
	"time"

	"github.com/weirflow/weir/internal/pace"
)

// Options is how to wrap a source or sink of T.
type Options[T any] struct {
	Settings

	// Observer is told what happens; nil: nobody.
	Observer Observer

	// Measure returns the rows and bytes of an element; nil: 1 and 0.
	Measure func(T) (rows, bytes int64)
}

// around is what wrapped sources and sinks have in common.
type around[T any] struct {
	guard
	rows, bytes *pace.Bucket // nil: no limit
	measure     func(T) (rows, bytes int64)
}

func newAround[T any](o Options[T]) *around[T] {
	a := &around[T]{guard: guard{retry: o.Retry, obs: o.Observer}, measure: o.Measure}
	if a.obs == nil {
		a.obs = nobody{}
	}
	if a.measure == nil {
		a.measure = func(T) (int64, int64) { return 1, 0 }
	}
	a.breaker = newBreaker(o.CircuitBreaker, a.obs)
	if limit := o.RateLimit; limit.RowsPerSecond > 0 {
		a.rows = pace.NewBucket(limit.RowsPerSecond, limit.BurstRows)
	}
	if n := int64(o.RateLimit.BytesPerSecond); n > 0 {
		a.bytes = pace.NewBucket(n, 0)
	}
	return a
}

// limit waits until rows and bytes may pass.
func (a *around[T]) limit(ctx context.Context, rows, bytes int64) error {
	var waited time.Duration
	for _, l := range []struct {
		bucket *pace.Bucket
		n      int64
	}{{a.rows, rows}, {a.bytes, bytes}} {
		if l.bucket == nil {
			continue
		}
		d, err := l.bucket.Take(ctx, l.n)
		if err != nil {
			return err
		}
		waited += d
	}
	if waited > 0 {
		a.obs.HeldBack(waited)
	}
	return nil
}
