// Package connector is the contract between weir and the outside world.
//
// A connector is a folder under io/. It says what it is by calling
// [AddSource] or [AddSink] from its Register function, and what it needs by
// the comments and tags of its Config struct. Everything else (the spec
// command, the docs page, the checks on a pipeline file, retries, metrics)
// is made from those two by the runtime. io/datagen is the model to copy.
package connector

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/wrap"
)

// Source is an opened source, ready to become part of a pipeline. Make one of
// a typed source with [Of] or [OfSplits].
type Source interface {
	// Into adds the source to p under name.
	Into(p *flow.Pipeline, name string, ops ...flow.Op) flow.Flow[flow.Batch]

	// With is the source with what the runtime puts around it.
	With(s wrap.Settings, seen wrap.Observer) Source

	// Bare is the source with its positions as JSON, to run without a
	// pipeline: for exams and tools. Splits are read one after the other.
	Bare() flow.Source[flow.Batch, json.RawMessage]
}

// Sink is an opened sink, ready to end a flow. Make one of a typed sink with
// [To].
type Sink interface {
	// End ends in with the sink under name.
	End(in flow.Flow[flow.Batch], name string, ops ...flow.Op)

	// With is the sink with what the runtime puts around it.
	With(s wrap.Settings, seen wrap.Observer) Sink

	// Bare is the sink with its tokens as JSON, to drive without a pipeline:
	// for exams and tools. It starts and promises what the typed sink does.
	Bare() BareSink
}

// BareSink is a sink whose tokens are JSON.
type BareSink interface {
	flow.Sink[flow.Batch, json.RawMessage]
	flow.Starter
	flow.Guarantor
}

// Checker is an optional method of the typed source or sink: it tries what
// can be tried (connection, rights, settings against what is there) and
// changes nothing outside. The check command calls it. Every problem is
// reported, joined, each with what to do about it.
type Checker interface {
	Check(ctx context.Context) error
}

// Discoverer is an optional method of the typed source: what there is to
// read. The discover command calls it.
type Discoverer interface {
	Discover(ctx context.Context) ([]Stream, error)
}

// Stream is one table, topic or set of files that a source can read.
type Stream struct {
	Name   string        `json:"name"`
	Schema *arrow.Schema `json:"-"`
	Rows   int64         `json:"rows"`           // -1 when not known
	Bytes  int64         `json:"bytes"`          // -1 when not known
	Keys   []string      `json:"keys,omitempty"` // the columns that identify a row
}

// Env is what the runtime lends to a connector.
type Env struct {
	// Log carries the pipeline's and connector's names.
	Log *slog.Logger

	// Dir is the folder that relative paths in the settings start from.
	Dir string

	// Alloc is what a source makes its batches with instead of the allocator
	// of its pipeline ([flow.Emitter.Alloc]); nil outside tests.
	Alloc memory.Allocator

	// Stdout is where a sink prints to that prints; nil means os.Stdout.
	Stdout io.Writer
}

// Allocator is Alloc, or else the pipeline's.
func (e Env) Allocator(pipeline memory.Allocator) memory.Allocator {
	if e.Alloc == nil {
		return pipeline
	}
	return e.Alloc
}

// Info is what a connector says about itself.
type Info[C any] struct {
	// Name is the word written after "connector:" in a pipeline file. It is
	// lower case with hyphens: postgres-cdc.
	Name string

	// Defaults holds the value of every setting the file leaves out.
	Defaults C

	// Docs holds the package's own doc.go, config.go and example.yaml. The
	// example is a piece of a pipeline file: "sources:" and "sinks:" with a
	// name, the connector and its config.
	Docs fs.FS

	// Promise says in a few words what may be relied on when the pipeline is
	// killed: "exactly once; continues behind the last row stored". The
	// program and the docs page print it.
	Promise string
}
