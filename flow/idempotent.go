package flow

import (
	"context"

	"github.com/weirflow/weir/internal/engine"
)

// idempotentChunk is the most elements that Idempotent hands over at once.
const idempotentChunk = 1024

// Idempotent makes a sink of a function whose repetition changes nothing, an
// upsert by key for instance: what is written again after a crash converges
// to the same. write is called with 1 to 1024 elements, which it borrows, by
// one goroutine for each lane.
func Idempotent[T any](write func(ctx context.Context, vs []T) error) Sink[T, struct{}] {
	return idempotent[T](write)
}

type idempotent[T any] func(ctx context.Context, vs []T) error

// Open makes a writer that gathers elements for the function.
func (s idempotent[T]) Open(context.Context, Task) (Writer[T, struct{}], error) {
	w := &idempotentWriter[T]{write: s}
	w.retain, w.release = engine.Refs[T]()
	return w, nil
}

// Commit has nothing to do: the rows are written.
func (s idempotent[T]) Commit(context.Context, Txn, []struct{}) error { return nil }

// Guarantee says that replays converge.
func (s idempotent[T]) Guarantee() (Guarantee, string) {
	return EffectivelyOnce, "idempotent writes: what is repeated after a crash changes nothing"
}

type idempotentWriter[T any] struct {
	write           func(ctx context.Context, vs []T) error
	held            []T
	retain, release func(T)
}

// Write holds v until there are enough.
func (w *idempotentWriter[T]) Write(ctx context.Context, v T) error {
	if w.retain != nil {
		w.retain(v)
	}
	w.held = append(w.held, v)
	if len(w.held) < idempotentChunk {
		return nil
	}
	return w.flush(ctx)
}

func (w *idempotentWriter[T]) flush(ctx context.Context) error {
	if len(w.held) == 0 {
		return nil
	}
	err := w.write(ctx, w.held)
	w.drop()
	return err
}

func (w *idempotentWriter[T]) drop() {
	if w.release != nil {
		for _, v := range w.held {
			w.release(v)
		}
	}
	clear(w.held)
	w.held = w.held[:0]
}

// Prepare writes what is held.
func (w *idempotentWriter[T]) Prepare(ctx context.Context, _ Epoch) (func(context.Context) (struct{}, error), error) {
	return Done(struct{}{}), w.flush(ctx)
}

// Close drops what is held.
func (w *idempotentWriter[T]) Close() error { w.drop(); return nil }
