package iotest_test

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/connector"
	"github.com/weirflow/weir/io/iotest"
)

// The exam is examined too: a source and a sink that are right pass it, and
// each of their mutants, run in a process of its own, fails the part that is
// there for it.

//go:embed iotest_test.go
var self embed.FS

// mutantEnv names the mutant that the process is to be.
const mutantEnv = "WEIR_IOTEST_MUTANT"

// TestExam runs the exam on what the environment says, or on what is right.
func TestExam(t *testing.T) {
	mutant := os.Getenv(mutantEnv)
	t.Run("Source", func(t *testing.T) {
		iotest.Source(t, func(r *connector.Registry) { register(r, mutant, nil) }, "counter", "{rows: 9}")
	})
	t.Run("Sink", func(t *testing.T) {
		places := &shelf{tables: map[string]*table{}}
		iotest.Sink(t, func(r *connector.Registry) { register(r, mutant, places) }, "shelf", func(t *testing.T) iotest.Place {
			dir := t.TempDir()
			return iotest.Place{
				Config: fmt.Sprintf("{table: %q}", dir),
				Read:   func(*testing.T) []int64 { return places.table(dir).read() },
			}
		})
	})
}

func TestExamCatches(t *testing.T) {
	if os.Getenv(mutantEnv) != "" {
		t.Skip("this is a mutant")
	}
	for mutant, part := range map[string]string{
		"source skips a row":          "ResumeAfterEveryBatch",
		"source repeats a row":        "ResumeAfterEveryBatch",
		"source swallows the end":     "StopsWhenContextEnds",
		"source goes on":              "StopsWhenContextEnds",
		"source swallows errors":      "StopsAtTheFirstErrorBehindIt",
		"source leaks a goroutine":    "LeavesNoGoroutine",
		"source keeps a batch":        "KeepsNoBatch",
		"source writes what it gave":  "KeepsNoBatch",
		"source lies about itself":    "SchemaIsAsDiscovered",
		"source fails its check":      "CheckPasses",
		"sink looks for no marker":    "CommitTwice",
		"sink shows at once":          "CommitShowsTheRows",
		"sink loses a batch":          "CommitShowsTheRows",
		"sink shows at prepare":       "AbandonedRowsStayHidden",
		"sink keeps the unsealed":     "AbandonedRowsStayHidden",
		"sink commits one part":       "TwoWriters",
		"sink mixes epochs":           "FinishBesideTheNextEpoch",
		"sink takes any incarnation":  "StrangersAreRefused",
		"sink takes any epoch":        "StrangersAreRefused",
		"sink leaves a file open":     "LeavesNothingOpen",
		"sink keeps a borrowed batch": "KeepsNoBatch",
		"sink chokes on nothing":      "EpochWithoutRows",
	} {
		t.Run(mutant, func(t *testing.T) {
			t.Parallel()
			run := "-test.run=^TestExam$/^(Source|Sink)$/^" + part + "$"
			cmd := exec.CommandContext(t.Context(), os.Args[0], run, "-test.timeout=60s")
			cmd.Env = append(os.Environ(), mutantEnv+"="+mutant)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("the mutant passed the exam")
			}
			if !bytes.Contains(out, []byte("/"+part)) {
				t.Errorf("not by the exam:\n%s", out)
			}
		})
	}
}

// CounterConfig is the settings of the counter source.
type CounterConfig struct {
	// How many rows.
	Rows int64 `json:"rows"`
}

// ShelfConfig is the settings of the shelf sink.
type ShelfConfig struct {
	// Where to write.
	Table string `json:"table" weir:"required"`
}

func register(r *connector.Registry, mutant string, places *shelf) {
	text, err := self.ReadFile("iotest_test.go")
	if err != nil {
		panic(err)
	}
	docs := fstest.MapFS{"config.go": {Data: []byte("// Package counter counts.\n" + string(text))}}
	connector.AddSource(r, connector.Info[CounterConfig]{Name: "counter", Docs: docs, Promise: "every number once"},
		func(_ context.Context, c CounterConfig, env connector.Env) (connector.Source, error) {
			return connector.Of(&counter{c.Rows, env.Allocator(memory.DefaultAllocator), mutant}), nil
		})
	connector.AddSink(r, connector.Info[ShelfConfig]{Name: "shelf", Docs: docs, Promise: "exactly once"},
		func(_ context.Context, c ShelfConfig, _ connector.Env) (connector.Sink, error) {
			return connector.To(&shelfSink{places.table(c.Table), mutant}), nil
		})
}

// counter counts up, two rows at a time.
type counter struct {
	rows   int64
	alloc  memory.Allocator
	mutant string
}

func (c *counter) Check(context.Context) error {
	if c.mutant == "source fails its check" {
		return errors.New("no")
	}
	return nil
}

func (c *counter) Discover(context.Context) ([]connector.Stream, error) {
	schema := counterSchema()
	if c.mutant == "source lies about itself" {
		schema = arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int32}}, nil)
	}
	return []connector.Stream{{Name: "numbers", Schema: schema, Keys: []string{"n"}}}, nil
}

func counterSchema() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
}

func (c *counter) Run(ctx context.Context, from *int64, out *flow.Emitter[flow.Batch, int64]) error {
	next := int64(0)
	if from != nil {
		next = *from
		switch c.mutant {
		case "source skips a row":
			next++
		case "source repeats a row":
			next--
		}
	}
	if c.mutant == "source leaks a goroutine" {
		go func() { select {} }()
	}
	for next < c.rows {
		if err := ctx.Err(); err != nil && c.mutant != "source goes on" {
			if c.mutant == "source swallows the end" {
				return nil
			}
			return err
		}
		b := array.NewInt64Builder(c.alloc)
		for range 2 {
			if next < c.rows {
				b.Append(next)
				next++
			}
		}
		col := b.NewArray()
		b.Release()
		rows := array.NewRecordBatch(counterSchema(), []arrow.Array{col}, int64(col.Len()))
		col.Release()
		if c.mutant == "source keeps a batch" {
			rows.Retain()
		}
		memory := rows.Column(0).Data().Buffers()[1].Bytes()
		err := out.Emit(flow.Batch{RecordBatch: rows, Stream: "numbers"}, next)
		if c.mutant == "source writes what it gave" {
			memory[0] = 1
		}
		if err != nil && c.mutant != "source swallows errors" {
			return err
		}
	}
	return nil
}

// shelf is a server that holds tables.
type shelf struct {
	mu     sync.Mutex
	tables map[string]*table
}

func (s *shelf) table(name string) *table {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tables[name] == nil {
		s.tables[name] = &table{dir: name}
	}
	return s.tables[name]
}

type table struct {
	dir    string
	mu     sync.Mutex
	marker flow.Txn
	ids    []int64
}

func (t *table) read() []int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.ids)
}

type shelfSink struct {
	t      *table
	mutant string
}

func (s *shelfSink) Start(_ context.Context, last flow.Txn) error { return s.fits(last, last.Epoch) }

func (s *shelfSink) fits(t flow.Txn, or flow.Epoch) error {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	m := s.t.marker
	if m.Incarnation != "" && m.Incarnation != t.Incarnation && s.mutant != "sink takes any incarnation" {
		return flow.Markf(flow.Conflict, "the table is of incarnation %s", m.Incarnation)
	}
	if m.Epoch != t.Previous && m.Epoch != or && s.mutant != "sink takes any epoch" {
		return flow.Markf(flow.Conflict, "the table is at epoch %d", m.Epoch)
	}
	return nil
}

func (s *shelfSink) Open(context.Context, flow.Task) (flow.Writer[flow.Batch, []int64], error) {
	f, err := os.Create(filepath.Join(s.t.dir, "lock"))
	return &shelfWriter{s: s, lock: f}, err
}

func (s *shelfSink) Commit(_ context.Context, t flow.Txn, parts [][]int64) error {
	if err := s.fits(t, t.Epoch); err != nil {
		return err
	}
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	if s.t.marker.Epoch == t.Epoch && s.mutant != "sink looks for no marker" {
		return nil
	}
	s.t.marker = t
	if s.mutant == "sink commits one part" {
		parts = parts[:1]
	}
	for _, p := range parts {
		s.t.ids = append(s.t.ids, p...)
	}
	return nil
}

type shelfWriter struct {
	s    *shelfSink
	lock *os.File
	ids  []int64
	kept [][]int64
}

func (w *shelfWriter) show() {
	w.s.t.mu.Lock()
	defer w.s.t.mu.Unlock()
	w.s.t.ids = append(w.s.t.ids, w.ids...)
	w.ids = nil
}

func (w *shelfWriter) Write(_ context.Context, b flow.Batch) error {
	if w.s.mutant == "sink loses a batch" && len(w.ids) == 0 {
		w.ids = []int64{}
		if b.Column(0).(*array.Int64).Value(0)%100 == 0 {
			return nil
		}
	}
	if w.s.mutant == "sink keeps a borrowed batch" {
		w.kept = append(w.kept, b.Column(0).(*array.Int64).Values())
		return nil
	}
	w.ids = append(w.ids, b.Column(0).(*array.Int64).Values()...)
	if w.s.mutant == "sink shows at once" {
		w.show()
	}
	return nil
}

func (w *shelfWriter) Prepare(context.Context, flow.Epoch) (func(context.Context) ([]int64, error), error) {
	for _, ids := range w.kept {
		w.ids = append(w.ids, ids...)
	}
	w.kept = nil
	switch w.s.mutant {
	case "sink shows at prepare":
		w.show()
	case "sink chokes on nothing":
		if len(w.ids) == 0 {
			return nil, errors.New("nothing to seal")
		}
	case "sink mixes epochs":
		return func(context.Context) ([]int64, error) {
			ids := w.ids
			w.ids = nil
			return ids, nil
		}, nil
	}
	ids := w.ids
	w.ids = nil
	return flow.Done(ids), nil
}

func (w *shelfWriter) Close() error {
	if w.s.mutant == "sink leaves a file open" {
		return nil
	}
	if w.s.mutant == "sink keeps the unsealed" {
		w.show()
	}
	return w.lock.Close()
}
