package cmd_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/cmd"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/connector"
)

// endless is a source of one-row batches. It emits at once and then waits for
// its end.
type endless struct{}

func (endless) Run(ctx context.Context, _ *int64, out *flow.Emitter[flow.Batch, int64]) error {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil))
	b.Field(0).(*array.Int64Builder).Append(1)
	if err := out.Emit(flow.Batch{RecordBatch: b.NewRecordBatch()}, 1); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// stuck is a sink that does not open, or whose writes hang, as its settings
// say. began gets word of each write.
type stuck struct {
	fail  bool
	began chan struct{}
}

func (stuck) Commit(context.Context, flow.Txn, []int) error { return nil }
func (stuck) Close() error                                  { return nil }

func (s stuck) Open(context.Context, flow.Task) (flow.Writer[flow.Batch, int], error) {
	if s.fail {
		return nil, flow.Markf(flow.Transient, "reach nowhere: password=hunter2 was refused")
	}
	return s, nil
}

func (s stuck) Write(ctx context.Context, _ flow.Batch) error {
	s.began <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

func (stuck) Prepare(context.Context, flow.Epoch) (func(context.Context) (int, error), error) {
	return flow.Done(0), nil
}

type endlessConfig struct{}

type stuckConfig struct {
	Fail bool `json:"fail"`
}

// testRegistry has both.
func testRegistry() (r *connector.Registry, began chan struct{}) {
	began = make(chan struct{}, 10)
	docs := fstest.MapFS{"config.go": {Data: []byte(`// Package x is for tests.
package x

// Settings of the source.
type endlessConfig struct{}

// Settings of the sink.
type stuckConfig struct {
	// Whether writes fail.
	Fail bool
}
`)}}
	r = connector.NewRegistry()
	connector.AddSource(r, connector.Info[endlessConfig]{Name: "endless", Docs: docs, Promise: "none"},
		func(context.Context, endlessConfig, connector.Env) (connector.Source, error) {
			return connector.Of(endless{}), nil
		})
	connector.AddSink(r, connector.Info[stuckConfig]{Name: "stuck", Docs: docs, Promise: "none"},
		func(_ context.Context, c stuckConfig, _ connector.Env) (connector.Sink, error) {
			return connector.To(stuck{c.Fail, began}), nil
		})
	return r, began
}

// watched is a standard error that tells when a text has come.
type watched struct {
	mu   sync.Mutex
	all  bytes.Buffer
	want string
	seen chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := strings.Contains(w.all.String(), w.want)
	n, err := w.all.Write(p)
	if !before && strings.Contains(w.all.String(), w.want) {
		close(w.seen)
	}
	return n, err
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}

func file(t *testing.T, sinks string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "p.yaml")
	text := "sources: {in: {connector: endless}}\nsinks: " + sinks + "\npipelines:\n  one: {source: in, sink: out, checkpoint: 20ms}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTwoSignals: the first request to stop drains, which a sink that hangs
// holds up; the second one stops at once. The view on the terminal shows it.
func TestTwoSignals(t *testing.T) {
	for _, columns := range []int{0, 100} {
		stderr := &watched{want: "draining", seen: make(chan struct{})}
		var signals chan<- os.Signal
		ready := make(chan struct{})
		streams := cmd.Streams{
			Out: io.Discard, Err: stderr, Env: os.LookupEnv,
			Signals: func(c chan<- os.Signal) func() {
				signals = c
				close(ready)
				return func() {}
			},
			Width: func(w io.Writer) (int, bool) { return columns, columns > 0 && w == stderr },
		}
		reg, began := testRegistry()
		result := make(chan error)
		go func() {
			result <- cmd.Run(t.Context(), []string{"run", file(t, "{out: {connector: stuck}}"), "--every", "10ms"}, streams, reg)
		}()
		<-began
		<-ready
		signals <- os.Interrupt
		<-stderr.seen
		select {
		case err := <-result:
			t.Fatalf("it drained, though its sink hangs: %v\n%s", err, stderr)
		case <-time.After(100 * time.Millisecond):
		}
		signals <- os.Interrupt
		err := <-result
		if err == nil || cmd.Code(err) != 1 || err.Error() != "stopped at once; run it again to go on from the last checkpoint" {
			t.Errorf("got %v, exit code %d", err, cmd.Code(err))
		}
		if text := stderr.String(); !strings.Contains(text, "stopping at once") {
			t.Errorf("no word of stopping at once in\n%s", text)
		}
		if redraws := strings.Contains(stderr.String(), "\x1b["); redraws != (columns > 0) {
			t.Errorf("columns %d: redrawn in place: %v\n%q", columns, redraws, stderr)
		}
	}
}

// TestFailure: an error of a sink names file, pipeline and sink, and hides
// passwords.
func TestFailure(t *testing.T) {
	path := file(t, "{out: {connector: stuck, config: {fail: true}, retry: {max_attempts: 2, initial_backoff: 1ms, max_backoff: 1ms}}}")
	var stderr bytes.Buffer
	reg, _ := testRegistry()
	err := cmd.Run(t.Context(), []string{"run", path}, cmd.Streams{Out: io.Discard, Err: &stderr, Env: os.LookupEnv}, reg)
	want := path + ": pipeline one: sink out: open: reach nowhere: password=[redacted] was refused (after 2 attempts"
	if cmd.Code(err) != 1 || !strings.HasPrefix(cmd.Message(err), want) {
		t.Errorf("got exit code %d and\n%s\nwant 1 and\n%s", cmd.Code(err), cmd.Message(err), want)
	}
	if strings.Contains(stderr.String(), "hunter2") || !strings.Contains(stderr.String(), "trying again") {
		t.Errorf("a password was printed, or no word of the retry:\n%s", &stderr)
	}
}

// TestClosedOutput: when nobody reads the status any more the run ends.
func TestClosedOutput(t *testing.T) {
	path := file(t, "{out: {connector: stuck}}")
	reg, _ := testRegistry()
	r, w := io.Pipe()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	err := cmd.Run(t.Context(), []string{"run", path, "--json", "--every", "10ms"}, cmd.Streams{Out: w, Err: io.Discard, Env: os.LookupEnv}, reg)
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v, want %v", err, io.ErrClosedPipe)
	}
}

// TestCodes: 0 when it worked, 2 when settings are wrong, 1 otherwise.
func TestCodes(t *testing.T) {
	wrong := filepath.Join(t.TempDir(), "wrong.yaml")
	if err := os.WriteFile(wrong, []byte("sources: {in: {connector: endles}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		want int
	}{
		{"help", 0},
		{"version", 0},
		{"spec stuck", 0},
		{"check " + file(t, "{out: {connector: stuck}}"), 0},
		{"", 0},
		{"nonsense", 2},
		{"run", 2},
		{"run --nonsense", 2},
		{"run " + wrong, 2},
		{"check " + wrong, 2},
		{"run none.yaml", 2},
		{"status --addr 127.0.0.1:1", 1},
	} {
		reg, _ := testRegistry()
		err := cmd.Run(t.Context(), strings.Fields(c.args), cmd.Streams{Out: io.Discard, Err: io.Discard, Env: os.LookupEnv}, reg)
		if got := cmd.Code(err); got != c.want {
			t.Errorf("weir %s: exit code %d (%v), want %d", c.args, got, err, c.want)
		}
	}
}
