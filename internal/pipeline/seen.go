package pipeline

import (
	"log/slog"
	"time"

	"github.com/weirflow/weir/internal/wrap"
)

// seen logs what happens around a source or sink. What passes through is
// counted by the engine.
type seen struct{ log *slog.Logger }

func (seen) Passed(int64, int64) {}

func (s seen) Did(step wrap.Step, took time.Duration, err error) {
	if err == nil && (step == wrap.Commit || step == wrap.Finish) {
		s.log.Debug("done", "step", string(step), "took", took)
	}
}

func (s seen) Retrying(step wrap.Step, n int, wait time.Duration, err error) {
	s.log.Warn("failed; trying again", "step", string(step), "attempt", n, "wait", wait, "error", err)
}

func (s seen) HeldBack(wait time.Duration) { s.log.Debug("held back by the rate limit", "wait", wait) }

func (s seen) Breaker(state wrap.State) { s.log.Warn("circuit breaker", "state", state) }
