package flow

import (
	"context"
	"sync/atomic"
)

// Handover is the position of [Then]: in the backfill until it is done, then
// in what follows it. What follows keeps the last position of the backfill,
// so that the backfill is told of it.
type Handover[A, B any] struct {
	Backfill *A   `json:"backfill,omitempty"`
	Done     bool `json:"done,omitempty"`
	Live     *B   `json:"live,omitempty"`
}

// Then runs a to its end, then b: a backfill, then the changes. Both share
// one position, and the end of a is a position of its own, so that a crash
// between the two resumes in b.
func Then[T, A, B any](a Source[T, A], b Source[T, B]) Source[T, Handover[A, B]] {
	return &then[T, A, B]{a: a, b: b}
}

type then[T, A, B any] struct {
	a Source[T, A]
	b Source[T, B]

	told atomic.Bool // the backfill knows of its last position
}

// Run runs what is left of a, then b.
func (t *then[T, A, B]) Run(ctx context.Context, from *Handover[A, B], out *Emitter[T, Handover[A, B]]) error {
	var pos Handover[A, B]
	if from != nil {
		pos = *from
	}
	if !pos.Done {
		var last atomic.Pointer[A]
		last.Store(pos.Backfill)
		first := via(out, func(n A) Handover[A, B] {
			last.Store(&n)
			return Handover[A, B]{Backfill: &n}
		})
		if err := t.a.Run(ctx, pos.Backfill, first); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err // it may have been told to stop: then it is not done
		}
		pos.Backfill = last.Load()
		if err := out.EmitChunk(nil, Handover[A, B]{Backfill: pos.Backfill, Done: true}); err != nil {
			return err
		}
	}
	return t.b.Run(ctx, pos.Live, via(out, func(n B) Handover[A, B] {
		return Handover[A, B]{Backfill: pos.Backfill, Done: true, Live: &n}
	}))
}

// Committed tells the one that o belongs to, and the backfill once when it is
// over.
func (t *then[T, A, B]) Committed(ctx context.Context, o Handover[A, B]) error {
	if c, ok := t.a.(Committed[A]); ok && o.Backfill != nil && !t.told.Load() {
		if err := c.Committed(ctx, *o.Backfill); err != nil {
			return err
		}
		t.told.Store(o.Done)
	}
	if c, ok := t.b.(Committed[B]); ok && o.Live != nil {
		return c.Committed(ctx, *o.Live)
	}
	return nil
}

// Replays is true when both do.
func (t *then[T, A, B]) Replays() (bool, string) {
	for _, s := range []any{t.a, t.b} {
		if ok, why := replays(s)(); !ok {
			return false, why
		}
	}
	return true, ""
}

// via is an emitter of a part of a source: it emits into out with its own
// positions turned into those of the whole.
func via[T, I, O any](out *Emitter[T, O], whole func(I) O) *Emitter[T, I] {
	return &Emitter[T, I]{
		root: out.root, done: out.done, alloc: out.alloc,
		forward: func(vs []T, next I) error { return out.EmitChunk(vs, whole(next)) },
	}
}
