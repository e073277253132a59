package core

import (
	"context"
	"fmt"

	"github.com/weirflow/weir/flow"
)

// reading is what the cases move: 40 bytes, no pointers.
type reading struct {
	ID     int64
	Key    uint64
	TS     int64
	Amount float64
	Kind   uint32
	Flags  uint32
}

type result struct {
	ID  int64
	Val float64
}

func makeReading(i int64) reading {
	return reading{ID: i, Key: uint64(i) * 0x9E3779B97F4A7C15, TS: i, Amount: float64(i & 1023), Kind: uint32(i & 7)}
}

// The work of the chain: 7 of 8 elements stay.

func raise(r reading) reading   { r.Amount *= 1.1; return r }
func wanted(r reading) bool     { return r.Kind != 3 }
func toResult(r reading) result { return result{r.ID, r.Amount + 1} }

// tally is the sink of every chain.
type tally struct {
	n   int64
	sum float64
}

func (t *tally) add(r result) { t.n++; t.sum += r.Val }

// check fails when anything was lost or doubled on the way.
func (t *tally) check(n int64) error {
	want := n / 8 * 7
	for i := n / 8 * 8; i < n; i++ {
		if wanted(makeReading(i)) {
			want++
		}
	}
	if t.n != want {
		return fmt.Errorf("%d of %d elements arrived, want %d", t.n, n, want)
	}
	return nil
}

// loop is the work without any library.
func loop(_ context.Context, n int64) error {
	var t tally
	for i := range n {
		if r := raise(makeReading(i)); wanted(r) {
			t.add(toResult(r))
		}
	}
	return t.check(n)
}

// readings is a source of so many of them, in chunks.
type readings int64

// Run emits them all.
func (n readings) Run(_ context.Context, _ *int64, out *flow.Emitter[reading, int64]) error {
	buf := make([]reading, 256)
	for i := int64(0); i < int64(n); {
		k := min(int64(len(buf)), int64(n)-i)
		for j := range k {
			buf[j] = makeReading(i + j)
		}
		i += k
		if err := out.EmitChunk(buf[:k], i); err != nil {
			return err
		}
	}
	return nil
}

// fused is the chain in weir; between may put something behind the source.
func fused(between func(flow.Flow[reading]) flow.Flow[reading]) func(context.Context, int64) error {
	return func(ctx context.Context, n int64) error {
		p := flow.New("chain")
		in := flow.From(p, "in", readings(n))
		if between != nil {
			in = between(in)
		}
		var t tally
		out := flow.Map(flow.Filter(flow.Map(in, raise), wanted), toResult)
		flow.Each(out, "sink", func(_ context.Context, r result) error { t.add(r); return nil })
		if err := p.Run(ctx); err != nil {
			return fmt.Errorf("run chain: %w", err)
		}
		return t.check(n)
	}
}

func async(in flow.Flow[reading]) flow.Flow[reading] { return flow.Async(in) }
