package engine

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// Lane is one goroutine's worth of a graph. While a graph is compiled it is
// what the operators of that goroutine are made for.
type Lane struct {
	Run  *Run
	Sub  int   // which of the parallel lanes of its stage
	At   int32 // the node whose code runs now, to name it when it panics
	root int32 // the node that the lane belongs to

	blocked atomic.Int64 // nanoseconds spent waiting for room downstream
	rows    atomic.Int64
	bytes   atomic.Int64
	batches atomic.Int64
	time    atomic.Int64 // the watermark that the lane has reached
	again   atomic.Bool  // an operator wants to be flushed again soon
}

// NewLane makes a lane whose root is node id.
func (r *Run) NewLane(id int32, sub int) *Lane {
	l := &Lane{Run: r, Sub: sub, At: id, root: id}
	l.time.Store(MinTime)
	r.lanes = append(r.lanes, l)
	return l
}

// Count adds to what has passed the root of the lane.
func (l *Lane) Count(rows, bytes, batches int64) {
	l.rows.Add(rows)
	l.bytes.Add(bytes)
	l.batches.Add(batches)
}

// PanicError is a panic in a function of a user.
type PanicError struct {
	Value any
	Stack []byte
}

// Error returns the panic's value and where it happened.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// Again asks for another [Flush] soon: an operator holds something that it
// did not want to send on yet.
func (l *Lane) Again() {
	l.again.Store(true)
	l.Run.stir()
}

// guard runs f on the lane's own goroutine and turns a panic into an error
// that names the operator at work.
func (l *Lane) guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = l.panicked(v)
		}
	}()
	return f()
}

func (l *Lane) panicked(v any) error {
	return l.Run.cfg.Named(l.At, &PanicError{v, debug.Stack()})
}

// guard runs a function of node id, on whatever goroutine, and turns a panic
// into an error; it names the node in either.
func (r *Run) guard(id int32, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{v, debug.Stack()}
		}
		err = r.cfg.Named(id, err)
	}()
	return f()
}
