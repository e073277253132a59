package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirflow/weir/internal/engine"
	"github.com/weirflow/weir/state"
)

// FromSplits adds a source of splits, read by Parallel(n) tasks; one when not
// said. Each task reads one split after the other.
func FromSplits[T, S, O any](p *Pipeline, name string, s SplitSource[T, S, O], ops ...Op) Flow[T] {
	n := &node{
		name: p.claim(name), kind: "source", what: fmt.Sprintf("FromSplits %T", s),
		par: max(1, optsOf(ops).parallel), replays: replays(s),
	}
	out := add[T](p, n)
	p.sources = append(p.sources, func(c *compile) error {
		f := newFeed(c, out.n, s)
		for sub := range out.n.par {
			l := c.run.NewLane(out.n.id, sub)
			next, err := outlet[T](c, out.n, l)
			if err != nil {
				return err
			}
			t := &splitTask[T, S, O]{feed: f, root: engine.NewSource(l, next)}
			t.cuts = map[uint64][]splitCut[S, O]{}
			t.root.Cut = t.cut
			t.root.Body = t.run
			c.run.OnCommitted(out.n.id, t.committed)
		}
		return nil
	})
	return out
}

// feed hands the splits of a source to its tasks.
type feed[T, S, O any] struct {
	c *compile
	n *node
	s SplitSource[T, S, O]

	mu     sync.Mutex
	queue  []S
	seen   map[string]bool
	listed time.Time // zero: never

	done, total atomic.Int64
	splits      atomic.Int64
	ended       atomic.Int64
	tasks       atomic.Int64 // that have found nothing more to do
	last        atomic.Pointer[string]
}

func newFeed[T, S, O any](c *compile, n *node, s SplitSource[T, S, O]) *feed[T, S, O] {
	f := &feed[T, S, O]{c: c, n: n, s: s, seen: map[string]bool{}}
	seen := &c.looks[n.id]
	seen.done, seen.total = f.done.Load, f.total.Load
	seen.finished = func() bool { return f.tasks.Load() == int64(n.par) }
	seen.position = func() string {
		at := ""
		if last := f.last.Load(); last != nil {
			at = ", " + *last
		}
		return fmt.Sprintf("%d of %d splits%s", f.ended.Load(), f.splits.Load(), at)
	}
	return f
}

// next returns a split nobody has taken, listing them when that is due. ok is
// false when there will be no more.
func (f *feed[T, S, O]) next(ctx context.Context) (s S, ok bool, err error) {
	every := time.Duration(0)
	if r, ok := f.s.(Rediscoverer); ok {
		every = r.Rediscover()
	}
	for {
		s, wait, ok, err := f.take(ctx, every)
		if ok || err != nil || every == 0 {
			return s, ok, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return s, false, ctx.Err()
		}
	}
}

func (f *feed[T, S, O]) take(ctx context.Context, every time.Duration) (s S, wait time.Duration, ok bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) == 0 && (f.listed.IsZero() || every > 0 && time.Since(f.listed) >= every) {
		if err := f.list(ctx); err != nil {
			return s, 0, false, err
		}
	}
	if len(f.queue) == 0 {
		return s, every - time.Since(f.listed), false, nil
	}
	s, f.queue = f.queue[0], f.queue[1:]
	return s, 0, true, nil
}

// list adds the splits that are new, less those read to their end before.
func (f *feed[T, S, O]) list(ctx context.Context) error {
	if f.listed.IsZero() {
		if err := f.resume(ctx); err != nil {
			return err
		}
	}
	if sized, ok := f.s.(Sized); ok {
		total, err := sized.Size(ctx)
		if err != nil {
			return err
		}
		f.total.Store(total)
	}
	for s, err := range f.s.Splits(ctx) {
		if err != nil {
			return err
		}
		id := f.s.ID(s)
		if f.seen[id] {
			continue
		}
		f.seen[id] = true
		f.splits.Add(1)
		_, done, err := f.position(id)
		if err != nil {
			return err
		}
		if !done {
			f.queue = append(f.queue, s)
			continue
		}
		f.ended.Add(1)
		if z, ok := f.s.(SizedSplits[S]); ok {
			f.done.Add(z.SizeOf(s))
		}
	}
	f.listed = time.Now()
	return nil
}

// resume tells the source what earlier runs have begun or ended.
func (f *feed[T, S, O]) resume(ctx context.Context) error {
	r, ok := f.s.(Resumer)
	if !ok || f.c.store == nil {
		return nil
	}
	ended, err := f.c.store.DoneSplits(f.n.name)
	if err != nil {
		return err
	}
	begun, err := f.c.store.Positions(f.n.name)
	if err != nil {
		return err
	}
	return r.Resume(ctx, maps.Keys(begun), slices.Values(ended))
}

// position is where an earlier run was in the split.
func (f *feed[T, S, O]) position(id string) (from *O, done bool, err error) {
	if f.c.store == nil {
		return nil, false, nil
	}
	text, done, ok, err := f.c.store.Position(f.n.name, id)
	if err != nil || !ok || done {
		return nil, done, err
	}
	from = new(O)
	return from, false, decodePosition(text, from)
}

// splitTask reads splits, one at a time, into one lane.
type splitTask[T, S, O any] struct {
	feed *feed[T, S, O]
	root *engine.Source[T]

	// Under the mutex of root:
	cur   *Emitter[T, O]
	split S
	id    string
	ended []endedSplit[S, O] // since the last barrier

	mu   sync.Mutex
	cuts map[uint64][]splitCut[S, O]
}

type splitCut[S, O any] struct {
	split S
	pos   O
}

// endedSplit is a split that was read to its end. It is done and has no
// position any more, but the source is told of the last one.
type endedSplit[S, O any] struct {
	id string
	splitCut[S, O]
	moved bool // since the last barrier
}

func (t *splitTask[T, S, O]) run(ctx context.Context) error {
	for {
		s, ok, err := t.feed.next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			t.feed.tasks.Add(1)
			return nil
		}
		if err := t.read(ctx, s); err != nil {
			return err
		}
	}
}

func (t *splitTask[T, S, O]) read(ctx context.Context, s S) error {
	id := t.feed.s.ID(s)
	from, _, err := t.feed.position(id)
	if err != nil {
		return err
	}
	e := &Emitter[T, O]{root: t.root, done: &t.feed.done, alloc: t.feed.c.p.alloc}
	begin := func() { t.cur, t.split, t.id = e, s, id }
	if err := t.root.Push(nil, begin); err != nil {
		return err
	}
	if tell, ok := t.feed.s.(CommittedSplit[S, O]); ok && from != nil {
		if err := tell.CommittedSplit(ctx, s, *from); err != nil {
			return err
		}
	}
	if err := t.feed.s.Run(ctx, s, from, e); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err // it may have been told to stop: then it is not done
	}
	t.feed.ended.Add(1)
	return t.root.Push(nil, func() {
		t.cur, t.ended = nil, append(t.ended, endedSplit[S, O]{id, splitCut[S, O]{s, e.pos}, e.has})
	})
}

// cut notes, at the barrier of epoch, where the open split is and which have
// ended.
func (t *splitTask[T, S, O]) cut(epoch uint64) {
	name := t.feed.n.name
	if ended := t.ended; len(ended) > 0 {
		t.ended = nil
		t.mu.Lock()
		for _, s := range ended {
			if s.moved {
				t.cuts[epoch] = append(t.cuts[epoch], s.splitCut)
			}
		}
		t.mu.Unlock()
		t.feed.c.run.AddDelta(t.feed.n.id, func(w *state.Write) error {
			for _, s := range ended {
				w.Done(name, s.id)
			}
			return nil
		})
	}
	if t.cur == nil || !t.cur.has {
		return
	}
	t.cur.has = false
	pos, id := t.cur.pos, t.id
	t.mu.Lock()
	t.cuts[epoch] = append(t.cuts[epoch], splitCut[S, O]{t.split, pos})
	t.mu.Unlock()
	t.feed.c.run.AddDelta(t.feed.n.id, func(w *state.Write) error {
		text, err := json.Marshal(pos)
		if err != nil {
			return t.feed.n.named(fmt.Errorf("encode position of split %s: %w", id, err))
		}
		at := id + " at " + string(text)
		t.feed.last.Store(&at)
		w.Position(name, id, text)
		return nil
	})
}

func (t *splitTask[T, S, O]) committed(ctx context.Context, epoch uint64) error {
	t.mu.Lock()
	cuts := t.cuts[epoch]
	delete(t.cuts, epoch)
	t.mu.Unlock()
	tell, ok := t.feed.s.(CommittedSplit[S, O])
	if !ok {
		return nil
	}
	for _, c := range cuts {
		if err := tell.CommittedSplit(ctx, c.split, c.pos); err != nil {
			return t.feed.n.named(err)
		}
	}
	return nil
}
