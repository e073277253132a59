package connector

import (
	"context"
	"encoding/json"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/wrap"
)

// Of makes a Source of a typed source.
func Of[O any](s flow.Source[flow.Batch, O]) Source { return source[O]{s} }

// OfSplits makes a Source of a typed source of splits.
func OfSplits[S, O any](s flow.SplitSource[flow.Batch, S, O]) Source { return splits[S, O]{s} }

// To makes a Sink of a typed sink.
func To[C any](s flow.Sink[flow.Batch, C]) Sink { return sink[C]{s} }

// Check calls the Check of the typed source or sink inside x, if it has one.
func Check(ctx context.Context, x any) error {
	if c, ok := inner(x).(Checker); ok {
		return c.Check(ctx)
	}
	return nil
}

// Discover calls the Discover of the typed source inside s. ok is false when
// it has none.
func Discover(ctx context.Context, s Source) (streams []Stream, ok bool, err error) {
	d, ok := inner(s).(Discoverer)
	if !ok {
		return nil, false, nil
	}
	streams, err = d.Discover(ctx)
	return streams, true, err
}

func inner(x any) any {
	if u, ok := x.(interface{ inner() any }); ok {
		return u.inner()
	}
	return x
}

// around measures batches.
func around(s wrap.Settings, seen wrap.Observer) wrap.Options[flow.Batch] {
	return wrap.Options[flow.Batch]{
		Settings: s,
		Observer: seen,
		Measure:  func(b flow.Batch) (rows, bytes int64) { return b.NumRows(), b.Bytes() },
	}
}

type source[O any] struct {
	s flow.Source[flow.Batch, O]
}

// Into adds the source to p.
func (s source[O]) Into(p *flow.Pipeline, name string, _ ...flow.Op) flow.Flow[flow.Batch] {
	return flow.From(p, name, s.s)
}

// With wraps the source.
func (s source[O]) With(w wrap.Settings, seen wrap.Observer) Source {
	return source[O]{wrap.Source(s.s, around(w, seen))}
}

// Bare is the source alone.
func (s source[O]) Bare() flow.Source[flow.Batch, json.RawMessage] { return bareSource[O](s) }

func (s source[O]) inner() any { return wrap.Unwrap(s.s) }

type splits[S, O any] struct {
	s flow.SplitSource[flow.Batch, S, O]
}

// Into adds the source to p.
func (s splits[S, O]) Into(p *flow.Pipeline, name string, ops ...flow.Op) flow.Flow[flow.Batch] {
	return flow.FromSplits(p, name, s.s, ops...)
}

// With wraps the source.
func (s splits[S, O]) With(w wrap.Settings, seen wrap.Observer) Source {
	return splits[S, O]{wrap.Splits(s.s, around(w, seen))}
}

// Bare is the source alone.
func (s splits[S, O]) Bare() flow.Source[flow.Batch, json.RawMessage] { return bareSplits[S, O](s) }

func (s splits[S, O]) inner() any { return wrap.Unwrap(s.s) }

type sink[C any] struct {
	s flow.Sink[flow.Batch, C]
}

// End ends in with the sink.
func (s sink[C]) End(in flow.Flow[flow.Batch], name string, ops ...flow.Op) {
	flow.To(in, name, s.s, ops...)
}

// With wraps the sink.
func (s sink[C]) With(w wrap.Settings, seen wrap.Observer) Sink {
	return sink[C]{wrap.Sink(s.s, around(w, seen))}
}

// Bare is the sink alone.
func (s sink[C]) Bare() BareSink { return bareSink[C](s) }

func (s sink[C]) inner() any { return wrap.Unwrap(s.s) }
