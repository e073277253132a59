package connector_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/internal/rowtext"
	"github.com/weirflow/weir/internal/wrap"
	"github.com/weirflow/weir/io/connector"
)

// Config is the settings of the sources and sinks of these tests.
type Config struct {
	// How many.
	Rows int `json:"rows" weir:"min=1"`
}

func docs() fstest.MapFS {
	return fstest.MapFS{"config.go": {Data: []byte(
		"// Package counter counts rows. Slowly.\npackage counter\n\n// Config is.\ntype Config struct {\n\t// How many.\n\tRows int\n}\n")}}
}

func info(name string) connector.Info[Config] {
	return connector.Info[Config]{Name: name, Defaults: Config{Rows: 3}, Docs: docs(), Promise: "once"}
}

func openSource(_ context.Context, c Config, _ connector.Env) (connector.Source, error) {
	return connector.Of(counter{c.Rows}), nil
}

func openSink(context.Context, Config, connector.Env) (connector.Sink, error) {
	return connector.To(&sink{}), nil
}

func ExampleAddSource() {
	r := connector.NewRegistry()
	connector.AddSource(r, connector.Info[Config]{
		Name:     "counter",
		Defaults: Config{Rows: 3},
		Docs:     docs(), // embed.FS in a real one
		Promise:  "every row once",
	}, openSource)

	typ, err := r.FindSource("Counter")
	fmt.Println(typ.Name, typ.Role, typ.Summary, err)
	_, err = r.FindSource("couter")
	fmt.Println(err)
	// Output:
	// counter source counts rows <nil>
	// no source is called "couter"; did you mean counter?
}

func registry() *connector.Registry {
	r := connector.NewRegistry()
	connector.AddSource(r, info("postgres-cdc"), openSource)
	connector.AddSource(r, info("file"), openSource)
	connector.AddSink(r, info("file"), openSink)
	connector.AddSink(r, info("screen"), openSink)
	return r
}

func TestFind(t *testing.T) {
	r := registry()
	for _, name := range []string{"postgres-cdc", "postgres_cdc", "Postgres-CDC"} {
		if typ, err := r.FindSource(name); err != nil || typ.Name != "postgres-cdc" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]string{
		"screen":      "screen is a sink, not a source",
		"postgrescdc": `no source is called "postgrescdc"; did you mean postgres-cdc?`,
		"kafka":       `no source is called "kafka"; there are file, postgres-cdc`,
	} {
		_, err := r.FindSource(name)
		if err == nil || err.Error() != want || flow.KindOf(err) != flow.BadConfig {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.FindSink("postgres-cdc"); err == nil || err.Error() != "postgres-cdc is a source, not a sink" {
		t.Errorf("got %v", err)
	}
	var all []string
	for _, typ := range r.Types() {
		all = append(all, typ.Name+" "+string(typ.Role))
	}
	if want := []string{"file source", "postgres-cdc source", "file sink", "screen sink"}; !slices.Equal(all, want) {
		t.Errorf("got %v", all)
	}
}

func TestMistakesOfTheProgram(t *testing.T) {
	for name, c := range map[string]struct {
		add  func(r *connector.Registry)
		want string
	}{
		"twice":      {func(r *connector.Registry) { connector.AddSink(r, info("file"), openSink) }, "two sinks are named file"},
		"name":       {func(r *connector.Registry) { connector.AddSink(r, info("My_Sink"), openSink) }, "lower case letters"},
		"no promise": {func(r *connector.Registry) { i := info("x"); i.Promise = ""; connector.AddSource(r, i, openSource) }, "no Promise"},
		"no comment": {func(r *connector.Registry) {
			i := info("x")
			i.Docs = fstest.MapFS{"x.go": {Data: []byte("// Package x.\npackage x\n")}}
			connector.AddSource(r, i, openSource)
		}, "Config.Rows has no comment"},
		"no package comment": {func(r *connector.Registry) {
			i := info("x")
			text := strings.TrimPrefix(string(docs()["config.go"].Data), "// Package counter counts rows. Slowly.\n")
			i.Docs = fstest.MapFS{"x.go": {Data: []byte(text)}}
			connector.AddSource(r, i, openSource)
		}, "no package comment"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, c.want) {
					t.Errorf("got %s, want %s", got, c.want)
				}
			}()
			c.add(registry())
		})
	}
}

func node(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	return &n
}

func TestOpenChecksTheSettings(t *testing.T) {
	typ, err := registry().FindSource("file")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"{rows: 0}", "{row: 1}"} {
		_, err := typ.Open(t.Context(), node(t, text), connector.Env{})
		if flow.KindOf(err) != flow.BadConfig || len(spec.Problems(err)) != 1 || err.Error() != typ.Check(node(t, text)).Error() {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := typ.Check(node(t, "{rows: 9}")); err != nil {
		t.Error(err)
	}
	if _, err := typ.Open(t.Context(), nil, connector.Env{}); err != nil {
		t.Error(err)
	}
}

// counter emits batches of one row.
type counter struct{ rows int }

func row(n int) flow.Batch {
	rows, err := rowtext.Parse(fmt.Sprintf("n:int64\n%d", n))
	if err != nil {
		panic(err)
	}
	return flow.Batch{RecordBatch: rows}
}

func (c counter) Run(_ context.Context, from *int, out *flow.Emitter[flow.Batch, int]) error {
	i := 0
	if from != nil {
		i = *from
	}
	for ; i < c.rows; i++ {
		if err := out.Emit(row(i), i+1); err != nil {
			return err
		}
	}
	return nil
}

var errTold = errors.New("told")

func (c counter) Committed(_ context.Context, o int) error {
	return fmt.Errorf("%w %d", errTold, o)
}

func (counter) Check(context.Context) error { return errTold }

func (counter) Discover(context.Context) ([]connector.Stream, error) {
	return []connector.Stream{{Name: "n"}}, nil
}

func run(t *testing.T, s flow.Source[flow.Batch, json.RawMessage], from *json.RawMessage) (rows, positions []string) {
	t.Helper()
	err := s.Run(t.Context(), from, flow.ForwardTo(func(bs []flow.Batch, next json.RawMessage) error {
		for _, b := range bs {
			rows = append(rows, b.Column(0).ValueStr(0))
		}
		positions = append(positions, string(next))
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return rows, positions
}

func TestBareSource(t *testing.T) {
	for name, s := range map[string]connector.Source{
		"bare":    connector.Of(counter{3}),
		"wrapped": connector.Of(counter{3}).With(wrap.Defaults(), nil),
	} {
		t.Run(name, func(t *testing.T) {
			rows, at := run(t, s.Bare(), nil)
			if !slices.Equal(rows, []string{"0", "1", "2"}) || !slices.Equal(at, []string{"1", "2", "3"}) {
				t.Errorf("got %v at %v", rows, at)
			}
			pos := json.RawMessage("1")
			if rows, _ := run(t, s.Bare(), &pos); !slices.Equal(rows, []string{"1", "2"}) {
				t.Errorf("resumed with %v", rows)
			}
			bad := json.RawMessage(`"x"`)
			if err := s.Bare().Run(t.Context(), &bad, nil); err == nil || !strings.Contains(err.Error(), `decode position "x"`) {
				t.Errorf("got %v", err)
			}
			if err := s.Bare().(flow.Committed[json.RawMessage]).Committed(t.Context(), pos); err == nil || err.Error() != "told 1" {
				t.Errorf("got %v", err)
			}
			if err := connector.Check(t.Context(), s); !errors.Is(err, errTold) {
				t.Errorf("check gave %v", err)
			}
			if streams, ok, err := connector.Discover(t.Context(), s); !ok || err != nil || len(streams) != 1 {
				t.Errorf("discover gave %v, %v, %v", streams, ok, err)
			}
		})
	}
}

// lanes is two splits.
type lanes struct{}

func (lanes) Splits(context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) { _ = yield(10, nil) && yield(20, nil) }
}

func (lanes) ID(i int) string { return fmt.Sprint(i) }

func (lanes) Run(_ context.Context, s int, from *int, out *flow.Emitter[flow.Batch, int]) error {
	i := 0
	if from != nil {
		i = *from
	}
	for ; i < 2; i++ {
		if err := out.Emit(row(s+i), i+1); err != nil {
			return err
		}
	}
	return nil
}

func TestBareSplits(t *testing.T) {
	for name, s := range map[string]connector.Source{
		"bare":    connector.OfSplits(lanes{}),
		"wrapped": connector.OfSplits(lanes{}).With(wrap.Defaults(), nil),
	} {
		t.Run(name, func(t *testing.T) {
			rows, at := run(t, s.Bare(), nil)
			want := []string{
				`{"10":{"at":1}}`, `{"10":{"at":2}}`, `{"10":{"done":true}}`,
				`{"10":{"done":true},"20":{"at":1}}`, `{"10":{"done":true},"20":{"at":2}}`, `{"10":{"done":true},"20":{"done":true}}`,
			}
			if !slices.Equal(rows, []string{"10", "11", "20", "21"}) || !slices.Equal(at, want) {
				t.Errorf("got %v at %v", rows, at)
			}
			for i, n := range []int{3, 2, 2, 1, 0, 0} {
				pos := json.RawMessage(at[i])
				if rest, _ := run(t, s.Bare(), &pos); !slices.Equal(rest, rows[4-n:]) {
					t.Errorf("resumed from %s with %v", pos, rest)
				}
			}
			if _, ok, _ := connector.Discover(t.Context(), s); ok {
				t.Error("it discovers")
			}
			if err := connector.Check(t.Context(), s); err != nil {
				t.Errorf("check gave %v", err)
			}
		})
	}
}

// sink notes what it is asked.
type sink struct{ calls []string }

func (s *sink) Start(_ context.Context, last flow.Txn) error {
	s.calls = append(s.calls, fmt.Sprint("start ", last.Epoch))
	return nil
}

func (s *sink) Open(context.Context, flow.Task) (flow.Writer[flow.Batch, map[string]int], error) {
	return s, nil
}

func (s *sink) Commit(_ context.Context, t flow.Txn, parts []map[string]int) error {
	s.calls = append(s.calls, fmt.Sprint("commit ", t.Epoch, parts))
	return nil
}

func (s *sink) Write(context.Context, flow.Batch) error { return nil }

func (s *sink) Prepare(_ context.Context, e flow.Epoch) (func(context.Context) (map[string]int, error), error) {
	return flow.Done(map[string]int{"epoch": int(e)}), nil
}

func (s *sink) Close() error { return nil }

func TestBareSink(t *testing.T) {
	for _, wrapped := range []bool{false, true} {
		typed := &sink{}
		s := connector.To(typed)
		if wrapped {
			s = s.With(wrap.Defaults(), nil)
		}
		bare := s.Bare()
		if err := bare.Start(t.Context(), flow.Txn{Epoch: 1}); err != nil {
			t.Fatal(err)
		}
		w, err := bare.Open(t.Context(), flow.Task{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(t.Context(), row(1)); err != nil {
			t.Fatal(err)
		}
		finish, err := w.Prepare(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		token, err := finish(t.Context())
		if err != nil || string(token) != `{"epoch":2}` {
			t.Fatalf("token %s, %v", token, err)
		}
		if err := bare.Commit(t.Context(), flow.Txn{Epoch: 2}, []json.RawMessage{token}); err != nil {
			t.Fatal(err)
		}
		if want := []string{"start 1", "commit 2 [map[epoch:2]]"}; !slices.Equal(typed.calls, want) {
			t.Errorf("got %v", typed.calls)
		}
		if g, _ := bare.Guarantee(); g != flow.ExactlyOnce {
			t.Errorf("got %v", g)
		}
		if err := bare.Commit(t.Context(), flow.Txn{}, []json.RawMessage{[]byte("x")}); err == nil {
			t.Error("a wrong token was taken")
		}
	}
}

// TestInPipeline runs a source and a sink in a real pipeline.
func TestInPipeline(t *testing.T) {
	p := flow.New("test")
	typed := &sink{}
	connector.To(typed).End(connector.Of(counterWithoutCommit{counter{3}}).Into(p, "numbers"), "out")
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(typed.calls); n != 2 {
		t.Errorf("got %v", typed.calls)
	}
}

type counterWithoutCommit struct{ c counter }

func (c counterWithoutCommit) Run(ctx context.Context, from *int, out *flow.Emitter[flow.Batch, int]) error {
	return c.c.Run(ctx, from, out)
}

func TestEnvAllocator(t *testing.T) {
	if (connector.Env{}).Allocator(memory.DefaultAllocator) != memory.DefaultAllocator {
		t.Error("not the pipeline's")
	}
	a := memory.NewCheckedAllocator(memory.DefaultAllocator)
	if (connector.Env{Alloc: a}).Allocator(memory.DefaultAllocator) != memory.Allocator(a) {
		t.Error("not its own")
	}
}
