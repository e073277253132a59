package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/internal/live"
	"github.com/weirflow/weir/state"
)

// Group is pipelines that run side by side in one process. One that fails
// leaves the others running.
type Group struct {
	members []*member
}

type member struct {
	graph *Graph

	mu      sync.Mutex
	started time.Time
	ended   time.Time
	err     error

	draining bool
}

// Add puts a pipeline into the group. It must not be called after Run.
func (g *Group) Add(graph *Graph) { g.members = append(g.members, &member{graph: graph}) }

// Run runs the pipelines to their ends, and watch beside them on the caller's
// goroutine. watch must return soon after all is closed, which is when the
// last pipeline has ended. The error joins those of the pipelines and of
// watch.
func (g *Group) Run(ctx context.Context, watch func(all <-chan struct{}) error) error {
	var running sync.WaitGroup
	for _, m := range g.members {
		m.begin()
		running.Go(func() { m.end(m.run(ctx)) })
	}
	all := make(chan struct{})
	go func() {
		running.Wait()
		close(all)
	}()
	err := watch(all)
	<-all
	errs := []error{err}
	for _, m := range g.members {
		errs = append(errs, m.err)
	}
	return errors.Join(errs...)
}

// Drain asks every pipeline to stop at an epoch.
func (g *Group) Drain() {
	for _, m := range g.members {
		m.mu.Lock()
		m.draining = true
		m.mu.Unlock()
		m.graph.Drain()
	}
}

// Reports says how the pipelines are at the moment now.
func (g *Group) Reports(now time.Time) []live.Report {
	reports := make([]live.Report, 0, len(g.members))
	for _, m := range g.members {
		reports = append(reports, m.report(now))
	}
	return reports
}

func (m *member) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.started = time.Now()
}

func (m *member) end(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended, m.err = time.Now(), m.place(err)
}

// run runs the pipeline. A state folder that somebody has open is tried again
// for a few seconds: it may be a look at the status, or a process that ends.
func (m *member) run(ctx context.Context) error {
	const tries, wait = 20, 200 * time.Millisecond
	tick := time.NewTicker(wait)
	defer tick.Stop()
	for range tries {
		err := m.graph.Run(ctx)
		if !errors.Is(err, state.ErrLocked) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
	return m.graph.Run(ctx)
}

// place says which pipeline, and which part of it, an error is of.
func (m *member) place(err error) error {
	if err == nil {
		return nil
	}
	if op, ok := errors.AsType[*flow.OpError](err); ok && err.Error() == op.Error() {
		if part := m.graph.plan.part(op.Op); part != nil {
			return fmt.Errorf("pipeline %s: %s: %w", m.graph.plan.Name, part.At(), op.Err)
		}
	}
	return fmt.Errorf("pipeline %s: %w", m.graph.plan.Name, err)
}

func (m *member) report(now time.Time) live.Report {
	m.mu.Lock()
	started, ended, err, draining := m.started, m.ended, m.err, m.draining
	m.mu.Unlock()
	r := reportOf(m.graph.Status())
	r.Pipeline, r.Time, r.Started = m.graph.plan.Name, now, started
	for i, stage := range r.Stages {
		if s := m.graph.seen[stage.Name]; s != nil {
			r.Stages[i].Detail = beside(s.detail(), r.Stages[i].Detail)
		}
	}
	switch {
	case ended.IsZero():
	case err != nil:
		r.Time, r.State, r.Error = ended, "failed", spec.RedactText(err.Error())
	default:
		r.Time, r.State = ended, "stopped"
	}
	if started.IsZero() {
		r.Started = now
	}
	for i := range r.Stages {
		// A source that was drained, or failed, has ended before its input.
		if s := &r.Stages[i]; r.State == "failed" || draining {
			s.Finished = s.Finished && s.Total > 0 && s.Done >= s.Total
		}
	}
	return r
}
