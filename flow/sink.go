package flow

import (
	"context"
	"log/slog"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Epoch numbers the stretches of a flow between two barriers, from 1.
type Epoch uint64

// Sink writes in two phases. C, what a writer hands over for an epoch, is
// kept as JSON.
type Sink[T, C any] interface {
	// Open makes the writer of one task. It is used by one goroutine.
	Open(ctx context.Context, t Task) (Writer[T, C], error)

	// Commit makes the parts of one epoch visible, all or none. It is called
	// again after a crash, and by who retries after an error of kind
	// Transient, with the same t and parts: it must look on the other side for the marker of t before
	// it acts, and leave it there in the same atomic step. Commits come in
	// the order of their epochs; an epoch without rows has none.
	Commit(ctx context.Context, t Txn, parts []C) error
}

// Writer writes the elements of one task.
type Writer[T, C any] interface {
	// Write takes v, which it borrows for the length of the call.
	Write(ctx context.Context, v T) error

	// Prepare seals what was written since the last Prepare; what is written
	// from now on belongs to epoch e+1. finish makes the sealed part durable
	// but not visible and returns the token for Commit; it may run beside the
	// Writes and the Prepare of later epochs, and beside their finishes: they
	// do not wait for each other. Close comes when all have returned.
	Prepare(ctx context.Context, e Epoch) (finish func(context.Context) (C, error), err error)

	// Close frees what the writer holds, and drops what is not sealed. It is
	// called once, also after an error.
	Close() error
}

// Done is the finish of a writer that has nothing to wait for.
func Done[C any](c C) func(context.Context) (C, error) {
	return func(context.Context) (C, error) { return c, nil }
}

// Starter is an optional method of a [Sink], called once before anything is
// opened or committed. last is the newest commit that the pipeline's state
// knows of (Epoch 0: none). A sink that finds a marker there which does not
// fit returns an error of kind Conflict that says what to do.
type Starter interface {
	Start(ctx context.Context, last Txn) error
}

// Txn names a commit: it is what a sink records on the other side.
type Txn struct {
	Pipeline    string
	Incarnation string // made with the state directory; a marker of another is never ours
	Sink        string
	Epoch       Epoch

	// Previous is the epoch of this sink's commit before, 0 for the first. A
	// marker that is neither Previous nor Epoch means that somebody rolled
	// the other side back, or that the state directory is an old copy.
	Previous Epoch

	// Stateless says that the pipeline has no state directory: its
	// incarnation lasts one run, and markers of others mean nothing.
	Stateless bool
}

// Task is what the engine lends to one parallel instance of a sink's writer
// or of an operator.
type Task struct {
	Index, Of   int
	Pipeline    string
	Incarnation string
	Name        string // of the sink or operator
	Epoch       Epoch  // the first epoch it will take part in
	Memory      int64  // bytes it may hold before it must write them out
	Alloc       memory.Allocator
	Log         *slog.Logger
}

// Guarantee is what a sink promises about each element, come what may.
type Guarantee uint8

// Guarantees, from the weakest.
const (
	AtMostOnce      Guarantee = iota // may be lost in a crash
	AtLeastOnce                      // may be doubled after a crash
	EffectivelyOnce                  // replays converge: the last state is right
	ExactlyOnce                      // neither lost nor doubled
)

// String names the guarantee as Explain prints it.
func (g Guarantee) String() string {
	return [...]string{"at-most-once", "at-least-once", "effectively-once", "exactly-once"}[g]
}

// Describer is an optional method of a [Sink]: what the other side holds after
// its last commit, for people ("snapshot 7, 12 files, 300,000 rows"); "" when
// nothing is known. It is called by any goroutine.
type Describer interface {
	Describe() string
}

// Guarantor is an optional method of a [Sink]. A sink without it promises
// ExactlyOnce by its two phases.
type Guarantor interface {
	Guarantee() (g Guarantee, why string)
}
