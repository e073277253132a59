package flow

import (
	"context"
	"errors"
	"iter"

	"github.com/weirflow/weir/internal/engine"
)

// FromFunc is a source in one function. from is the zero O on a first start.
func FromFunc[T, O any](
	p *Pipeline, name string,
	f func(ctx context.Context, from O, emit func(v T, next O) error) error,
) Flow[T] {
	return From(p, name, Source[T, O](funcSource[T, O](f)))
}

type funcSource[T, O any] func(ctx context.Context, from O, emit func(v T, next O) error) error

// Run calls the function.
func (f funcSource[T, O]) Run(ctx context.Context, from *O, out *Emitter[T, O]) error {
	var pos O
	if from != nil {
		pos = *from
	}
	return f(ctx, pos, out.Emit)
}

// FromSeq is a source of a bounded sequence that is the same each time it is
// run through. The position is the count of elements; a resume skips as many.
func FromSeq[T any](p *Pipeline, name string, s iter.Seq2[T, error]) Flow[T] {
	return From(p, name, Source[T, int64](seqSource[T](s)))
}

type seqSource[T any] iter.Seq2[T, error]

// Run emits what follows the first *from elements.
func (s seqSource[T]) Run(ctx context.Context, from *int64, out *Emitter[T, int64]) error {
	skip, n := int64(0), int64(0)
	if from != nil {
		skip = *from
	}
	for v, err := range s {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if n++; n <= skip {
			continue
		}
		if err := out.Emit(v, n); err != nil {
			return err
		}
	}
	return nil
}

// FromSlice is a source of the elements of s, which must not change.
func FromSlice[T any](p *Pipeline, name string, s []T) Flow[T] {
	return From(p, name, Source[T, int](sliceSource[T](s)))
}

type sliceSource[T any] []T

// sliceChunk is how many elements of a slice go into the flow at once.
const sliceChunk = 256

// Run emits what follows the first *from elements.
func (s sliceSource[T]) Run(ctx context.Context, from *int, out *Emitter[T, int]) error {
	retain, _ := engine.Refs[T]()
	at := 0
	if from != nil {
		at = min(*from, len(s))
	}
	for at < len(s) {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk := s[at:min(at+sliceChunk, len(s))]
		if retain != nil {
			for _, v := range chunk { // the slice stays the caller's
				retain(v)
			}
		}
		at += len(chunk)
		if err := out.EmitChunk(chunk, at); err != nil {
			return err
		}
	}
	return nil
}
