package flow

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/weirflow/weir/internal/engine"
)

// To ends a flow with a sink. The sink has a writer for each lane of in.
func To[T, C any](in Flow[T], name string, s Sink[T, C], ops ...Op) {
	o := optsOf(ops)
	if o.parallel > 0 && o.parallel != in.n.par {
		in = Spread(in, o.parallel)
	}
	out := add[T](in.n.p, &node{
		name: in.n.p.claim(name), kind: "sink", what: fmt.Sprintf("To %T", s), par: in.n.par,
		in: []*node{in.n}, guarantee: guarantee(s),
	})
	if d, ok := s.(Describer); ok {
		out.n.describe = d.Describe
	}
	out.n.sink = func(c *compile) *engine.Sink { return engineSink(c, out.n, s) }
	consume(in, func(c *compile, l *engine.Lane) (engine.Port[T], error) {
		var w Writer[T, C]
		err := engine.Calm(func() (err error) {
			w, err = s.Open(c.ctx, c.task(out.n, l.Sub))
			return err
		})
		if err != nil {
			return engine.Port[T]{}, out.n.named(fmt.Errorf("open: %w", err))
		}
		t := &sinkTask[T, C]{c: c, n: out.n, l: l, w: w, rows: engine.Rows[T](), sizer: engine.SizerOf[T]()}
		c.run.OnEnd(out.n.id, t.close)
		push := t.push
		if t.rows == nil && t.sizer.Extra == nil {
			push = t.pushFixed(c.ctx)
		}
		return engine.Port[T]{Push: push, Ctl: t.ctl}, nil
	})
}

// engineSink is s as the engine sees it, with its parts as JSON.
func engineSink[T, C any](c *compile, n *node, s Sink[T, C]) *engine.Sink {
	txn := func(k engine.Commit) Txn {
		incarnation := c.incarnation
		if k.Incarnation != "" {
			incarnation = k.Incarnation
		}
		return Txn{
			Pipeline: c.p.name, Incarnation: incarnation, Sink: n.name,
			Epoch: Epoch(k.Epoch), Previous: Epoch(k.Previous), Stateless: c.store == nil,
		}
	}
	return &engine.Sink{
		Node: n.id, Name: n.name,
		Start: func(ctx context.Context, last engine.Commit) error {
			if st, ok := s.(Starter); ok {
				return st.Start(ctx, txn(last))
			}
			return nil
		},
		Commit: func(ctx context.Context, k engine.Commit) error {
			parts := make([]C, len(k.Parts))
			for i, text := range k.Parts {
				if err := json.Unmarshal(text, &parts[i]); err != nil {
					return fmt.Errorf("read the stored part of epoch %d: %w", k.Epoch, err)
				}
			}
			return s.Commit(ctx, txn(k), parts)
		},
	}
}

// recoverSinks makes the sinks known to the engine and lets each look at the
// other side, before any writer is opened.
func (c *compile) recoverSinks() error {
	for _, n := range c.p.nodes {
		if n.sink != nil {
			n.sinkNumber = c.run.AddSink(n.sink(c))
		}
	}
	return c.run.Recover(c.ctx)
}

func guarantee(s any) func() (Guarantee, string) {
	if g, ok := s.(Guarantor); ok {
		return g.Guarantee
	}
	return func() (Guarantee, string) { return ExactlyOnce, "two-phase commit" }
}

// sinkTask is a writer in its lane.
type sinkTask[T, C any] struct {
	c     *compile
	n     *node
	l     *engine.Lane
	w     Writer[T, C]
	rows  func(T) int64
	sizer engine.Sizer[T]

	wrote int64 // elements since the last barrier
	taken tally // not yet in the node's
	fixed int64 // elements of a fixed size, not yet in wrote and taken
}

// pushFixed makes the push for elements that are one row each, of one size:
// there is nothing to count but how many they are.
func (t *sinkTask[T, C]) pushFixed(ctx context.Context) func(T) error {
	l, id, write := t.l, t.n.id, t.w.Write
	if f, ok := any(t.w).(eachWriter[T]); ok {
		write = f // without the method around it
	}
	return func(v T) error {
		l.At = id
		if err := write(ctx, v); err != nil {
			return t.n.named(err)
		}
		if t.fixed++; t.fixed >= publishEvery {
			t.publish()
		}
		return nil
	}
}

func (t *sinkTask[T, C]) push(v T) error {
	t.l.At = t.n.id
	if err := t.w.Write(t.c.ctx, v); err != nil {
		return t.n.named(err)
	}
	t.wrote++
	t.taken.batches++
	t.taken.bytes += t.sizer.Of(v)
	if t.rows == nil {
		t.taken.rows++
	} else {
		t.taken.rows += t.rows(v)
	}
	if t.rows != nil || t.taken.batches >= publishEvery {
		t.publish()
	}
	return nil
}

// publishEvery is how many elements are counted locally before the count is
// shown: an atomic add on each would cost as much as a simple operator.
const publishEvery = 256

func (t *sinkTask[T, C]) publish() {
	t.wrote += t.fixed
	t.taken.rows += t.fixed
	t.taken.batches += t.fixed
	t.taken.bytes += t.fixed * t.sizer.Fixed
	t.fixed = 0
	t.c.looks[t.n.id].rows.Add(t.taken.rows)
	t.c.looks[t.n.id].bytes.Add(t.taken.bytes)
	t.c.looks[t.n.id].batches.Add(t.taken.batches)
	t.taken = tally{}
}

func (t *sinkTask[T, C]) ctl(c engine.Ctl) error {
	t.l.At = t.n.id
	t.publish()
	if c.Kind == engine.Barrier {
		return t.prepare(c.Epoch)
	}
	return nil // it is closed when the last finish is through, by the run's end
}

func (t *sinkTask[T, C]) prepare(epoch uint64) error {
	finish, err := t.w.Prepare(t.c.ctx, Epoch(epoch))
	if err != nil {
		return t.n.named(fmt.Errorf("prepare epoch %d: %w", epoch, err))
	}
	wrote := t.wrote
	t.wrote = 0
	t.c.run.AddFinish(t.n.sinkNumber, t.l.Sub, wrote, func(ctx context.Context) ([]byte, error) {
		part, err := finish(ctx)
		if err != nil {
			return nil, fmt.Errorf("finish epoch %d: %w", epoch, err)
		}
		return json.Marshal(part)
	})
	return nil
}

func (t *sinkTask[T, C]) close() error {
	if err := t.w.Close(); err != nil {
		return t.n.named(fmt.Errorf("close: %w", err))
	}
	return nil
}
