package flow

import (
	"sync/atomic"
	"time"

	"github.com/weirflow/weir/internal/engine"
)

// Status is a look at a pipeline.
type Status struct {
	Pipeline    string
	State       string // idle, starting, running, draining, stopped, failed
	Epoch       Epoch  // the last one that every sink has committed
	LastCommit  time.Time
	MemoryUsed  int64 // Arrow memory in use and elements in queues, in bytes
	MemoryLimit int64
	StateBytes  int64
	Stages      []StageStatus // sources first, then boundaries, then sinks
}

// look is what can be seen of a source or a sink in one run.
type look struct {
	total, done func() int64 // of a Sized source: all there is, and what was read
	finished    func() bool
	position    func() string

	rows, bytes, batches atomic.Int64 // taken by a sink
}

// StageStatus is a look at a source, a boundary or a sink.
type StageStatus struct {
	Name      string
	Kind      string // source, boundary, sink
	Connector string

	Rows, Bytes, Batches int64

	Queue      int // chunks waiting in front of a boundary
	QueueBytes int64
	Blocked    time.Duration // spent waiting for room downstream
	Lag        time.Duration // of the watermark behind now; 0 when there is none

	Done, Total int64 // progress of a bounded source; Total 0: not known
	Finished    bool
	Position    string // of a source

	Guarantee string // of a sink
	Why       string
	Detail    string // of a sink: what the other side holds
}

// Status looks at the pipeline. It may be called at any time.
func (p *Pipeline) Status() Status {
	p.mu.Lock()
	s := Status{Pipeline: p.name, State: p.state, MemoryLimit: p.settings.memory}
	c := p.run
	live := p.state != "starting" && p.state != "idle" && c.run != nil
	if live && c.store != nil && (p.state == "running" || p.state == "draining") {
		s.StateBytes = c.store.Size() // the mutex keeps it from being closed
	}
	p.mu.Unlock()
	if s.State == "closing" {
		s.State = "running"
	}
	if !live {
		return s
	}
	epoch, at := c.run.Durable()
	s.Epoch, s.LastCommit = Epoch(epoch), at
	s.MemoryUsed = c.pool.InUse() + c.run.InFlight()
	for _, kind := range []string{"source", "boundary", "sink"} {
		for _, n := range p.nodes {
			if n.kind == kind {
				s.Stages = append(s.Stages, p.stage(c, n))
			}
		}
	}
	return s
}

func (p *Pipeline) stage(c *compile, n *node) StageStatus {
	l, look := c.run.Lanes(n.id), &c.looks[n.id]
	st := StageStatus{
		Name: n.name, Kind: n.kind, Connector: p.settings.connectors[n.name], Rows: l.Rows, Bytes: l.Bytes, Batches: l.Batches,
		Queue: l.Queue, QueueBytes: l.QueueBytes, Blocked: l.Blocked,
	}
	switch {
	case n.kind == "source" && look.done != nil: // nil: the run failed before it was built
		st.Done, st.Total = look.done(), look.total()
		st.Finished, st.Position = look.finished(), look.position()
		if l.Time != engine.MinTime && l.Time != engine.MaxTime {
			st.Lag = max(0, time.Since(time.Unix(0, l.Time)))
		}
	case n.kind == "sink":
		st.Rows, st.Bytes, st.Batches = look.rows.Load(), look.bytes.Load(), look.batches.Load()
		g, why := p.guarantee(n)
		st.Guarantee, st.Why = g.String(), why
		if n.describe != nil {
			st.Detail = n.describe()
		}
	}
	return st
}

// guarantee is the weakest of what the sink, the sources above it and the
// pipeline's state allow, with the reason.
func (p *Pipeline) guarantee(n *node) (Guarantee, string) {
	g, why := n.guarantee()
	if p.settings.stateDir == "" && g == ExactlyOnce {
		g, why = AtLeastOnce, "the pipeline has no state directory: a new run begins anew"
	}
	for _, s := range upstream(n, map[*node]bool{}) {
		if s.replays == nil {
			continue
		}
		if ok, because := s.replays(); !ok {
			return AtMostOnce, "source " + s.name + " can not give again what it gave: " + because
		}
	}
	return g, why
}

func upstream(n *node, seen map[*node]bool) []*node {
	if seen[n] {
		return nil
	}
	seen[n] = true
	all := []*node{n}
	for _, in := range n.in {
		all = append(all, upstream(in, seen)...)
	}
	return all
}
