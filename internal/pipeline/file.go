package pipeline

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/internal/wrap"
)

const (
	defaultCheckpoint = spec.Duration(10 * time.Second)
	defaultMemory     = spec.Size(256 << 20)
	defaultState      = ".weir"
)

// File is a pipeline file, loaded: every name in it is resolved.
type File struct {
	Path      string // as it was given
	Dir       string // the folder that relative paths in it start from
	State     string // the folder that holds the state folders of the pipelines
	Listen    string // address for metrics, "" for none
	Token     string // that a reader of the metrics sends
	Sources   []*Part
	Sinks     []*Part
	Pipelines []*Pipeline // those enabled, in the order of the file
}

// Part is a named source or sink.
type Part struct {
	Name      string
	Kind      string // source or sink
	Line      int
	Connector string
	Config    *yaml.Node // its settings, never nil
	Wrap      wrap.Settings

	connectorLine int
}

// At says where the part is, for a message.
func (p *Part) At() string { return p.Kind + " " + p.Name }

// Pipeline joins sources to sinks.
type Pipeline struct {
	Name       string
	Line       int
	Sources    []*Part
	Sinks      []*Part
	State      string // its state folder
	Checkpoint time.Duration
	Memory     int64 // bytes
	Parallel   int
}

// part finds the source or sink called name, or nil.
func (p *Pipeline) part(name string) *Part {
	for _, part := range slices.Concat(p.Sources, p.Sinks) {
		if part.Name == name {
			return part
		}
	}
	return nil
}

// connectors lists the connectors of the sources and sinks by their names.
func (p *Pipeline) connectors() map[string]string {
	all := map[string]string{}
	for _, part := range slices.Concat(p.Sources, p.Sinks) {
		all[part.Name] = part.Connector
	}
	return all
}

// Load reads the file at path. Everything that is wrong with it as far as
// the file alone tells is in the error, a [ProblemsError].
func Load(path string, env Lookup) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, flow.Mark(flow.BadConfig, fmt.Errorf("read pipeline file: %w", err))
	}
	return Parse(path, text, env)
}

// Parse is [Load] of the text of the file at path.
func Parse(path string, text []byte, env Lookup) (*File, error) {
	root, problems := parse(text, env)
	if root == nil {
		return nil, problemsIn(path, problems)
	}
	form, err := spec.Of(emptyLayout(), layoutDocs)
	if err != nil {
		return nil, fmt.Errorf("describe pipeline file: %w", err)
	}
	l := emptyLayout()
	if err := form.Decode(frame(root), &l); err != nil {
		return nil, problemsIn(path, append(problems, problemsOf(err, root.Line, "")...))
	}
	r := resolver{root: root, file: &File{Path: path, Dir: filepath.Dir(path), Listen: l.Metrics.Listen, Token: l.Metrics.Token}}
	r.file.State = filepath.Join(r.file.Dir, l.State)
	if filepath.IsAbs(l.State) {
		r.file.State = l.State
	}
	r.resolve(l)
	return r.file, problemsIn(path, append(problems, r.problems...))
}

func emptyLayout() layout {
	return layout{Version: "1", State: defaultState, Memory: defaultMemory}
}

// resolver turns what is written into what is meant.
type resolver struct {
	root     *yaml.Node
	file     *File
	problems []Problem
}

func (r *resolver) problem(line int, at, format string, args ...any) {
	r.problems = append(r.problems, Problem{line, at, fmt.Sprintf(format, args...)})
}

func (r *resolver) resolve(l layout) {
	for name, s := range l.Sources {
		r.file.Sources = append(r.file.Sources, r.part("source", name, s.Connector, s.wrap()))
	}
	for name, s := range l.Sinks {
		r.file.Sinks = append(r.file.Sinks, r.part("sink", name, s.Connector, s.wrap()))
	}
	byLine := func(a, b *Part) int { return cmp.Or(a.Line-b.Line, strings.Compare(a.Name, b.Name)) }
	slices.SortFunc(r.file.Sources, byLine)
	slices.SortFunc(r.file.Sinks, byLine)
	for name, j := range l.Pipelines {
		if p := r.pipeline(name, j); j.Enabled {
			r.file.Pipelines = append(r.file.Pipelines, p)
		}
	}
	slices.SortFunc(r.file.Pipelines, func(a, b *Pipeline) int {
		return cmp.Or(a.Line-b.Line, strings.Compare(a.Name, b.Name))
	})
	if len(l.Pipelines) == 0 {
		r.problem(0, "", "no pipelines: join a source and a sink under \"pipelines:\"")
	}
	share(r.file.Pipelines, int64(l.Memory))
}

// part makes a source or sink. Its settings are empty ones when it has none.
func (r *resolver) part(kind, name, connector string, around wrap.Settings) *Part {
	key, node := entry(r.root, kind+"s", name)
	r.checkName(key.Line, kind, name)
	p := &Part{Name: name, Kind: kind, Line: key.Line, Wrap: around, Connector: strings.ReplaceAll(strings.ToLower(connector), "_", "-"), connectorLine: key.Line}
	for _, word := range []string{"connector", "type", "connector_type"} {
		if _, n := entry(node, word); n != nil {
			p.connectorLine = n.Line
		}
	}
	if _, p.Config = entry(node, "config"); p.Config == nil || p.Config.Tag == "!!null" {
		p.Config = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: key.Line}
	}
	return p
}

func (r *resolver) pipeline(name string, j join) *Pipeline {
	key, node := entry(r.root, "pipelines", name)
	r.checkName(key.Line, "pipeline", name)
	p := &Pipeline{
		Name: name, Line: key.Line, State: filepath.Join(r.file.State, name),
		Checkpoint: time.Duration(j.Checkpoint), Parallel: j.Parallel,
	}
	if j.Memory != nil {
		p.Memory = int64(*j.Memory)
	}
	if len(j.Transforms) > 0 {
		r.problem(lineOf(node, "transforms", p.Line), "pipeline "+name,
			"transforms: not in this version; take it out, or write the pipeline as a Go program")
	}
	p.Sources = r.parts(p, node, "source", r.file.Sources, j.Source, j.Sources)
	p.Sinks = r.parts(p, node, "sink", r.file.Sinks, j.Sink, j.Sinks)
	for _, source := range p.Sources {
		for _, sink := range p.Sinks {
			if source.Name == sink.Name {
				r.problem(p.Line, "pipeline "+name, "its source and its sink are both named %s; rename one", sink.Name)
			}
		}
	}
	return p
}

// parts finds the sources or sinks that a pipeline names.
func (r *resolver) parts(p *Pipeline, node *yaml.Node, kind string, known []*Part, one string, more []string) []*Part {
	at := "pipeline " + p.Name
	line := lineOf(node, kind, p.Line)
	switch {
	case one != "" && len(more) > 0:
		r.problem(line, at, "%s and %ss are both set; keep one of them", kind, kind)
	case one != "":
		more = []string{one}
	case len(more) == 0:
		r.problem(p.Line, at, "it has no %s; name one with \"%s:\"", kind, kind)
	default:
		line = lineOf(node, kind+"s", p.Line)
	}
	var found []*Part
	for _, name := range more {
		i := slices.IndexFunc(known, func(p *Part) bool { return p.Name == name })
		switch {
		case i < 0:
			r.problem(line, at, "%s", unknown(kind, name, names(known)))
		case slices.Contains(found, known[i]):
			r.problem(line, at, "%s %s is named twice", kind, name)
		default:
			found = append(found, known[i])
		}
	}
	return found
}

// checkName keeps names fit for folders, metrics and table properties.
func (r *resolver) checkName(line int, kind, name string) {
	if !regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$`).MatchString(name) {
		r.problem(line, "", "%q is not a name for a %s: use up to 100 letters, digits, - _ and .", name, kind)
	}
}

func names(parts []*Part) []string {
	var list []string
	for _, p := range parts {
		list = append(list, p.Name)
	}
	return list
}

// share gives the pipelines without a memory of their own equal parts of
// what the others leave of all, and never less than 16 MiB.
func share(ps []*Pipeline, all int64) {
	const least = 16 << 20
	var without []*Pipeline
	for _, p := range ps {
		all -= p.Memory
		if p.Memory == 0 {
			without = append(without, p)
		}
	}
	for _, p := range without {
		p.Memory = max(least, all/int64(len(without)))
	}
}
