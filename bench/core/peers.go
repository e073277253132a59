package core

import (
	"context"
	"fmt"

	"github.com/destel/rill"
	"github.com/reugn/go-streams/extension"
	streams "github.com/reugn/go-streams/flow"
	"github.com/samber/ro"
	"github.com/sourcegraph/conc/stream"
)

// goStreams is the chain in reugn/go-streams, parallelism 1.
func goStreams(_ context.Context, n int64) error {
	in, out := make(chan any), make(chan any)
	go func() {
		defer close(in)
		for i := range n {
			in <- makeReading(i)
		}
	}()
	go extension.NewChanSource(in).
		Via(streams.NewMap(raise, 1)).Via(streams.NewFilter(wanted, 1)).Via(streams.NewMap(toResult, 1)).
		To(extension.NewChanSink(out))
	var t tally
	for v := range out {
		t.add(v.(result))
	}
	return t.check(n)
}

// rillStream is the chain in destel/rill, one goroutine for each operator.
func rillStream(_ context.Context, n int64) error {
	in := rill.Generate(func(send func(reading), _ func(error)) {
		for i := range n {
			send(makeReading(i))
		}
	})
	raised := rill.Map(in, 1, func(r reading) (reading, error) { return raise(r), nil })
	kept := rill.Filter(raised, 1, func(r reading) (bool, error) { return wanted(r), nil })
	var t tally
	err := rill.ForEach(rill.Map(kept, 1, func(r reading) (result, error) { return toResult(r), nil }), 1,
		func(r result) error { t.add(r); return nil })
	if err != nil {
		return fmt.Errorf("run rill: %w", err)
	}
	return t.check(n)
}

// concStream is the work in sourcegraph/conc/stream, one task for each
// element, in order.
func concStream(_ context.Context, n int64) error {
	s := stream.New().WithMaxGoroutines(2)
	var t tally
	for i := range n {
		v := makeReading(i)
		s.Go(func() stream.Callback {
			r := raise(v)
			if !wanted(r) {
				return func() {}
			}
			o := toResult(r)
			return func() { t.add(o) }
		})
	}
	s.Wait()
	return t.check(n)
}

// roStream is the chain in samber/ro, in its faster way: without the lock
// that guards against concurrent sources.
func roStream(_ context.Context, n int64) error {
	in := ro.NewUnsafeObservable(func(to ro.Observer[reading]) ro.Teardown {
		for i := range n {
			to.Next(makeReading(i))
		}
		to.Complete()
		return nil
	})
	var t tally
	ro.Pipe3(in, ro.Map(raise), ro.Filter(wanted), ro.Map(toResult)).Subscribe(ro.OnNext(t.add))
	return t.check(n)
}
