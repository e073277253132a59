package core

import (
	"context"
	"fmt"
	"time"

	"github.com/weirflow/weir/flow"
)

// keyedShape is a pipeline that counts elements by key.
type keyedShape struct {
	keys    uint64
	lanes   int
	options []flow.Option
	every   int64 // elements between two checkpoints; 0: none
}

const reportEvery = 1 << 10 // a key is passed on when its count is a multiple

// run counts n elements. What the counts add up to is checked.
func (s keyedShape) run(ctx context.Context, n int64) error {
	p := flow.New("keyed", append([]flow.Option{flow.Checkpoint(0)}, s.options...)...)
	in := flow.From(p, "in", readings(n))
	if s.every > 0 {
		in = flow.Apply(in, "pace", func(_ context.Context, t flow.OpenTask) (flow.Operator[reading, reading], error) {
			return &pacer{ask: t.Checkpoint, every: s.every}, nil
		})
	}
	keyed := flow.KeyBy(in, func(r reading) uint64 { return uint64(r.ID) % s.keys }, flow.Parallel(s.lanes))
	counts := flow.Process(keyed, "count", func(c *flow.Ctx[uint64, int64, int64], _ reading) error {
		if *c.State++; *c.State%reportEvery == 0 {
			return c.Emit(reportEvery)
		}
		return nil
	})
	var got int64
	flow.Each(flow.Merge(counts), "sum", func(_ context.Context, c int64) error { got += c; return nil })
	if err := p.Run(ctx); err != nil {
		return fmt.Errorf("count by key: %w", err)
	}
	if want := s.counted(n); got != want {
		return fmt.Errorf("count by key: %d counted, want %d", got, want)
	}
	return nil
}

// counted is how many of n elements the counts should add up to.
func (s keyedShape) counted(n int64) int64 {
	keys := int64(s.keys)
	more := n % keys // keys with one element more than the others
	each := n / keys
	whole := func(count int64) int64 { return count / reportEvery * reportEvery }
	return more*whole(each+1) + (keys-more)*whole(each)
}

// pacer asks for a checkpoint after so many elements: unlike one after so
// much time, it is the same share of the work on a machine that is busy with
// other things.
type pacer struct {
	ask   func()
	every int64
	n     int64
}

// Push passes r on.
func (p *pacer) Push(r reading, out func(reading) error) error {
	if p.n++; p.n%p.every == 0 {
		p.ask()
	}
	return out(r)
}

// Watermark does nothing.
func (p *pacer) Watermark(time.Time, func(reading) error) error { return nil }

// Snapshot has nothing to remember.
func (p *pacer) Snapshot(flow.Epoch, flow.StateWriter) error { return nil }

// Close frees nothing.
func (p *pacer) Close() error { return nil }
