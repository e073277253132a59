package core

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/weirflow/weir/flow"
)

// dirtyKeys runs a keyed count over keys keys, rounds times over all of them.
// All keys are dirty at every barrier but the last. The source stands still
// while a barrier passes, so that nothing but the barrier is measured: align
// is how many milliseconds each took from its injection to its end.
func dirtyKeys(ctx context.Context, keys int64, rounds int) (align []float64, err error) {
	dir, err := os.MkdirTemp("", "weir-bench-pause")
	if err != nil {
		return nil, fmt.Errorf("make state directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	watch := &phases{passed: make(chan struct{}, 1)}
	p := flow.New("pause", flow.StateDir(dir), flow.Checkpoint(0), flow.Observe(watch))
	source := &roundRobin{keys: keys, rounds: rounds, passed: watch.passed}
	in := flow.Apply(flow.From(p, "in", source), "pace",
		func(_ context.Context, t flow.OpenTask) (flow.Operator[reading, reading], error) {
			return &pacer{ask: t.Checkpoint, every: keys}, nil
		})
	keyed := flow.KeyBy(in, func(r reading) int64 { return r.ID })
	type state struct{ Count, Last int64 }
	counts := flow.Process(keyed, "count", func(c *flow.Ctx[int64, state, int64], r reading) error {
		c.State.Count++
		c.State.Last = r.TS
		return nil
	})
	flow.Each(counts, "none", func(context.Context, int64) error { return nil })
	if err := p.Run(ctx); err != nil {
		return nil, fmt.Errorf("run with %d dirty keys: %w", keys, err)
	}
	watch.mu.Lock()
	defer watch.mu.Unlock()
	return watch.align, nil
}

// phases notes how long barriers took.
type phases struct {
	mu     sync.Mutex
	align  []float64
	passed chan struct{}
}

// EpochPhase notes the time of a barrier.
func (p *phases) EpochPhase(phase string, d time.Duration) {
	if phase != "align" {
		return
	}
	p.mu.Lock()
	p.align = append(p.align, d.Seconds()*1e3)
	p.mu.Unlock()
	select {
	case p.passed <- struct{}{}:
	default:
	}
}

// roundRobin emits every key in turn, and after each round waits for the
// barrier that its last element asks for. The next round then changes keys
// whose cells are still being written.
type roundRobin struct {
	keys   int64
	rounds int
	passed <-chan struct{}
}

// Run emits all rounds.
func (s *roundRobin) Run(ctx context.Context, _ *int64, out *flow.Emitter[reading, int64]) error {
	buf := make([]reading, 250)
	for round := range s.rounds {
		for k := int64(0); k < s.keys; {
			n := min(int64(len(buf)), s.keys-k)
			for j := range n {
				buf[j] = reading{ID: k + j, TS: int64(round)}
			}
			k += n
			if err := out.EmitChunk(buf[:n], int64(round)*s.keys+k); err != nil {
				return err
			}
		}
		select {
		case <-s.passed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
