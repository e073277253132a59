package flow

import (
	"context"
	"sync"

	"github.com/weirflow/weir/internal/engine"
)

// Each calls f for every element, at least once: what came after the last
// epoch comes again after a crash. With parallel flows f is called by several
// goroutines.
func Each[T any](in Flow[T], name string, f func(context.Context, T) error) {
	To(in, name, Sink[T, struct{}](eachSink[T](f)))
}

type eachSink[T any] func(context.Context, T) error

// Open makes a writer that calls the function.
func (s eachSink[T]) Open(context.Context, Task) (Writer[T, struct{}], error) {
	return eachWriter[T](s), nil
}

// Commit has nothing to do: the function has been called.
func (s eachSink[T]) Commit(context.Context, Txn, []struct{}) error { return nil }

// Guarantee is the weakest.
func (s eachSink[T]) Guarantee() (Guarantee, string) {
	return AtLeastOnce, "a function is called before the epoch is durable"
}

type eachWriter[T any] func(context.Context, T) error

// Write calls the function.
func (w eachWriter[T]) Write(ctx context.Context, v T) error { return w(ctx, v) }

// Prepare has nothing to seal.
func (w eachWriter[T]) Prepare(context.Context, Epoch) (func(context.Context) (struct{}, error), error) {
	return Done(struct{}{}), nil
}

// Close has nothing to free.
func (w eachWriter[T]) Close() error { return nil }

// Collect gathers the elements in a slice, to be looked at after Run: for
// tests and small results. Batches in it stay valid.
func Collect[T any](in Flow[T]) *[]T {
	var mu sync.Mutex
	got := new([]T)
	retain, _ := engine.Refs[T]()
	Each(in, in.n.name+".collect", func(_ context.Context, v T) error {
		if retain != nil {
			retain(v)
		}
		mu.Lock()
		*got = append(*got, v)
		mu.Unlock()
		return nil
	})
	return got
}
