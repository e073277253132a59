package flow_test

import (
	"context"
	"testing"

	"github.com/weirflow/weir/flow"
)

// chunks emits so many elements of two words, in chunks of growing size.
type chunks int

func (n chunks) Run(_ context.Context, _ *int, out *flow.Emitter[[2]int, int]) error {
	for at, size := 0, 0; at < int(n); size += 3 {
		vs := make([][2]int, min(size, int(n)-at))
		for i := range vs {
			vs[i] = [2]int{at + i, -at - i}
		}
		at += len(vs)
		if err := out.EmitChunk(vs, at); err != nil {
			return err
		}
		clear(vs) // the slice is ours again
	}
	return nil
}

func TestAsyncKeepsOrder(t *testing.T) {
	const n = 20_000
	p := flow.New("p")
	got := flow.Collect(flow.Async(flow.From(p, "in", chunks(n))))
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(*got) != n {
		t.Fatalf("%d elements arrived, want %d", len(*got), n)
	}
	for i, v := range *got {
		if v != [2]int{i, -i} {
			t.Fatalf("element %d is %v", i, v)
		}
	}
}
