package pipeline

import (
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/weirflow/weir/internal/live"
	"github.com/weirflow/weir/internal/wrap"
)

// seen logs what happens around a source or sink, and counts what the engine
// does not.
type seen struct {
	log     *slog.Logger
	commits atomic.Int64
	retries atomic.Int64
}

// detail says in words what was counted.
func (s *seen) detail() string {
	var notes []string
	if n := s.commits.Load(); n > 0 {
		notes = append(notes, plural(n, "commit", "commits"))
	}
	if n := s.retries.Load(); n > 0 {
		notes = append(notes, plural(n, "retry", "retries"))
	}
	return beside(notes...)
}

// beside puts what is not empty side by side.
func beside(notes ...string) string {
	return strings.Join(slices.DeleteFunc(notes, func(s string) bool { return s == "" }), ", ")
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return live.Count(n) + " " + many
}

// Passed does nothing: the engine counts rows.
func (*seen) Passed(int64, int64) {}

func (s *seen) Did(step wrap.Step, took time.Duration, err error) {
	if err != nil || step != wrap.Commit {
		return
	}
	s.commits.Add(1)
	s.log.Debug("committed", "took", took)
}

func (s *seen) Retrying(step wrap.Step, n int, wait time.Duration, err error) {
	s.retries.Add(1)
	s.log.Warn("failed; trying again", "step", string(step), "attempt", n, "wait", wait, "error", err)
}

func (s *seen) HeldBack(wait time.Duration) { s.log.Debug("held back by the rate limit", "wait", wait) }

func (s *seen) Breaker(state wrap.State) { s.log.Warn("circuit breaker", "state", state) }
