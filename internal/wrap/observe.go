package wrap

import "time"

// Step is a kind of call that is observed.
type Step string

// Steps of sources and sinks.
const (
	Run     Step = "run"     // one run of a source or split
	List    Step = "list"    // of splits
	Start   Step = "start"   // of a sink
	Open    Step = "open"    // of a writer
	Write   Step = "write"   // of one batch
	Prepare Step = "prepare" // of an epoch
	Finish  Step = "finish"  // of an epoch
	Commit  Step = "commit"  // of an epoch
)

// Observer is told what passes through. It is called by several goroutines,
// for every batch, and must not block.
type Observer interface {
	// Passed counts one batch that was emitted or written.
	Passed(rows, bytes int64)

	// Did tells of one attempt at a step: how long it took, and its error.
	Did(step Step, took time.Duration, err error)

	// Retrying tells that attempt number n of a step failed, and how long
	// until the next.
	Retrying(step Step, n int, wait time.Duration, err error)

	// HeldBack tells how long the rate limit made a batch wait.
	HeldBack(wait time.Duration)

	// Breaker tells that the circuit breaker has changed.
	Breaker(s State)
}

// nobody is the observer where there is none.
type nobody struct{}

func (nobody) Passed(int64, int64)                      {}
func (nobody) Did(Step, time.Duration, error)           {}
func (nobody) Retrying(Step, int, time.Duration, error) {}
func (nobody) HeldBack(time.Duration)                   {}
func (nobody) Breaker(State)                            {}
