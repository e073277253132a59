// Package pace holds work back to a rate.
package pace

import (
	"context"
	"sync"
	"time"
)

// Bucket lets through a number of units a second: rows, bytes. Over any time
// in which the work is never late it is exact to the nanosecond; work that
// was late may catch up with one burst. It is safe for several goroutines.
type Bucket struct {
	rate  int64         // units per second
	burst time.Duration // how far behind the schedule may fall and catch up

	mu    sync.Mutex
	base  time.Time // the schedule: unit n after base is due at base + n/rate
	spent int64     // units since base, less than rate
}

// NewBucket returns a bucket for rate units a second, which must be above 0.
// After a pause, burst units pass at once.
func NewBucket(rate, burst int64) *Bucket {
	return &Bucket{rate: rate, burst: span(burst, rate)}
}

// Take waits until the units taken before are paid for, then takes n more. It
// returns how long it waited, and ctx's error when ctx ends first; nothing is
// taken then.
func (b *Bucket) Take(ctx context.Context, n int64) (waited time.Duration, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	wait, back := b.reserve(n)
	if wait <= 0 {
		return 0, nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return wait, nil
	case <-ctx.Done():
		back()
		return 0, ctx.Err()
	}
}

// reserve takes n units and returns how long to wait for them, and how to
// give them back.
func (b *Bucket) reserve(n int64) (wait time.Duration, back func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	due := b.base.Add(span(b.spent, b.rate))
	if late := now.Add(-b.burst); b.base.IsZero() || due.Before(late) {
		b.base, b.spent, due = late, 0, late
	}
	b.add(n)
	return due.Sub(now), func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.add(-n)
	}
}

// add moves whole seconds from spent to base, so that nothing is rounded away.
func (b *Bucket) add(n int64) {
	b.spent += n
	seconds := b.spent / b.rate
	b.base = b.base.Add(time.Duration(seconds) * time.Second)
	b.spent -= seconds * b.rate
}

// span is the time that n units take, rounded down. More than 146 years are
// taken for 146 years.
func span(n, rate int64) time.Duration {
	const most = int64(1<<62) / int64(time.Second)
	seconds, rest := n/rate, n%rate
	if seconds >= most {
		return time.Duration(most) * time.Second
	}
	// rest < rate, so the fraction fits; floats are exact enough below 1 s.
	part := float64(rest) / float64(rate) * float64(time.Second)
	return time.Duration(seconds)*time.Second + time.Duration(part)
}
