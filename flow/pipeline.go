package flow

// Pipeline is a graph under construction, and what runs of it.
type Pipeline struct{ name string }

// Flow is a handle on one output.
type Flow[T any] struct{ _ *T }

// Op is an option of an operator.
type Op func(*opts)
type opts struct{}

// From adds a source.
func From[T, O any](p *Pipeline, name string, s Source[T, O]) Flow[T] { return Flow[T]{} }
// FromSplits adds a source of splits.
func FromSplits[T, S, O any](p *Pipeline, name string, s SplitSource[T, S, O], ops ...Op) Flow[T] {
	return Flow[T]{}
}
// To ends a flow with a sink.
func To[T, C any](in Flow[T], name string, s Sink[T, C], ops ...Op) {}
