package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/weirflow/weir/internal/engine"
	"github.com/weirflow/weir/internal/mutant"
	"github.com/weirflow/weir/state"
)

// From adds a source. T and O are found from the methods of s.
func From[T, O any](p *Pipeline, name string, s Source[T, O]) Flow[T] {
	n := &node{name: p.claim(name), kind: "source", what: fmt.Sprintf("From %T", s), par: 1}
	n.replays = replays(s)
	out := add[T](p, n)
	p.sources = append(p.sources, func(c *compile) error {
		l := c.run.NewLane(out.n.id, 0)
		next, err := outlet[T](c, out.n, l)
		if err != nil {
			return err
		}
		t, err := newSourceRun(c, out.n, s)
		if err != nil {
			return err
		}
		root := engine.NewSource(l, next)
		e := &Emitter[T, O]{root: root, done: &t.done, alloc: p.alloc}
		root.Cut = func(epoch uint64) { t.cut(epoch, e) }
		root.Body = func(ctx context.Context) error {
			if err := t.size(ctx, s); err != nil {
				return err
			}
			if err := t.resume(ctx); err != nil {
				return err
			}
			err := s.Run(ctx, t.from, e)
			t.finished.Store(err == nil && ctx.Err() == nil)
			return err
		}
		c.run.OnCommitted(out.n.id, t.committed)
		return nil
	})
	return out
}

// sourceRun is what a plain source remembers while it runs.
type sourceRun[T, O any] struct {
	c    *compile
	n    *node
	s    Source[T, O]
	from *O

	mu       sync.Mutex
	cuts     map[uint64]O // positions at the barriers of unfinished epochs
	last     []byte       // JSON of the newest cut
	done     atomic.Int64
	total    atomic.Int64
	finished atomic.Bool
}

func newSourceRun[T, O any](c *compile, n *node, s Source[T, O]) (*sourceRun[T, O], error) {
	t := &sourceRun[T, O]{c: c, n: n, s: s, cuts: map[uint64]O{}}
	seen := &c.looks[n.id]
	seen.done, seen.total, seen.finished = t.done.Load, t.total.Load, t.finished.Load
	seen.position = func() string {
		t.mu.Lock()
		defer t.mu.Unlock()
		return string(t.last)
	}
	if c.store == nil {
		return t, nil
	}
	text, _, ok, err := c.store.Position(n.name, "")
	if err != nil || !ok {
		return t, err
	}
	t.from, t.last = new(O), text
	return t, n.named(decodePosition(text, t.from))
}

func decodePosition(text []byte, into any) error {
	if err := json.Unmarshal(text, into); err != nil {
		return Markf(Conflict, "read the stored position %s: %w: the source's position type has changed;"+
			" give the source a new name to begin anew", text, err)
	}
	return nil
}

// size asks a source that knows how much there is to read.
func (t *sourceRun[T, O]) size(ctx context.Context, s any) error {
	sized, ok := s.(Sized)
	if !ok {
		return nil
	}
	total, err := sized.Size(ctx)
	t.total.Store(total)
	return err
}

// cut notes the position at the barrier of epoch.
func (t *sourceRun[T, O]) cut(epoch uint64, e *Emitter[T, O]) {
	if !e.has {
		return
	}
	e.has = false
	pos := e.pos
	t.mu.Lock()
	t.cuts[epoch] = pos
	t.mu.Unlock()
	t.c.run.AddDelta(t.n.id, func(w *state.Write) error {
		if mutant.LatePosition {
			pos = e.pos
		}
		text, err := json.Marshal(pos)
		if err != nil {
			return t.n.named(fmt.Errorf("encode position: %w", err))
		}
		t.mu.Lock()
		t.last = text
		t.mu.Unlock()
		w.Position(t.n.name, "", text)
		return nil
	})
}

// committed tells the source, if it wants to know.
func (t *sourceRun[T, O]) committed(ctx context.Context, epoch uint64) error {
	t.mu.Lock()
	pos, ok := t.cuts[epoch]
	delete(t.cuts, epoch)
	t.mu.Unlock()
	if !ok {
		return nil
	}
	return t.tell(ctx, pos)
}

func (t *sourceRun[T, O]) tell(ctx context.Context, pos O) error {
	if s, ok := t.s.(Committed[O]); ok {
		return t.n.named(s.Committed(ctx, pos))
	}
	return nil
}

// resume tells the source again what it may not have been told before a
// crash: the sinks have been recovered by now.
func (t *sourceRun[T, O]) resume(ctx context.Context) error {
	if t.from == nil {
		return nil
	}
	return t.tell(ctx, *t.from)
}

func replays(s any) func() (bool, string) {
	if r, ok := s.(Replayer); ok {
		return r.Replays
	}
	return func() (bool, string) { return true, "" }
}
