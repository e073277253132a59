package flow

import (
	"sync"
	"time"
)

// Emitter is where a source puts its elements. It pushes straight into the
// fused chain, on the caller's goroutine.
//
// An Emitter may be used by several goroutines; the elements then arrive in
// the order of their Emits.
type Emitter[T, O any] struct {
	root    *sourceRoot[T]
	mu      *sync.Mutex
	pos     O
	has     bool
	forward func(vs []T, next O) error
}

// ForwardTo returns an emitter that hands what it is given to f: for a source
// made of sources, and for tests of sources. vs is valid for the call, and
// given away like everything a source emits.
func ForwardTo[T, O any](f func(vs []T, next O) error) *Emitter[T, O] {
	return &Emitter[T, O]{forward: f}
}

// Emit sends v and gives it away; next is the position to resume from once v
// is processed. It returns when v has been taken, or with the error that
// stops the pipeline, which Run should return as it is.
func (e *Emitter[T, O]) Emit(v T, next O) error {
	if e.forward != nil {
		return e.forward([]T{v}, next)
	}
	r := e.root
	r.mu.Lock()
	err := r.push(v)
	if err == nil {
		e.pos, e.has = next, true
	}
	r.mu.Unlock()
	return err
}

// EmitChunk is Emit for elements that share one position to resume from. The
// caller keeps the slice. An empty chunk moves the position alone.
func (e *Emitter[T, O]) EmitChunk(vs []T, next O) error {
	if e.forward != nil {
		return e.forward(vs, next)
	}
	r := e.root
	r.mu.Lock()
	err := r.pushAll(vs)
	if err == nil {
		e.pos, e.has = next, true
	}
	r.mu.Unlock()
	return err
}

// Watermark declares that no element with an event time at or before t will
// follow.
func (e *Emitter[T, O]) Watermark(t time.Time) error {
	if e.forward != nil {
		return nil
	}
	return e.root.watermark(t)
}

// Idle declares that nothing is known of the time of the elements to come:
// the source no longer holds the watermark of a merge back, until it emits
// again.
func (e *Emitter[T, O]) Idle() error {
	if e.forward != nil {
		return nil
	}
	return e.root.idle()
}

// Progress adds n to what has been read of a [Sized] source, in its unit.
func (e *Emitter[T, O]) Progress(n int64) {
	if e.root != nil {
		e.root.progress(n)
	}
}
