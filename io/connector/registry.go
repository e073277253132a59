package connector

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

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

// Role is what a connector is for.
type Role string

// Roles of connectors.
const (
	SourceRole Role = "source"
	SinkRole   Role = "sink"
)

// Type is what sources and sinks have in common.
type Type struct {
	Name    string
	Role    Role
	Summary string // the first sentence about it, without a full stop
	Promise string // see [Info]
	Spec    spec.Field
	Docs    fs.FS
}

// SourceType is a registered source.
type SourceType struct {
	Type

	// Open decodes the settings in node and opens the source.
	Open func(ctx context.Context, node *yaml.Node, env Env) (Source, error)

	// Check decodes the settings in node and opens nothing.
	Check func(node *yaml.Node) error
}

// SinkType is a registered sink.
type SinkType struct {
	Type

	// Open decodes the settings in node and opens the sink.
	Open func(ctx context.Context, node *yaml.Node, env Env) (Sink, error)

	// Check decodes the settings in node and opens nothing.
	Check func(node *yaml.Node) error
}

// AddSource registers a source. It panics if the name is taken or the config
// struct is not fully described: both are mistakes in the program.
func AddSource[C any](r *Registry, info Info[C], open func(context.Context, C, Env) (Source, error)) {
	typ := newType(info, SourceRole)
	if r.sources[info.Name] != nil {
		panic(fmt.Sprintf("connector: two sources are named %s", info.Name))
	}
	decode := decoder(typ.Spec, info.Defaults)
	r.sources[info.Name] = &SourceType{typ, opener(decode, open), checker(decode)}
}

// AddSink is [AddSource] for a sink.
func AddSink[C any](r *Registry, info Info[C], open func(context.Context, C, Env) (Sink, error)) {
	typ := newType(info, SinkRole)
	if r.sinks[info.Name] != nil {
		panic(fmt.Sprintf("connector: two sinks are named %s", info.Name))
	}
	decode := decoder(typ.Spec, info.Defaults)
	r.sinks[info.Name] = &SinkType{typ, opener(decode, open), checker(decode)}
}

// Source returns the source with that name. Case does not matter, and '_' is
// the same as '-'.
func (r *Registry) Source(name string) (*SourceType, bool) {
	t, ok := r.sources[canonical(name)]
	return t, ok
}

// Sink returns the sink with that name, like [Registry.Source].
func (r *Registry) Sink(name string) (*SinkType, bool) {
	t, ok := r.sinks[canonical(name)]
	return t, ok
}

// FindSource is [Registry.Source] with an error of kind BadConfig that says
// which name may have been meant.
func (r *Registry) FindSource(name string) (*SourceType, error) {
	if t, ok := r.Source(name); ok {
		return t, nil
	}
	_, other := r.Sink(name)
	return nil, missing(name, SourceRole, SinkRole, other, slices.Sorted(maps.Keys(r.sources)))
}

// FindSink is [Registry.FindSource] for a sink.
func (r *Registry) FindSink(name string) (*SinkType, error) {
	if t, ok := r.Sink(name); ok {
		return t, nil
	}
	_, other := r.Source(name)
	return nil, missing(name, SinkRole, SourceRole, other, slices.Sorted(maps.Keys(r.sinks)))
}

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

func missing(name string, want, is Role, other bool, known []string) error {
	if other {
		return flow.Markf(flow.BadConfig, "%s is a %s, not a %s", canonical(name), is, want)
	}
	if near := spec.Nearest(name, known); near != "" {
		return flow.Markf(flow.BadConfig, "no %s is called %q; did you mean %s?", want, name, near)
	}
	return flow.Markf(flow.BadConfig, "no %s is called %q; there are %s", want, name, strings.Join(known, ", "))
}

func canonical(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "_", "-")
}

func newType[C any](info Info[C], role Role) Type {
	typ, err := describe(info, role)
	if err != nil {
		panic(fmt.Sprintf("connector %s: %v", info.Name, err))
	}
	return typ
}

func describe[C any](info Info[C], role Role) (Type, error) {
	if !regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`).MatchString(info.Name) {
		return Type{}, errors.New("a name has lower case letters, digits and single hyphens")
	}
	if info.Promise == "" {
		return Type{}, errors.New("no Promise: say what may be relied on when the pipeline is killed")
	}
	s, err := spec.Of(info.Defaults, info.Docs)
	if err != nil {
		return Type{}, err
	}
	summary, err := spec.Synopsis(info.Docs)
	if err != nil {
		return Type{}, err
	}
	if summary == "" {
		return Type{}, errors.New("its docs have no package comment")
	}
	return Type{info.Name, role, summary, info.Promise, s, info.Docs}, nil
}

// decoder is the one place where a setting's text becomes a typed config.
func decoder[C any](s spec.Field, defaults C) func(*yaml.Node) (C, error) {
	return func(node *yaml.Node) (C, error) {
		cfg := defaults
		if err := s.Decode(node, &cfg); err != nil {
			return defaults, flow.Mark(flow.BadConfig, err)
		}
		return cfg, nil
	}
}

func opener[C, X any](
	decode func(*yaml.Node) (C, error), open func(context.Context, C, Env) (X, error),
) func(context.Context, *yaml.Node, Env) (X, error) {
	return func(ctx context.Context, node *yaml.Node, env Env) (X, error) {
		cfg, err := decode(node)
		if err != nil {
			var none X
			return none, err
		}
		return open(ctx, cfg, env)
	}
}

func checker[C any](decode func(*yaml.Node) (C, error)) func(*yaml.Node) error {
	return func(node *yaml.Node) error {
		_, err := decode(node)
		return err
	}
}
