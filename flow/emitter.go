package flow

import (
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/internal/engine"
)

// Emitter is where a source puts its elements. It pushes straight into the
// fused chain, on the caller's goroutine.
//
// An Emitter may be used by several goroutines; the elements then arrive in
// the order of their Emits.
type Emitter[T, O any] struct {
	root    *engine.Source[T]
	pos     O
	has     bool // pos has moved since the last barrier
	done    *atomic.Int64
	alloc   memory.Allocator
	forward func(vs []T, next O) error
}

// ForwardTo returns an emitter that hands what it is given to f: for a source
// made of sources, and for tests of sources. vs is valid for the call, and
// given away like everything a source emits.
func ForwardTo[T, O any](f func(vs []T, next O) error) *Emitter[T, O] {
	return &Emitter[T, O]{alloc: memory.DefaultAllocator, forward: f}
}

// Through returns an emitter that hands elements to f, and watermarks and
// progress to e: for what stands between a source and its emitter. f hands on
// to e, or keeps what it is given.
func (e *Emitter[T, O]) Through(f func(vs []T, next O) error) *Emitter[T, O] {
	return &Emitter[T, O]{root: e.root, done: e.done, alloc: e.alloc, forward: f}
}

// Emit sends v and gives it away; next is the position to resume from once v
// is processed, and must not be changed afterwards. Emit returns when v has
// been taken, or with the error that stops the pipeline, which Run should
// return as it is.
func (e *Emitter[T, O]) Emit(v T, next O) error {
	if e.forward != nil {
		return e.forward([]T{v}, next)
	}
	return e.root.PushOne(v, func() { e.pos, e.has = next, true })
}

// EmitChunk is Emit for elements that share one position to resume from. The
// caller keeps the slice. An empty chunk moves the position alone.
func (e *Emitter[T, O]) EmitChunk(vs []T, next O) error {
	if e.forward != nil {
		return e.forward(vs, next)
	}
	return e.root.Push(vs, func() { e.pos, e.has = next, true })
}

// Alloc is the pipeline's allocator, for the batches of a source. What it
// gives is not zeroed.
func (e *Emitter[T, O]) Alloc() memory.Allocator { return e.alloc }

// Watermark declares that no element with an event time at or before t will
// follow.
func (e *Emitter[T, O]) Watermark(t time.Time) error {
	if e.root == nil {
		return nil
	}
	return e.root.Watermark(t.UnixNano())
}

// Idle declares that nothing is known of the time of the elements to come:
// the source no longer holds the watermark of a merge back, until it emits
// again.
func (e *Emitter[T, O]) Idle() error {
	if e.root == nil {
		return nil
	}
	return e.root.Idle()
}

// Progress adds n to what has been read of a [Sized] source, in its unit.
func (e *Emitter[T, O]) Progress(n int64) {
	if e.done != nil {
		e.done.Add(n)
	}
}
