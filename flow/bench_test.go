package flow_test

import (
	"context"
	"testing"

	"github.com/weirflow/weir/flow"
)

// reading is what the benchmarks move: 40 bytes, no pointers.
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

func raise(r reading) reading   { r.Amount *= 1.1; return r }
func wanted(r reading) bool     { return r.Kind != 3 }
func toResult(r reading) result { return result{r.ID, r.Amount + 1} }

// readings emits n of them in chunks.
type readings int64

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

func benchFlow(b *testing.B, build func(in flow.Flow[reading]) flow.Flow[result]) {
	const n = 1 << 20
	b.ReportAllocs()
	var sum float64
	for b.Loop() {
		p := flow.New("bench")
		out := build(flow.From(p, "in", readings(n)))
		flow.Each(out, "sink", func(_ context.Context, r result) error { sum += r.Val; return nil })
		if err := p.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func chain(in flow.Flow[reading]) flow.Flow[result] {
	return flow.Map(flow.Filter(flow.Map(in, raise), wanted), toResult)
}

func BenchmarkFused(b *testing.B) { benchFlow(b, chain) }

// singles emits one element at a time.
type singles int64

func (n singles) Run(_ context.Context, _ *int64, out *flow.Emitter[reading, int64]) error {
	for i := range int64(n) {
		if err := out.Emit(makeReading(i), i+1); err != nil {
			return err
		}
	}
	return nil
}

func BenchmarkEmit(b *testing.B) {
	const n = 1 << 20
	b.ReportAllocs()
	for b.Loop() {
		p := flow.New("bench")
		flow.Each(chain(flow.From(p, "in", singles(n))), "sink", func(context.Context, result) error { return nil })
		if err := p.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkBoundary(b *testing.B) {
	benchFlow(b, func(in flow.Flow[reading]) flow.Flow[result] { return chain(flow.Async(in)) })
}

func BenchmarkLoop(b *testing.B) {
	const n = 1 << 20
	var sum float64
	for b.Loop() {
		for i := range int64(n) {
			r := raise(makeReading(i))
			if wanted(r) {
				sum += toResult(r).Val
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
	_ = sum
}
