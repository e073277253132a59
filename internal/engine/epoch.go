package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirflow/weir/internal/failpoint"
	"github.com/weirflow/weir/internal/mutant"
	"github.com/weirflow/weir/state"
)

// Delta is a part of an epoch that is written to the store. It may run beside
// the next epoch.
type Delta func(w *state.Write) error

// epoch gathers what the lanes hand over at a barrier.
type epoch struct {
	n       uint64
	waiting atomic.Int64  // roots that have not let the barrier through
	aligned chan struct{} // closed when all have
	cut     time.Time

	mu       sync.Mutex
	deltas   []owned
	finishes []*finishing
	wg       sync.WaitGroup
}

// owned is a delta, and the node whose code it runs.
type owned struct {
	node  int32
	delta Delta
}

// finishing is the second half of a writer's Prepare.
type finishing struct {
	sink   int
	task   int
	rows   int64 // written in this epoch: without any there is nothing to commit
	finish func(context.Context) ([]byte, error)
	part   []byte
	err    error
}

// nextEpoch opens the epoch that follows the last.
func (r *Run) nextEpoch() {
	n := r.Epoch + 1
	if e := r.cur.Load(); e != nil {
		n = e.n + 1
	}
	e := &epoch{n: n, aligned: make(chan struct{})}
	e.waiting.Store(int64(len(r.sources) + len(r.tasks)))
	r.cur.Store(e)
}

// ack counts a root that has let the barrier of epoch n through.
func (r *Run) ack(n uint64) {
	if e := r.cur.Load(); e.n == n && e.waiting.Add(-1) == 0 {
		close(e.aligned)
	}
}

// AddDelta hands over node's part of the epoch that is ending. It is called
// while the barrier passes.
func (r *Run) AddDelta(node int32, d Delta) {
	e := r.cur.Load()
	e.mu.Lock()
	e.deltas = append(e.deltas, owned{node, d})
	e.mu.Unlock()
}

// AddFinish hands over the second half of a writer's Prepare for the epoch
// that is ending; rows is how much it wrote.
func (r *Run) AddFinish(sink, task int, rows int64, f func(context.Context) ([]byte, error)) {
	e := r.cur.Load()
	e.mu.Lock()
	e.finishes = append(e.finishes, &finishing{sink: sink, task: task, rows: rows, finish: f})
	e.mu.Unlock()
}

// startFinishes runs the finishes of e beside whatever comes next.
func (e *epoch) startFinishes(ctx context.Context, r *Run) {
	for _, f := range e.finishes {
		e.wg.Go(func() {
			f.err = r.guard(r.sinks[f.sink].Node, func() (err error) {
				f.part, err = f.finish(ctx)
				return err
			})
		})
	}
}

// abandon waits for what e started.
func (e *epoch) abandon() { e.wg.Wait() }

// complete takes the epochs in order and makes each durable and visible.
func (r *Run) complete(ctx context.Context) error {
	var failed error
	for e := range r.queue {
		if failed == nil {
			failed = r.completeOne(ctx, e)
			r.fail(failed)
		}
		e.abandon()
	}
	return failed
}

func (r *Run) completeOne(ctx context.Context, e *epoch) error {
	begun := time.Now()
	parts, err := e.parts()
	if err != nil {
		return err
	}
	failpoint.Hit("engine/finished")
	r.phase("finish", begun)
	if mutant.EarlyCommit {
		if err := r.commitSinks(ctx, e.n, parts); err != nil {
			return err
		}
	}
	begun = time.Now()
	wrote, err := r.persist(e, parts) //nolint:contextcheck // the commit point is not broken off half way
	if err != nil {
		return err
	}
	if !wrote {
		return nil
	}
	failpoint.Hit("engine/durable")
	r.phase("durable", begun)
	if mutant.EarlyAck {
		if err := r.tell(ctx, e.n); err != nil {
			return err
		}
	}
	begun = time.Now()
	if err := r.commitSinks(ctx, e.n, parts); err != nil {
		return err
	}
	failpoint.Hit("engine/committed")
	r.phase("commit", begun)
	r.durable.Store(e.n)
	r.committed.Store(time.Now().UnixNano())
	if err := r.tell(ctx, e.n); err != nil {
		return err
	}
	failpoint.Hit("engine/told")
	r.phase("epoch", e.cut)
	return nil
}

// parts waits for the finishes and sorts what they made by sink and task. A
// sink to which nothing was written has none.
func (e *epoch) parts() (map[int][][]byte, error) {
	e.wg.Wait()
	parts := map[int][][]byte{}
	var errs []error
	for _, f := range e.finishes {
		if f.err != nil {
			errs = append(errs, f.err)
		}
		if f.rows > 0 {
			for len(parts[f.sink]) <= f.task {
				parts[f.sink] = append(parts[f.sink], nil)
			}
			parts[f.sink][f.task] = f.part
		}
	}
	for sink, tasks := range parts {
		parts[sink] = slices.DeleteFunc(tasks, func(p []byte) bool { return p == nil })
	}
	return parts, errors.Join(errs...)
}

// persist writes the epoch in one atomic step: the commit point. It reports
// whether there was anything to write.
func (r *Run) persist(e *epoch, parts map[int][][]byte) (bool, error) {
	if r.cfg.Store == nil {
		return true, nil
	}
	w := r.cfg.Store.Begin(e.n)
	defer w.Discard()
	for _, d := range e.deltas {
		if err := r.guard(d.node, func() error { return d.delta(w) }); err != nil {
			return false, fmt.Errorf("write epoch %d: %w", e.n, err)
		}
	}
	for sink, tokens := range parts {
		if !mutant.NoToken {
			w.Token(r.sinks[sink].Name, tokens)
		}
	}
	if w.Size() == 0 && len(parts) == 0 {
		return false, nil
	}
	for _, d := range r.prologue {
		if err := d(w); err != nil {
			return false, fmt.Errorf("write epoch %d: %w", e.n, err)
		}
	}
	r.prologue = nil
	if err := w.Commit(); err != nil {
		return false, fmt.Errorf("write epoch %d: %w", e.n, err)
	}
	return true, nil
}

// commitSinks makes the epoch visible in every sink that has something.
func (r *Run) commitSinks(ctx context.Context, n uint64, parts map[int][][]byte) error {
	var wg sync.WaitGroup
	errs := make([]error, len(r.sinks))
	for i, s := range r.sinks {
		if len(parts[i]) == 0 {
			continue
		}
		c := Commit{Epoch: n, Previous: r.previous[s.Name], Parts: parts[i]}
		if n == c.Previous {
			continue // only after an early commit
		}
		wg.Go(func() {
			failpoint.Hit("engine/commit/before")
			errs[i] = r.guard(s.Node, func() error { return s.Commit(ctx, c) })
			failpoint.Hit("engine/commit/after")
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i, s := range r.sinks {
		if len(parts[i]) > 0 {
			r.previous[s.Name] = n
		}
	}
	return nil
}

func (r *Run) tell(ctx context.Context, n uint64) error {
	for _, t := range r.told {
		if err := r.guard(t.node, func() error { return t.f(ctx, n) }); err != nil {
			return err
		}
	}
	return nil
}

// Recover starts every sink and repeats its last commit: the crash may have
// come before it, after it, or while its answer was on the way.
func (r *Run) Recover(ctx context.Context) error {
	for _, s := range r.sinks {
		if err := r.guard(s.Node, func() error { return r.recoverSink(ctx, s) }); err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) recoverSink(ctx context.Context, s *Sink) error {
	last := Commit{}
	if r.cfg.Store != nil {
		c, ok, err := r.cfg.Store.LastCommit(s.Name)
		if err != nil {
			return err
		}
		if ok {
			last = Commit{c.Epoch, c.Previous, c.Incarnation, c.Parts}
		}
	}
	if err := s.Start(ctx, last); err != nil {
		return err
	}
	r.previous[s.Name] = last.Epoch
	if last.Epoch == 0 || mutant.NoRecovery {
		return nil
	}
	failpoint.Hit("engine/recover/before")
	if err := s.Commit(ctx, last); err != nil {
		return fmt.Errorf("repeat the commit of epoch %d: %w", last.Epoch, err)
	}
	failpoint.Hit("engine/recover/after")
	return nil
}
