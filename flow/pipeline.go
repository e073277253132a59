package flow

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/internal/engine"
	"github.com/weirflow/weir/state"
)

// Pipeline is a graph under construction, then a graph that runs. It is built
// by one goroutine; Drain and Status may be called from any.
type Pipeline struct {
	name     string
	settings settings

	nodes   []*node
	named   map[string]bool
	sources []func(c *compile) error
	stages  []func(c *compile) error
	errs    []error

	mu    sync.Mutex
	state string // idle, starting, running, draining, stopped, failed
	run   *compile
	drain bool
	alloc memory.Allocator
}

// settings are what the options of New set.
type settings struct {
	stateDir    string
	checkpoint  time.Duration
	memory      int64
	stateMemory int64
	debug       DebugMode
	log         *slog.Logger
	observer    Observer
	connectors  map[string]string
	chunk       int
	depth       int
	fs          state.FS // nil: the disk
}

// Option is a setting of a [Pipeline].
type Option func(*settings)

// New begins a pipeline. Its name is kept with its state and with everything
// it commits: another name is another pipeline.
func New(name string, options ...Option) *Pipeline {
	p := &Pipeline{
		name:  name,
		named: map[string]bool{},
		state: "idle",
		settings: settings{
			checkpoint: 10 * time.Second, memory: 256 << 20, stateMemory: 64 << 20,
			log: slog.New(slog.DiscardHandler), chunk: 256, depth: 8,
		},
	}
	if name == "" {
		p.fail(errors.New("a pipeline needs a name"))
	}
	for _, o := range options {
		o(&p.settings)
	}
	return p
}

// StateDir keeps positions, state and commits in dir, so that a run goes on
// where the last one ended. Without it every run begins anew.
func StateDir(dir string) Option { return func(s *settings) { s.stateDir = dir } }

// Checkpoint is the time between epochs; 10 s when not set. 0 means one
// epoch, at the end.
func Checkpoint(every time.Duration) Option {
	return func(s *settings) { s.checkpoint = max(0, every) }
}

// MemoryLimit bounds the data in flight, in bytes; 256 MiB when not set. Half
// of it is for the queues between operators, half for what writers hold.
func MemoryLimit(bytes int64) Option { return func(s *settings) { s.memory = max(1, bytes) } }

// StateMemory bounds what the state store keeps in memory, in bytes; 64 MiB
// when not set.
func StateMemory(bytes int64) Option { return func(s *settings) { s.stateMemory = max(1, bytes) } }

// Logger is where the pipeline and its connectors log; nowhere when not set.
func Logger(l *slog.Logger) Option { return func(s *settings) { s.log = l } }

// Connectors says which connector each source and sink is of, by its name in
// the pipeline, for Explain and Status.
func Connectors(of map[string]string) Option { return func(s *settings) { s.connectors = of } }

// Observe tells o how long the phases of each epoch took.
func Observe(o Observer) Option { return func(s *settings) { s.observer = o } }

// Observer is told about epochs as they happen. It is called by several
// goroutines and must not block.
type Observer interface {
	// EpochPhase is called after each phase of an epoch: align (the barrier
	// went through), finish (writers made their part durable), durable (the
	// atomic write), commit (the sinks), epoch (all of it).
	EpochPhase(phase string, d time.Duration)
}

// DebugMode switches on checks that cost speed.
type DebugMode uint

const (
	// CheckLeaks makes Run fail when Arrow memory of the pipeline's
	// allocator is still held at its end.
	CheckLeaks DebugMode = 1 << iota

	// PoisonFreed overwrites Arrow memory when it is freed, so that a batch
	// kept for too long shows.
	PoisonFreed
)

// Debug switches checks on.
func Debug(d DebugMode) Option { return func(s *settings) { s.debug |= d } }

// Op is an option of an operator.
type Op func(*opts)

type opts struct {
	name      string
	parallel  int
	workers   int
	unordered bool
	chunk     int
}

func optsOf(list []Op) opts {
	o := opts{}
	for _, op := range list {
		op(&o)
	}
	return o
}

// Name names an operator in Explain, errors and metrics.
func Name(s string) Op { return func(o *opts) { o.name = s } }

// Parallel runs what follows on n goroutines: the splits of FromSplits, the
// keys of KeyBy.
func Parallel(n int) Op { return func(o *opts) { o.parallel = n } }

// Workers is how many calls of MapAsync run at once; 4 when not set.
func Workers(n int) Op { return func(o *opts) { o.workers = n } }

// Unordered lets results of MapAsync pass each other.
func Unordered() Op { return func(o *opts) { o.unordered = true } }

// ChunkRows is how many elements MapAsync and ToBatches hand over at once.
func ChunkRows(n int) Op { return func(o *opts) { o.chunk = n } }

// Flow is a handle on one typed output of a pipeline: a small value, free to
// copy and to use more than once. Each use gets all elements.
type Flow[T any] struct{ n *node }

// node is an operator, source or sink in the graph.
type node struct {
	p         *Pipeline
	id        int32
	name      string
	kind      string // source, operator, boundary, sink
	what      string // for Explain: the operator's own word
	par       int    // lanes
	in        []*node
	consumers []any                      // func(*compile, *engine.Lane) (engine.Port[T], error)
	guarantee func() (Guarantee, string) // of a sink: what itself promises
	sink      func(c *compile) *engine.Sink
	describe  func() string         // of a Describer
	replays   func() (bool, string) // of a source

	sinkNumber int // the engine's
}

// tally counts what passes.
type tally struct{ rows, bytes, batches int64 }

// consumer is how an operator is made for one lane.
type consumer[T any] = func(c *compile, l *engine.Lane) (engine.Port[T], error)

func (p *Pipeline) fail(err error) { p.errs = append(p.errs, err) }

// claim takes a name for something that is remembered.
func (p *Pipeline) claim(name string) string {
	switch {
	case name == "":
		p.fail(errors.New("what is remembered needs a name: sources, sinks, stateful operators"))
	case p.named[name]:
		p.fail(fmt.Errorf("two operators are named %q: positions and state are kept by name", name))
	}
	p.named[name] = true
	return name
}

// add puts a node into the graph.
func add[T any](p *Pipeline, n *node) Flow[T] {
	n.p, n.id = p, int32(len(p.nodes))
	p.nodes = append(p.nodes, n)
	return Flow[T]{n}
}

// operator adds a node behind in, on the same lanes.
func operator[B, A any](in Flow[A], what string, list []Op) Flow[B] {
	name := optsOf(list).name
	if name == "" {
		name = in.n.name + "." + what
	}
	return add[B](in.n.p, &node{name: name, kind: "operator", what: what, par: in.n.par, in: []*node{in.n}})
}

// consume lets build make the consumer of in for each of its lanes.
func consume[T any](in Flow[T], build consumer[T]) {
	in.n.consumers = append(in.n.consumers, build)
}

// outlet builds everything that consumes n, for lane l.
func outlet[T any](c *compile, n *node, l *engine.Lane) (engine.Port[T], error) {
	ports := make([]engine.Port[T], 0, len(n.consumers))
	for _, one := range n.consumers {
		port, err := one.(consumer[T])(c, l)
		if err != nil {
			return engine.Port[T]{}, err
		}
		ports = append(ports, port)
	}
	return engine.Tee(ports), nil
}

// named wraps err with the name of the node, once.
func (n *node) named(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*OpError](err); ok {
		return err
	}
	return &OpError{n.name, err}
}
