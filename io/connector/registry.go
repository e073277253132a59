package connector

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
)

// Registry holds the connectors a program can use. The zero Registry is not
// usable; call [NewRegistry].
type Registry struct {
	sources map[string]*SourceType
	sinks   map[string]*SinkType
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	return &Registry{sources: map[string]*SourceType{}, sinks: map[string]*SinkType{}}
}

// Type is what sources and sinks have in common.
type Type struct {
	Name string
	Spec spec.Field
	Docs fs.FS
}

// SourceType is a registered source.
type SourceType struct {
	Type

	// Open decodes the settings in node and opens the source.
	Open func(ctx context.Context, node *yaml.Node, env Env) (Source, error)
}

// SinkType is a registered sink.
type SinkType struct {
	Type

	// Open decodes the settings in node and opens the sink.
	Open func(ctx context.Context, node *yaml.Node, env Env) (Sink, error)
}

// AddSource registers a source. It panics if the name is taken or the config
// struct is not fully described: both are mistakes in the program.
func AddSource[C any](r *Registry, info Info[C], open func(context.Context, C, Env) (Source, error)) {
	typ := newType(info)
	if r.sources[info.Name] != nil {
		panic(fmt.Sprintf("connector: two sources are named %s", info.Name))
	}
	r.sources[info.Name] = &SourceType{typ, opener(typ.Spec, info.Defaults, open)}
}

// AddSink is [AddSource] for a sink.
func AddSink[C any](r *Registry, info Info[C], open func(context.Context, C, Env) (Sink, error)) {
	typ := newType(info)
	if r.sinks[info.Name] != nil {
		panic(fmt.Sprintf("connector: two sinks are named %s", info.Name))
	}
	r.sinks[info.Name] = &SinkType{typ, opener(typ.Spec, info.Defaults, open)}
}

// Source returns the source with that name.
func (r *Registry) Source(name string) (*SourceType, bool) { t, ok := r.sources[name]; return t, ok }

// Sink returns the sink with that name.
func (r *Registry) Sink(name string) (*SinkType, bool) { t, ok := r.sinks[name]; return t, ok }

// Types returns every connector, sources first, each in order of name.
func (r *Registry) Types() []Type {
	var all []Type
	for _, name := range slices.Sorted(maps.Keys(r.sources)) {
		all = append(all, r.sources[name].Type)
	}
	for _, name := range slices.Sorted(maps.Keys(r.sinks)) {
		all = append(all, r.sinks[name].Type)
	}
	return all
}

func newType[C any](info Info[C]) Type {
	s, err := spec.Of(info.Defaults, info.Docs)
	if err != nil {
		panic(fmt.Sprintf("connector %s: %v", info.Name, err))
	}
	return Type{info.Name, s, info.Docs}
}

// opener is the one place where a setting's text becomes a typed config.
func opener[C, X any](s spec.Field, defaults C, open func(context.Context, C, Env) (X, error)) func(context.Context, *yaml.Node, Env) (X, error) {
	return func(ctx context.Context, node *yaml.Node, env Env) (X, error) {
		cfg := defaults
		if err := s.Decode(node, &cfg); err != nil {
			var none X
			return none, flow.Mark(flow.BadConfig, err)
		}
		return open(ctx, cfg, env)
	}
}
