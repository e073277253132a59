package wrap

import (
	"context"
	"time"

	"github.com/weirflow/weir/flow"
)

// Sink wraps s. The writers share the rate and the breaker.
func Sink[T, C any](s flow.Sink[T, C], o Options[T]) flow.Sink[T, C] {
	return &sink[T, C]{s, newAround(o)}
}

type sink[T, C any] struct {
	s flow.Sink[T, C]
	*around[T]
}

func (s *sink[T, C]) unwrap() any { return s.s }

// Start starts the sink, if it wants to be.
func (s *sink[T, C]) Start(ctx context.Context, last flow.Txn) error {
	st, ok := s.s.(flow.Starter)
	if !ok {
		return nil
	}
	return s.persist(ctx, call{step: Start, do: func(ctx context.Context) error { return st.Start(ctx, last) }})
}

// Guarantee is that of the sink.
func (s *sink[T, C]) Guarantee() (flow.Guarantee, string) {
	if g, ok := s.s.(flow.Guarantor); ok {
		return g.Guarantee()
	}
	return flow.ExactlyOnce, "two-phase commit"
}

// Describe is what the sink says of itself.
func (s *sink[T, C]) Describe() string {
	if d, ok := s.s.(flow.Describer); ok {
		return d.Describe()
	}
	return ""
}

// Open opens a writer.
func (s *sink[T, C]) Open(ctx context.Context, t flow.Task) (flow.Writer[T, C], error) {
	var w flow.Writer[T, C]
	err := s.persist(ctx, call{step: Open, do: func(ctx context.Context) (err error) {
		w, err = s.s.Open(ctx, t)
		return err
	}})
	if err != nil {
		return nil, err
	}
	return &writer[T, C]{w, s.around}, nil
}

// Commit commits, as often as it takes.
func (s *sink[T, C]) Commit(ctx context.Context, t flow.Txn, parts []C) error {
	return s.persist(ctx, call{step: Commit, do: func(ctx context.Context) error {
		return s.s.Commit(ctx, t, parts)
	}})
}

type writer[T, C any] struct {
	w flow.Writer[T, C]
	*around[T]
}

// Write writes v when the rate allows.
func (w *writer[T, C]) Write(ctx context.Context, v T) error {
	rows, bytes := w.measure(v)
	if err := w.limit(ctx, rows, bytes); err != nil {
		return err
	}
	start := time.Now()
	err := w.w.Write(ctx, v)
	w.obs.Did(Write, time.Since(start), err)
	if err == nil {
		w.obs.Passed(rows, bytes)
	}
	return err
}

// Prepare prepares; finish is repeated as often as it takes.
func (w *writer[T, C]) Prepare(ctx context.Context, e flow.Epoch) (func(context.Context) (C, error), error) {
	start := time.Now()
	finish, err := w.w.Prepare(ctx, e)
	w.obs.Did(Prepare, time.Since(start), err)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (C, error) {
		var token C
		err := w.persist(ctx, call{step: Finish, do: func(ctx context.Context) (err error) {
			token, err = finish(ctx)
			return err
		}})
		return token, err
	}, nil
}

// Close closes the writer.
func (w *writer[T, C]) Close() error { return w.w.Close() }
