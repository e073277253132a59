package iotest

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
)

// errKilled ends a pipeline in the middle.
var errKilled = errors.New("killed")

// inPipeline runs the source in the engine: it is stopped three times, with
// checkpoints all the while, and each time goes on from the state. Rows may
// come again that came behind the last checkpoint, and none may be missing.
func (x sourceExam) inPipeline(t *testing.T) {
	want := rowsOf(x.read(t, nil, nil))
	dir := t.TempDir()
	got := map[string]bool{}
	for run := range 4 {
		var mu sync.Mutex
		batches, most := 0, 1+run
		p := flow.New("exam", flow.StateDir(filepath.Join(dir, "state")),
			flow.Checkpoint(time.Millisecond), flow.Debug(flow.CheckLeaks|flow.PoisonFreed))
		flow.Each(x.open(t, nil).Into(p, "source"), "sink", func(_ context.Context, b flow.Batch) error {
			mu.Lock()
			defer mu.Unlock()
			if batches++; run < 3 && batches > most {
				return errKilled
			}
			for _, line := range lines(b) {
				got[line] = true
			}
			return nil
		})
		if err := p.Run(t.Context()); err != nil && !errors.Is(err, errKilled) {
			t.Fatalf("run %d: %v", run+1, err)
		}
	}
	for i, row := range want {
		if !got[row] {
			t.Fatalf("row %d of %d is missing: %s", i+1, len(want), row)
		}
	}
}

// feed is a source for sinks: the rows of many epochs, a batch at a time.
type feed struct{ p *pipe }

// feedEpochs is how many stretches of rows a feed has.
const feedEpochs = 30

func (f feed) Run(ctx context.Context, from *flow.Epoch, out *flow.Emitter[flow.Batch, flow.Epoch]) error {
	next := flow.Epoch(1)
	if from != nil {
		next = *from
	}
	for ; next <= feedEpochs; next++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := out.Emit(batch(f.p.alloc, idsOf(next)), next+1); err != nil {
			return err
		}
	}
	return nil
}

// inPipeline writes through the engine, which is stopped in the middle of
// things some times; a last run has nothing left to do.
func (x sinkExam) inPipeline(t *testing.T) {
	p := &pipe{exam: x, at: x.place(t)}
	p.alloc = strict(t)
	p.open(t)
	dir := filepath.Join(t.TempDir(), "state")
	for run := range 6 {
		s, err := x.typ.Open(t.Context(), settings(t, p.at.Config), env(t, nil))
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		pl := flow.New("exam", flow.StateDir(dir), flow.Checkpoint(2*time.Millisecond))
		batches := 0
		rows := flow.Tap(flow.From(pl, "feed", feed{p}), func(flow.Batch) { batches++ })
		alive := flow.TryMap(rows, func(b flow.Batch) (flow.Batch, error) {
			if run < 4 && batches > 5+run {
				return b, errKilled
			}
			return b, nil
		})
		s.End(alive, "sink")
		if err := pl.Run(t.Context()); err != nil && !errors.Is(err, errKilled) {
			t.Fatalf("run %d: %v", run+1, err)
		}
	}
	var all []flow.Epoch
	for e := flow.Epoch(1); e <= feedEpochs; e++ {
		all = append(all, e)
	}
	p.want(t, all...)
}

// interrupted commits with a context that ends in the middle, and then again
// as a fresh process would.
func (x sinkExam) interrupted(t *testing.T) {
	p := x.newPipe(t)
	var epochs []flow.Epoch
	for e := flow.Epoch(1); e <= 10; e++ {
		w := p.writer(t, e, 0, 1)
		p.write(t, w, idsOf(e))
		token := p.seal(t, w, e)
		closeWriter(t, w)
		p.last = p.txn(e)
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(e-1)*200*time.Microsecond)
		if err := p.sink.Commit(ctx, p.last, []json.RawMessage{token}); err != nil {
			t.Logf("commit of epoch %d: %v", e, err)
		}
		cancel()
		p.open(t)
		if err := p.start(t); err != nil {
			t.Fatalf("start: %v", err)
		}
		p.commit(t, e, token)
		epochs = append(slices.Clone(epochs), e)
		p.want(t, epochs...)
	}
}
