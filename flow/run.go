package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/weirflow/weir/internal/engine"
	"github.com/weirflow/weir/internal/mem"
	"github.com/weirflow/weir/state"
)

// compile is one run of a pipeline while its graph is made into lanes, and
// what belongs to it afterwards.
type compile struct {
	ctx         context.Context //nolint:containedctx // of this run; ends with it
	stop        context.CancelCauseFunc
	p           *Pipeline
	run         *engine.Run
	store       *state.Store
	incarnation string
	built       map[int]any
	writers     int64 // lanes of sinks, which share the memory for writers
	pool        *mem.Pool
	looks       []look // by node
}

// Run compiles and runs the pipeline until all sources have ended, Drain is
// through, ctx is done (a fast stop: the next run goes on from the last
// epoch) or something fails. Errors made in building come out here too,
// joined. A pipeline runs once at a time and may be run again.
func (p *Pipeline) Run(ctx context.Context) (err error) {
	c, err := p.begin(ctx)
	if err != nil {
		return err
	}
	if err := c.open(); err != nil {
		p.ended(err)
		return err
	}
	defer c.stop(nil)
	err = c.runLanes()
	if c.store != nil {
		p.setState("closing")
		err = also(err, c.store.Close())
	}
	p.ended(err)
	return err
}

// open opens the state directory, if there is one.
func (c *compile) open() error {
	s := &c.p.settings
	if s.stateDir == "" {
		return nil
	}
	store, err := state.Open(s.stateDir, c.p.name, state.Options{Memory: s.stateMemory, Log: s.log, FS: s.fs})
	if err != nil {
		return refusal(err)
	}
	c.store, c.incarnation = store, store.Incarnation()
	return nil
}

// runLanes compiles the graph and runs it to its end.
func (c *compile) runLanes() (err error) {
	check := c.p.allocator(c)
	defer func() { err = also(err, check()) }()
	c.begin()
	if err := engine.Calm(c.compile); err != nil {
		return also(err, c.run.Abandon())
	}
	c.p.setState("running")
	return c.run.Execute(c.ctx)
}

// also joins what went wrong afterwards to err, which stays as it is when
// nothing did.
func also(err, after error) error {
	if after == nil {
		return err
	}
	return errors.Join(err, after)
}

// refusal gives the errors of a state directory the kind that they have.
func refusal(err error) error {
	switch {
	case errors.Is(err, state.ErrForeign), errors.Is(err, state.ErrLocked):
		return Mark(Conflict, err)
	case errors.Is(err, state.ErrNewer):
		return Mark(BadConfig, err)
	default:
		return err
	}
}

// begin takes the pipeline for a run.
func (p *Pipeline) begin(ctx context.Context) (*compile, error) {
	if err := errors.Join(p.errs...); err != nil {
		return nil, Mark(BadConfig, fmt.Errorf("pipeline %s: %w", p.name, err))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.state {
	case "starting", "running", "draining", "closing":
		return nil, Markf(Conflict, "pipeline %s: is running already", p.name)
	}
	p.state = "starting"
	c := &compile{
		p: p, incarnation: "run-" + uuid.NewString(), built: map[int]any{}, looks: make([]look, len(p.nodes)),
	}
	c.ctx, c.stop = context.WithCancelCause(ctx)
	p.run = c
	return c, nil
}

func (p *Pipeline) ended(err error) {
	state := "stopped"
	if err != nil && KindOf(err) != Canceled {
		state = "failed"
	}
	p.setState(state)
}

func (p *Pipeline) setState(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = s
	if s == "running" && p.drain {
		p.state = "draining"
		p.run.run.Drain()
	}
	if s == "stopped" || s == "failed" {
		p.drain = false
	}
}

// Drain asks a running pipeline to stop at an epoch: the sources stop, what
// is in flight goes through, a last checkpoint commits; windows stay open in
// the state. Run then returns nil. Before Run it makes the next Run stop at
// once.
func (p *Pipeline) Drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drain = true
	if p.state == "running" {
		p.state = "draining"
		p.run.run.Drain()
	}
}

// allocator makes the allocator of the run, with what debugging asks for, and
// returns the check to be made at its end.
func (p *Pipeline) allocator(c *compile) (check func() error) {
	c.pool = mem.NewPool(mem.Options{})
	p.alloc = c.pool
	if p.settings.debug&PoisonFreed != 0 {
		p.alloc = mem.Poison(p.alloc)
	}
	if p.settings.debug&CheckLeaks == 0 {
		return func() error { return nil }
	}
	checked := mem.Checked(p.alloc)
	p.alloc = checked
	return func() error {
		var found leaks
		checked.AssertEmpty(&found)
		return errors.Join(found...)
	}
}

// leaks gathers what a checking allocator has to say.
type leaks []error

// Helper is part of mem.TB.
func (l *leaks) Helper() {}

// Errorf is part of mem.TB.
func (l *leaks) Errorf(format string, args ...any) { *l = append(*l, fmt.Errorf(format, args...)) }

// begin makes the engine's run.
func (c *compile) begin() {
	p := c.p
	cfg := engine.Config{
		Stop: c.stop, Cause: func() error { return context.Cause(c.ctx) },
		Pipeline: p.name, Store: c.store, Checkpoint: p.settings.checkpoint,
		Memory: p.settings.memory / 2, Log: p.settings.log,
		Named: func(id int32, err error) error { return p.nodes[id].named(err) },
	}
	if o := p.settings.observer; o != nil {
		cfg.Phase = func(name string, d time.Duration) { o.EpochPhase(name, d) }
	}
	c.run = engine.NewRun(cfg)
	c.run.Prologue(func(w *state.Write) error { w.SetFingerprint(p.fingerprint()); return nil })
}

// compile makes the lanes: the consuming side of every stage first on
// demand, then the sources. Sinks are recovered before.
func (c *compile) compile() error {
	p := c.p
	for _, n := range p.nodes {
		if n.kind == "sink" {
			c.writers += int64(n.par)
		}
	}
	if err := c.recoverSinks(); err != nil {
		return err
	}
	for _, stage := range p.stages {
		if err := stage(c); err != nil {
			return err
		}
	}
	for _, source := range p.sources {
		if err := source(c); err != nil {
			return err
		}
	}
	return nil
}

// task describes one lane of node n to an operator or writer.
func (c *compile) task(n *node, sub int) Task {
	p := c.p
	return Task{
		Index: sub, Of: n.par, Pipeline: p.name, Incarnation: c.incarnation, Name: n.name,
		Epoch: Epoch(c.run.Epoch + 1), Memory: p.settings.memory / 2 / max(1, c.writers),
		Alloc: p.alloc, Log: p.settings.log.With("pipeline", p.name, "stage", n.name),
	}
}
