package engine

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirflow/weir/state"
)

// ErrStopped is what a lane returns that was made to stop because of another.
var ErrStopped = errors.New("stopped")

// Config is what a run is made with.
type Config struct {
	Pipeline   string
	Store      *state.Store // nil: nothing is remembered
	Checkpoint time.Duration
	Memory     int64 // bytes for what waits between lanes
	Log        *slog.Logger

	// Named wraps an error with the name of node id; nil stays nil.
	Named func(id int32, err error) error

	// Stop ends the context of the run, which everything that belongs to it
	// is given; Cause says why it has ended, and is nil while it has not.
	Stop  context.CancelCauseFunc
	Cause func() error

	// Phase is told how long each phase of an epoch took. It may be nil.
	Phase func(name string, d time.Duration)
}

// Sink is a sink of any type, as the coordinator sees it.
type Sink struct {
	Node int32
	Name string

	// Start checks the other side, before anything else is done with it.
	Start func(ctx context.Context, last Commit) error

	// Commit makes an epoch's parts visible.
	Commit func(ctx context.Context, c Commit) error
}

// Commit is one epoch of one sink.
type Commit struct {
	Epoch, Previous uint64
	Incarnation     string // that prepared it; "" is the run's own
	Parts           [][]byte
}

// Run is one execution of a graph. It is made, filled by compiling the graph,
// and run once.
type Run struct {
	cfg   Config
	Epoch uint64 // the last durable one when the run began

	lanes    []*Lane
	boxes    []*Inbox
	buffers  []buffer
	sources  []sourceTask
	tasks    []task
	sinks    []*Sink
	ends     []ending
	prologue []Delta // to be written with the first epoch
	told     []told

	previous  map[string]uint64 // by sink: its last commit
	cur       atomic.Pointer[epoch]
	queue     chan *epoch
	drain     chan struct{}
	drainOnce sync.Once
	request   chan struct{}
	stirred   chan struct{} // a source holds something to be sent in bulk
	durable   atomic.Uint64
	committed atomic.Int64 // unix nanoseconds of the last complete epoch
	stopped   atomic.Bool  // something has failed: nothing may enter a lane
	failOnce  sync.Once
	first     error
}

// ending is called when all goroutines of a run have ended.
type ending struct {
	node int32
	f    func() error
}

// told is called for every epoch that all sinks have committed.
type told struct {
	node int32
	f    func(ctx context.Context, epoch uint64) error
}

// buffer is a place between lanes that holds a bounded number of bytes.
type buffer interface {
	shares() int64 // how many parts of the memory it is due
	bound(bytes int64)
	load() (items int, bytes int64)
	root() int32 // the node it belongs to
	pooled() bool
}

// NewRun makes an empty run that goes on from what the store holds.
func NewRun(cfg Config) *Run {
	r := &Run{
		cfg: cfg, previous: map[string]uint64{},
		queue: make(chan *epoch, 1), drain: make(chan struct{}),
		request: make(chan struct{}, 1), stirred: make(chan struct{}, 1),
	}
	if cfg.Store != nil {
		r.Epoch = cfg.Store.Manifest().Epoch
	}
	r.durable.Store(r.Epoch)
	return r
}

// AddSink adds a sink and returns its number.
func (r *Run) AddSink(s *Sink) int {
	r.sinks = append(r.sinks, s)
	return len(r.sinks) - 1
}

// Prologue adds d to the first epoch that has something to write.
func (r *Run) Prologue(d Delta) { r.prologue = append(r.prologue, d) }

// OnEnd registers f of node to be called once when all goroutines of the run
// have ended, in the reverse of the order of registration.
func (r *Run) OnEnd(node int32, f func() error) { r.ends = append(r.ends, ending{node, f}) }

// OnCommitted registers f of node to be told of every epoch that all sinks
// have committed.
func (r *Run) OnCommitted(node int32, f func(ctx context.Context, epoch uint64) error) {
	r.told = append(r.told, told{node, f})
}

// Drain asks the run to end at an epoch: the sources stop, what is in flight
// goes through and is committed.
func (r *Run) Drain() { r.drainOnce.Do(func() { close(r.drain) }) }

// Request asks for an epoch soon, before the interval is over.
func (r *Run) Request() {
	select {
	case r.request <- struct{}{}:
	default:
	}
}

// fail records the first error and stops everything. What fails after the
// context of the run was ended from outside fails because of that.
func (r *Run) fail(err error) {
	if err == nil {
		return
	}
	r.failOnce.Do(func() {
		r.first = err
		if cause := r.cfg.Cause(); cause != nil {
			r.first = cause
		}
		r.cfg.Stop(err)
		r.stopped.Store(true)
		for _, b := range r.boxes {
			b.close(ErrStopped)
		}
		for _, t := range r.tasks {
			t.stop(ErrStopped)
		}
	})
}

// Execute runs what was compiled until all sources have ended, a drain is
// through, ctx is done or something fails. ctx is the one that Config.Stop
// ends. The sinks must have been recovered. Every goroutine has ended when it
// returns.
func (r *Run) Execute(ctx context.Context) error {
	r.share()
	r.nextEpoch()

	var wg, readers sync.WaitGroup
	sourceCtx, stopSources := context.WithCancelCause(ctx)
	defer stopSources(nil)
	ended := make(chan struct{}, len(r.sources))
	for _, s := range r.sources {
		wg.Go(func() { r.runSource(sourceCtx, s, ended) })
	}
	for _, t := range r.tasks {
		readers.Go(func() { r.fail(t.lanes().guard(func() error { return notStopped(t.run(ctx)) })) })
	}
	finished := make(chan struct{})
	wg.Go(func() {
		defer close(finished)
		r.fail(Calm(func() error { return r.complete(ctx) }))
	})
	lingerDone := make(chan struct{})
	wg.Go(func() { r.linger(lingerDone) })

	r.fail(Calm(func() error { return r.coordinate(ctx, ended, stopSources) }))
	close(r.queue)
	<-finished
	close(lingerDone)
	readers.Wait()
	r.cfg.Stop(nil)
	wg.Wait()
	return r.end()
}

// notStopped drops the error of a lane that was only told to stop.
func notStopped(err error) error {
	if errors.Is(err, ErrStopped) {
		return nil
	}
	return err
}

// runSource runs s to its end. Nothing can follow a source that has ended by
// itself: it no longer holds the time of the others back.
func (r *Run) runSource(ctx context.Context, s sourceTask, ended chan<- struct{}) {
	defer func() { ended <- struct{}{} }()
	err := r.guard(s.lanes().root, func() error { return s.run(ctx) })
	if err == nil && ctx.Err() == nil {
		err = s.inject(Ctl{Kind: Watermark, Time: MaxTime})
	}
	drained := errors.Is(context.Cause(ctx), errDrain) &&
		(errors.Is(err, context.Canceled) || errors.Is(err, errDrain))
	if !drained {
		r.fail(notStopped(err))
	}
}

// Calm runs f and turns a panic into an error.
func Calm(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{v, debug.Stack()}
		}
	}()
	return f()
}

// end calls what was registered with OnEnd and returns the first error of the
// run; what goes wrong after it is only logged.
func (r *Run) end() error {
	var errs []error
	for _, e := range slices.Backward(r.ends) {
		errs = append(errs, r.guard(e.node, e.f))
	}
	err := errors.Join(errs...)
	if r.first == nil {
		return err
	}
	if err != nil {
		r.cfg.Log.Warn("closing after an error", "pipeline", r.cfg.Pipeline, "error", err)
	}
	return r.first
}

// Abandon frees what was compiled without running it.
func (r *Run) Abandon() error { return r.end() }

// share divides the memory for what is in flight over the rings and the
// asynchronous lanes.
func (r *Run) share() {
	shares := int64(0)
	for _, b := range r.buffers {
		shares += b.shares()
	}
	for _, b := range r.buffers {
		b.bound(max(1, r.cfg.Memory/max(1, shares)))
	}
}

// stir wakes the lingering goroutine.
func (r *Run) stir() {
	select {
	case r.stirred <- struct{}{}:
	default:
	}
}

// linger sends on, a moment after it came, what sources hold only to be sent
// in bulk.
func (r *Run) linger(done <-chan struct{}) {
	timer := time.NewTimer(lingerEvery)
	defer timer.Stop()
	for {
		select {
		case <-r.stirred:
		case <-done:
			return
		}
		timer.Reset(lingerEvery)
		select {
		case <-timer.C:
		case <-done:
			return
		}
		for _, s := range r.sources {
			l := s.lanes()
			r.fail(notStopped(l.guard(s.linger)))
		}
		for _, t := range r.tasks {
			if t.lanes().again.Swap(false) {
				t.nudge()
			}
		}
	}
}
