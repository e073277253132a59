package stdout_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/datadriven"
	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/rowtext"
	"github.com/weirflow/weir/io/connector"
	"github.com/weirflow/weir/io/iotest"
	"github.com/weirflow/weir/io/stdout"
)

func TestSink(t *testing.T) {
	for _, format := range []string{"pretty", "json", "tsv"} {
		t.Run(format, func(t *testing.T) {
			iotest.Sink(t, stdout.Register, "stdout", func(*testing.T) iotest.Place {
				return iotest.Place{Config: fmt.Sprintf(`{format: %s, limit: 2}`, format)}
			})
		})
	}
}

func open(tb testing.TB, config string, out io.Writer) flow.Writer[flow.Batch, json.RawMessage] {
	tb.Helper()
	r := connector.NewRegistry()
	stdout.Register(r)
	typ, err := r.FindSink("stdout")
	if err != nil {
		tb.Fatal(err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(config), &node); err != nil {
		tb.Fatal(err)
	}
	s, err := typ.Open(context.Background(), &node, connector.Env{Stdout: out})
	if err != nil {
		tb.Fatal(err)
	}
	w, err := s.Bare().Open(context.Background(), flow.Task{})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

func parse(tb testing.TB, stream, text string) flow.Batch {
	tb.Helper()
	rows, ops, err := rowtext.ParseChanges[flow.OpKind](text)
	if err != nil {
		tb.Fatal(err)
	}
	return flow.Batch{RecordBatch: rows, Ops: ops, Stream: stream}
}

// TestPrints prints batches, which stand apart by lines of "--" and a stream,
// with a config.
func TestPrints(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var sb strings.Builder
			var config strings.Builder
			for _, arg := range d.CmdArgs {
				config.WriteString(arg.Key + ": " + arg.Vals[0] + "\n")
			}
			w := open(t, config.String(), &sb)
			for part := range strings.SplitSeq(d.Input, "-- ") {
				if part == "" {
					continue
				}
				stream, table, _ := strings.Cut(part, "\n")
				if err := w.Write(t.Context(), parse(t, stream, table)); err != nil {
					return "error: " + err.Error() + "\n"
				}
			}
			return sb.String()
		})
	})
}

// TestReaderGone wants a quiet stop when the reader goes away.
func TestReaderGone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	sink := open(t, "{}", w)
	b := parse(t, "s", "id:int64\n1")
	if err := sink.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	err = sink.Write(t.Context(), b)
	if flow.KindOf(err) != flow.Canceled {
		t.Errorf("got %v of kind %v, want Canceled", err, flow.KindOf(err))
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteError(t *testing.T) {
	err := open(t, "{}", full{}).Write(t.Context(), parse(t, "s", "id:int64\n1"))
	if err == nil || err.Error() != "print: disk full" || flow.KindOf(err) != flow.Unknown {
		t.Errorf("got %v", err)
	}
}

// TestWritersDoNotMix prints from several writers at once.
func TestWritersDoNotMix(t *testing.T) {
	var out bytes.Buffer
	r := connector.NewRegistry()
	stdout.Register(r)
	typ, err := r.FindSink("stdout")
	if err != nil {
		t.Fatal(err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal([]byte("{format: tsv, limit: 900}"), &node); err != nil {
		t.Fatal(err)
	}
	s, err := typ.Open(t.Context(), &node, connector.Env{Stdout: &out})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 10 {
		w, err := s.Bare().Open(t.Context(), flow.Task{Index: i, Of: 10})
		if err != nil {
			t.Fatal(err)
		}
		b := parse(t, "s", "a:utf8 b:int64\n"+strings.Repeat("word 1\n", 10))
		wg.Go(func() {
			for range 10 {
				if err := w.Write(t.Context(), b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if want := "a\tb\n" + strings.Repeat("word\t1\n", 900); out.String() != want {
		t.Errorf("got %d bytes, want %d", out.Len(), len(want))
	}
}

func BenchmarkPrint(b *testing.B) {
	for _, format := range []string{"pretty", "json", "tsv"} {
		b.Run(format, func(b *testing.B) {
			w := open(b, "{format: "+format+"}", io.Discard)
			batch := parse(b, "s", "id:int64 name:utf8 at:timestamp[us,UTC] amount:decimal(12,2)\n"+
				strings.Repeat("12345 \"a name\" 2026-01-01T00:00:00Z 12.50\n", 1000))
			for b.Loop() {
				if err := w.Write(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
