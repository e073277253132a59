package wrap

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/weirflow/weir/flow"
)

// Source wraps s.
func Source[T, O any](s flow.Source[T, O], o Options[T]) flow.Source[T, O] {
	return &source[T, O]{s, newAround(o)}
}

type source[T, O any] struct {
	s flow.Source[T, O]
	*around[T]
}

func (s *source[T, O]) unwrap() any { return s.s }

// Run runs the source, and after a failure again from where it was.
func (s *source[T, O]) Run(ctx context.Context, from *O, out *flow.Emitter[T, O]) error {
	return keepRunning(ctx, s.around, from, out, s.s.Run)
}

// keepRunning runs a source or split until it ends.
func keepRunning[T, O any](
	ctx context.Context, a *around[T], from *O, out *flow.Emitter[T, O],
	run func(context.Context, *O, *flow.Emitter[T, O]) error,
) error {
	t := &tap[T, O]{around: a, out: out, at: from}
	through := out.Through(func(vs []T, next O) error { return t.emit(ctx, vs, next) })
	return a.persist(ctx, call{
		step:       Run,
		do:         func(ctx context.Context) error { return run(ctx, t.position(), through) },
		progressed: t.progressed,
		final:      t.stopped,
	})
}

// tap sees what a source emits.
type tap[T, O any] struct {
	*around[T]
	out *flow.Emitter[T, O]

	mu    sync.Mutex
	at    *O   // the newest position
	moved bool // since progressed was asked
	end   bool // the pipeline behind has stopped
}

func (t *tap[T, O]) position() *O {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at
}

func (t *tap[T, O]) progressed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	moved := t.moved
	t.moved = false
	return moved
}

func (t *tap[T, O]) stopped() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.end
}

func (t *tap[T, O]) emit(ctx context.Context, vs []T, next O) error {
	var rows, bytes int64
	for _, v := range vs {
		r, b := t.measure(v)
		rows, bytes = rows+r, bytes+b
	}
	err := t.limit(ctx, rows, bytes)
	// The lock keeps positions in the order of the elements.
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		drop(vs)
		t.end = true
		return err
	}
	if err := t.out.EmitChunk(vs, next); err != nil {
		t.end = true
		return err
	}
	t.at, t.moved = &next, true
	t.breaker.done(nil)
	if len(vs) > 0 {
		t.obs.Passed(rows, bytes)
	}
	return nil
}

// drop gives elements back that go no further.
func drop[T any](vs []T) {
	for _, v := range vs {
		if r, ok := any(v).(interface{ Release() }); ok {
			r.Release()
		}
	}
}

// Committed tells the source, if it wants to know.
func (s *source[T, O]) Committed(ctx context.Context, o O) error {
	if c, ok := s.s.(flow.Committed[O]); ok {
		return c.Committed(ctx, o)
	}
	return nil
}

// Replays is the source's answer, or yes.
func (s *source[T, O]) Replays() (bool, string) { return replays(s.s) }

// Size is the source's answer, or 0 for not known.
func (s *source[T, O]) Size(ctx context.Context) (int64, error) { return size(ctx, s.s) }

func replays(s any) (bool, string) {
	if r, ok := s.(flow.Replayer); ok {
		return r.Replays()
	}
	return true, ""
}

func size(ctx context.Context, s any) (int64, error) {
	if z, ok := s.(flow.Sized); ok {
		return z.Size(ctx)
	}
	return 0, nil
}

// Splits wraps s. The splits share the rate and the breaker.
func Splits[T, S, O any](s flow.SplitSource[T, S, O], o Options[T]) flow.SplitSource[T, S, O] {
	return &splits[T, S, O]{s, newAround(o)}
}

type splits[T, S, O any] struct {
	s flow.SplitSource[T, S, O]
	*around[T]
}

func (s *splits[T, S, O]) unwrap() any { return s.s }

// ID is that of the source.
func (s *splits[T, S, O]) ID(v S) string { return s.s.ID(v) }

// Run runs one split, and after a failure again from where it was.
func (s *splits[T, S, O]) Run(ctx context.Context, v S, from *O, out *flow.Emitter[T, O]) error {
	one := func(ctx context.Context, from *O, out *flow.Emitter[T, O]) error {
		return s.s.Run(ctx, v, from, out)
	}
	return keepRunning(ctx, s.around, from, out, one)
}

// Splits lists the splits, and after a failure again those not yet listed.
func (s *splits[T, S, O]) Splits(ctx context.Context) iter.Seq2[S, error] {
	return func(yield func(S, error) bool) {
		listed, moved, end := map[string]bool{}, false, false
		err := s.persist(ctx, call{
			step: List,
			do: func(ctx context.Context) error {
				for v, err := range s.s.Splits(ctx) {
					if err != nil {
						return err
					}
					id := s.s.ID(v)
					if listed[id] {
						continue
					}
					listed[id], moved = true, true
					if !yield(v, nil) {
						end = true
						return nil
					}
				}
				return nil
			},
			progressed: func() bool { was := moved; moved = false; return was },
		})
		if err != nil && !end {
			var none S
			yield(none, err)
		}
	}
}

// CommittedSplit tells the source, if it wants to know.
func (s *splits[T, S, O]) CommittedSplit(ctx context.Context, v S, o O) error {
	if c, ok := s.s.(flow.CommittedSplit[S, O]); ok {
		return c.CommittedSplit(ctx, v, o)
	}
	return nil
}

// Rediscover is the source's answer, or never.
func (s *splits[T, S, O]) Rediscover() time.Duration {
	if r, ok := s.s.(flow.Rediscoverer); ok {
		return r.Rediscover()
	}
	return 0
}

// Replays is the source's answer, or yes.
func (s *splits[T, S, O]) Replays() (bool, string) { return replays(s.s) }

// Size is the source's answer, or 0 for not known.
func (s *splits[T, S, O]) Size(ctx context.Context) (int64, error) { return size(ctx, s.s) }

// SizeOf is the source's answer, or 0 for not known.
func (s *splits[T, S, O]) SizeOf(v S) int64 {
	if z, ok := s.s.(flow.SizedSplits[S]); ok {
		return z.SizeOf(v)
	}
	return 0
}
