package wrap

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/weirflow/weir/flow"
)

// guard makes calls: again when they fail and may pass, not at all while the
// breaker is open.
type guard struct {
	retry   Retry
	breaker *breaker
	obs     Observer
}

// call is one thing to do that may fail.
type call struct {
	step Step
	do   func(context.Context) error

	// progressed reports, once, whether the last attempt came further than
	// the one before. nil: attempts make no progress.
	progressed func() bool

	// final reports whether the last error is not the callee's. nil: never.
	final func() bool
}

func (g *guard) persist(ctx context.Context, c call) error {
	start, attempts := time.Now(), 0
	for {
		if err := g.wait(ctx); err != nil {
			return err
		}
		err := g.attempt(ctx, c)
		if err == nil {
			return nil
		}
		if c.progressed != nil && c.progressed() {
			start, attempts = time.Now(), 0
		}
		attempts++
		if flow.KindOf(err) != flow.Transient || c.final != nil && c.final() {
			return err
		}
		wait := g.backoff(attempts)
		if attempts == g.retry.MaxAttempts || g.tooLong(start, wait) {
			if attempts == 1 {
				return err
			}
			took := time.Since(start).Round(time.Millisecond)
			return fmt.Errorf("%w (after %d attempts in %v)", err, attempts, took)
		}
		g.obs.Retrying(c.step, attempts, wait, err)
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// wait returns when the breaker lets a call through.
func (g *guard) wait(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		ok, wait := g.breaker.allow()
		if ok {
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func (g *guard) attempt(ctx context.Context, c call) error {
	start := time.Now()
	err := c.do(ctx)
	g.obs.Did(c.step, time.Since(start), err)
	if c.final != nil && c.final() {
		g.breaker.done(nil) // it was not the callee that failed
	} else {
		g.breaker.done(err)
	}
	return err
}

// backoff is a random part of the longest wait after so many attempts.
func (g *guard) backoff(attempts int) time.Duration {
	longest := float64(g.retry.InitialBackoff)
	for i := 1; i < attempts && longest < float64(g.retry.MaxBackoff); i++ {
		longest *= g.retry.BackoffMultiplier
	}
	limit := int64(min(longest, float64(g.retry.MaxBackoff)))
	return time.Duration(rand.Int64N(max(limit, 1)))
}

// tooLong reports whether the time is up before the next attempt.
func (g *guard) tooLong(start time.Time, wait time.Duration) bool {
	most := time.Duration(g.retry.MaxElapsed)
	return most > 0 && time.Since(start)+wait > most
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
