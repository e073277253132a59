package pipeline

import (
	"embed"

	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/internal/wrap"
)

//go:embed layout.go
var layoutDocs embed.FS

// layout is a pipeline file as it is written. What the file may say, and how
// the JSON Schema describes it, is said here and nowhere else.
type layout struct {
	// The version of the file's form.
	Version string `json:"version" weir:"oneof=1|1.0"`

	// Where rows come from, by name.
	Sources map[string]sourcePart `json:"sources"`

	// Where rows go to, by name.
	Sinks map[string]sinkPart `json:"sinks"`

	// What is joined with what, by name. What a pipeline remembers is kept
	// under its name.
	Pipelines map[string]join `json:"pipelines"`

	// The folder that holds what the pipelines remember, each in a folder of
	// its own.
	State string `json:"state"`

	// Bytes that the rows in flight of all pipelines together may take. A
	// pipeline without a memory of its own gets an equal share of what the
	// others leave.
	Memory spec.Size `json:"memory" weir:"min=16MiB"`

	// Figures for Prometheus over HTTP. Off when not set.
	Metrics metrics `json:"metrics"`
}

// sourcePart is a source and what is put around it.
type sourcePart struct {
	// The kind of source: weir spec lists them.
	Connector string `json:"connector" weir:"required,alias=type|connector_type"`

	// The settings of the connector: weir spec CONNECTOR shows them.
	Config any `json:"config"`

	// How calls that failed are made again.
	Retry wrap.Retry `json:"retry"`

	// How fast rows may pass.
	RateLimit wrap.RateLimit `json:"rate_limit"`

	// When to leave a system alone that keeps failing. Without the section
	// there is no breaker.
	CircuitBreaker *wrap.CircuitBreaker `json:"circuit_breaker"`
}

// Defaults is a source before anything is set.
func (sourcePart) Defaults() sourcePart { return sourcePart{Retry: wrap.Defaults().Retry} }

func (p sourcePart) wrap() wrap.Settings {
	return wrap.Settings{Retry: p.Retry, RateLimit: p.RateLimit, CircuitBreaker: p.CircuitBreaker}
}

// sinkPart is a sink and what is put around it.
type sinkPart struct {
	// The kind of sink: weir spec lists them.
	Connector string `json:"connector" weir:"required,alias=type|connector_type"`

	// The settings of the connector: weir spec CONNECTOR shows them.
	Config any `json:"config"`

	// How calls that failed are made again.
	Retry wrap.Retry `json:"retry"`

	// How fast rows may pass.
	RateLimit wrap.RateLimit `json:"rate_limit"`

	// When to leave a system alone that keeps failing. Without the section
	// there is no breaker.
	CircuitBreaker *wrap.CircuitBreaker `json:"circuit_breaker"`
}

// Defaults is a sink before anything is set.
func (sinkPart) Defaults() sinkPart { return sinkPart{Retry: wrap.Defaults().Retry} }

func (p sinkPart) wrap() wrap.Settings {
	return wrap.Settings{Retry: p.Retry, RateLimit: p.RateLimit, CircuitBreaker: p.CircuitBreaker}
}

// join is one pipeline.
type join struct {
	// The source to read.
	Source string `json:"source"`

	// Several sources to read, merged as their rows come.
	Sources []string `json:"sources"`

	// The sink to write.
	Sink string `json:"sink"`

	// Several sinks to write. Each gets every row.
	Sinks []string `json:"sinks"`

	// What is done to the rows on their way. Not in this version: leave it
	// out.
	Transforms []any `json:"transforms"`

	// Whether run starts it.
	Enabled bool `json:"enabled"`

	// How often what was written is made durable and visible.
	Checkpoint spec.Duration `json:"checkpoint" weir:"min=10ms"`

	// Bytes that the rows in flight may take. Without it the pipeline gets
	// its share of the file's memory.
	Memory *spec.Size `json:"memory" weir:"min=16MiB"`

	// How many tasks read a source that comes in parts. Rows go on to the sinks
	// in the same tasks, unless sources are merged.
	Parallel int `json:"parallel" weir:"min=1,max=1024"`
}

// Defaults is a pipeline before anything is set.
func (join) Defaults() join {
	return join{Enabled: true, Checkpoint: defaultCheckpoint, Parallel: 1}
}

// metrics is where figures are served.
type metrics struct {
	// The address to listen on: 127.0.0.1:9090. An address that other
	// machines reach wants a token.
	Listen string `json:"listen"`

	// What a reader has to send as "Authorization: Bearer TOKEN".
	Token string `json:"token" weir:"secret"`
}
