package pace_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirflow/weir/internal/pace"
)

func TestRateIsExactOverTime(t *testing.T) {
	for _, rate := range []int64{1, 3, 7, 10, 999, 1_000_000, 1 << 40} {
		synctest.Test(t, func(t *testing.T) {
			b := pace.NewBucket(rate, 0)
			start := time.Now()
			n := max(rate/7, 1)
			taken := int64(0)
			for time.Since(start) < time.Hour {
				if _, err := b.Take(t.Context(), n); err != nil {
					t.Fatal(err)
				}
				taken += n
			}
			// The last one taken is not paid for.
			got := float64(taken-n) / time.Since(start).Seconds()
			if got < float64(rate)*(1-1e-9) || got > float64(rate)*(1+1e-9) {
				t.Errorf("rate %d: got %f per second", rate, got)
			}
		})
	}
}

func TestBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := pace.NewBucket(10, 5)
		times := func(n int) time.Duration {
			start := time.Now()
			for range n {
				if _, err := b.Take(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
			}
			return time.Since(start)
		}
		if d := times(6); d != 0 {
			t.Errorf("burst and one took %v", d)
		}
		if d := times(10); d != time.Second {
			t.Errorf("ten more took %v", d)
		}
		time.Sleep(time.Hour)
		if d := times(6); d != 0 {
			t.Errorf("after a pause burst and one took %v", d)
		}
		if d := times(10); d != time.Second {
			t.Errorf("ten more took %v", d)
		}
	})
}

func TestTakeEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := pace.NewBucket(1, 0)
		if _, err := b.Take(t.Context(), 3600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.Take(ctx, 3600); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		// What was not taken costs nothing.
		waited, err := b.Take(t.Context(), 1)
		if want := 3599 * time.Second; err != nil || waited != want {
			t.Errorf("waited %v, %v; want %v", waited, err, want)
		}
	})
}
