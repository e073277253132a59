package pipeline

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/connector"
)

// Builder turns the pipelines of a file into graphs.
type Builder struct {
	File     *File
	Registry *connector.Registry
	Log      *slog.Logger
	Out      io.Writer // where sinks print that print; nil: the standard output
}

// Graph is a pipeline that is built.
type Graph struct {
	*flow.Pipeline
	plan *Pipeline
	seen map[string]*seen // by source and sink
}

// Build opens the sources and sinks of p and joins them. options are added to
// those that the file sets.
func (b Builder) Build(ctx context.Context, p *Pipeline, options ...flow.Option) (*Graph, error) {
	log := b.Log.With("pipeline", p.Name)
	options = append([]flow.Option{
		flow.StateDir(p.State), flow.Checkpoint(p.Checkpoint), flow.MemoryLimit(p.Memory), flow.Logger(log),
		flow.Connectors(p.connectors()),
	}, options...)
	graph := &Graph{flow.New(p.Name, options...), p, map[string]*seen{}}
	var ins []flow.Flow[flow.Batch]
	for _, part := range p.Sources {
		source, err := b.openSource(ctx, part, log)
		if err != nil {
			return nil, b.fault(part, err)
		}
		source = source.With(part.Wrap, graph.see(part, log))
		ins = append(ins, source.Into(graph.Pipeline, part.Name, flow.Parallel(p.Parallel)))
	}
	rows := ins[0]
	if len(ins) > 1 {
		rows = flow.Merge(ins...)
	}
	for _, part := range p.Sinks {
		sink, err := b.openSink(ctx, part, log)
		if err != nil {
			return nil, b.fault(part, err)
		}
		sink.With(part.Wrap, graph.see(part, log)).End(rows, part.Name)
	}
	return graph, nil
}

// see counts what happens around part.
func (g *Graph) see(part *Part, log *slog.Logger) *seen {
	s := &seen{log: log.With("stage", part.Name, "connector", part.Connector)}
	g.seen[part.Name] = s
	return s
}

// OpenSource opens a source alone.
func (b Builder) OpenSource(ctx context.Context, part *Part) (connector.Source, error) {
	source, err := b.openSource(ctx, part, b.Log)
	return source, b.fault(part, err)
}

func (b Builder) openSource(ctx context.Context, part *Part, log *slog.Logger) (connector.Source, error) {
	typ, err := b.Registry.FindSource(part.Connector)
	if err != nil {
		return nil, err
	}
	return typ.Open(ctx, part.Config, b.env(part, log))
}

func (b Builder) openSink(ctx context.Context, part *Part, log *slog.Logger) (connector.Sink, error) {
	typ, err := b.Registry.FindSink(part.Connector)
	if err != nil {
		return nil, err
	}
	return typ.Open(ctx, part.Config, b.env(part, log))
}

func (b Builder) env(part *Part, log *slog.Logger) connector.Env {
	return connector.Env{Log: log.With("stage", part.Name, "connector", part.Connector), Dir: b.File.Dir, Stdout: b.Out}
}

// fault gives an error of a part its place in the file.
func (b Builder) fault(part *Part, err error) error {
	if err == nil {
		return nil
	}
	if flow.KindOf(err) == flow.BadConfig {
		return problemsIn(b.File.Path, problemsOf(err, part.Line, part.At()))
	}
	return fmt.Errorf("%s:%d: %s: %w", b.File.Path, part.Line, part.At(), err)
}

// Static checks the settings of every part as far as they tell by themselves,
// without opening anything. The error is a [ProblemsError].
func (b Builder) Static() error { return problemsIn(b.File.Path, b.static()) }

func (b Builder) static() []Problem {
	var list []Problem
	for _, part := range b.parts() {
		list = append(list, b.staticPart(part)...)
	}
	return list
}

func (b Builder) parts() []*Part {
	return slices.Concat(b.File.Sources, b.File.Sinks)
}

func (b Builder) staticPart(part *Part) []Problem {
	if part.Kind == "source" {
		typ, err := b.Registry.FindSource(part.Connector)
		if err != nil {
			return []Problem{{part.connectorLine, part.At(), "connector: " + err.Error()}}
		}
		return problemsOf(typ.Check(part.Config), part.Line, part.At())
	}
	typ, err := b.Registry.FindSink(part.Connector)
	if err != nil {
		return []Problem{{part.connectorLine, part.At(), "connector: " + err.Error()}}
	}
	return problemsOf(typ.Check(part.Config), part.Line, part.At())
}
