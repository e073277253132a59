package wrap

import (
	"sync"
	"time"

	"github.com/weirflow/weir/flow"
)

// State is that of a circuit breaker.
type State string

// States of a circuit breaker.
const (
	Closed   State = "closed"    // calls are made
	HalfOpen State = "half-open" // one call at a time is made, as a trial
	Opened   State = "open"      // no call is made
)

// breaker counts failures and says when a call may be made. A nil breaker
// always lets calls through.
type breaker struct {
	cfg CircuitBreaker
	obs Observer

	mu       sync.Mutex
	state    State
	failures int       // in a row, while closed
	trials   int       // that succeeded in a row, while half-open
	trying   bool      // a trial is under way
	until    time.Time // open until then
}

func newBreaker(cfg *CircuitBreaker, obs Observer) *breaker {
	if cfg == nil || !cfg.Enabled {
		return nil
	}
	return &breaker{cfg: *cfg, obs: obs, state: Closed}
}

// allow reports whether a call may be made now, and otherwise how long to wait
// before asking again. Who may call must call done.
func (b *breaker) allow() (ok bool, wait time.Duration) {
	if b == nil {
		return true, 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == Opened {
		if wait := time.Until(b.until); wait > 0 {
			return false, wait
		}
		b.turn(HalfOpen)
	}
	if b.state == HalfOpen {
		if b.trying {
			return false, min(time.Duration(b.cfg.ResetTimeout), time.Second)
		}
		b.trying = true
	}
	return true, 0
}

// done tells how the call went, or that one under way is going well. Errors that say nothing about the health of
// the other side (a bad row, a bad setting, an ended context) count neither
// way.
func (b *breaker) done(err error) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trying = false
	switch kind := flow.KindOf(err); {
	case err == nil:
		b.succeeded()
	case kind == flow.Transient || kind == flow.Unknown:
		b.failed()
	}
}

func (b *breaker) succeeded() {
	b.failures = 0
	if b.state != HalfOpen {
		return
	}
	if b.trials++; b.trials >= b.cfg.SuccessThreshold {
		b.turn(Closed)
	}
}

func (b *breaker) failed() {
	b.failures++
	if b.state == HalfOpen || b.failures >= b.cfg.FailureThreshold {
		b.until = time.Now().Add(time.Duration(b.cfg.ResetTimeout))
		b.turn(Opened)
	}
}

// turn changes the state. b.mu is held.
func (b *breaker) turn(s State) {
	if b.state == s {
		return
	}
	b.state, b.failures, b.trials = s, 0, 0
	b.obs.Breaker(s)
}
