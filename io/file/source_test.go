package file

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/codecs/jsonl"
	"github.com/weirflow/weir/codecs/parquet"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/io/connector"
)

// write puts files into a new folder.
func write(tb testing.TB, files map[string][]byte) string {
	tb.Helper()
	dir := tb.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(p, content, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// got is what a run emitted at one position.
type got struct {
	rows []string // as JSON
	pos  Position
}

// lines is b as JSON, a line a row.
func lines(tb testing.TB, b arrow.RecordBatch) []string {
	tb.Helper()
	e, err := jsonl.NewEncoder(b.Schema())
	if err != nil {
		tb.Fatal(err)
	}
	text, err := e.Append(nil, b)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func runSplit(tb testing.TB, f *Files, s Split, from *Position) ([]got, error) {
	tb.Helper()
	var all []got
	out := flow.ForwardTo(func(vs []flow.Batch, next Position) error {
		g := got{pos: next}
		for _, v := range vs {
			for _, row := range lines(tb, v.RecordBatch) {
				if v.Stream != "" {
					row = v.Stream + row
				}
				g.rows = append(g.rows, row)
			}
			v.Release()
		}
		all = append(all, g)
		return nil
	})
	err := f.Run(tb.Context(), s, from, out)
	return all, err
}

func splitsOf(tb testing.TB, f *Files) []Split {
	tb.Helper()
	var all []Split
	for s, err := range f.Splits(tb.Context()) {
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func readAll(tb testing.TB, cfg Config) []string {
	tb.Helper()
	rows, err := tryAll(tb, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}

func tryAll(tb testing.TB, cfg Config) ([]string, error) {
	tb.Helper()
	return tryFiles(tb, Source(cfg))
}

func tryFiles(tb testing.TB, f *Files) ([]string, error) {
	tb.Helper()
	var rows []string
	for s, err := range f.Splits(tb.Context()) {
		if err != nil {
			return nil, err
		}
		all, err := runSplit(tb, f, s, nil)
		for _, g := range all {
			rows = append(rows, g.rows...)
		}
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// table makes n rows in every format.
func table(tb testing.TB, n int) map[string][]byte {
	tb.Helper()
	var text, csv strings.Builder
	csv.WriteString("id,name,note\n")
	var arr []string
	for i := range n {
		note := strings.Repeat("x", i%41)
		switch i % 5 {
		case 1:
			note += "\nsecond, \"line\"\n"
		case 2:
			note = ""
		}
		row, err := json.Marshal(map[string]any{"id": i, "name": fmt.Sprintf("n%05d", i), "note": note + "."})
		if err != nil {
			tb.Fatal(err)
		}
		text.Write(row)
		text.WriteByte('\n')
		arr = append(arr, string(row))
		fmt.Fprintf(&csv, "%d,n%05d,\"%s\"\n", i, i, strings.ReplaceAll(note+".", `"`, `""`))
	}
	files := map[string][]byte{
		"a.jsonl": []byte(text.String()),
		"a.csv":   []byte(csv.String()),
		"a.json":  []byte("[" + strings.Join(arr, ",\n") + "]\n"),
	}
	for _, z := range []struct{ ending, name string }{{".gz", "gzip"}, {".zst", "zstd"}, {".lz4", "lz4"}, {".sz", "snappy"}} {
		for _, of := range []string{"a.jsonl", "a.csv", "a.json"} {
			var out bytes.Buffer
			w, err := compress(&out, z.name, 0)
			if err != nil {
				tb.Fatal(err)
			}
			if _, err := w.Write(files[of]); err != nil {
				tb.Fatal(err)
			}
			if err := w.Close(); err != nil {
				tb.Fatal(err)
			}
			files[of+z.ending] = out.Bytes()
		}
	}
	files["a.parquet"] = parquetFile(tb, n, max(100, int64(n)/8))
	return files
}

func parquetFile(tb testing.TB, n int, groupRows int64) []byte {
	tb.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "note", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, schema, parquet.WriterOptions{RowGroupRows: groupRows})
	if err != nil {
		tb.Fatal(err)
	}
	rb := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rb.Release()
	for i := range n {
		note := strings.Repeat("x", i%41)
		switch i % 5 {
		case 1:
			note += "\nsecond, \"line\"\n"
		case 2:
			note = ""
		}
		rb.Field(0).(*array.Int64Builder).Append(int64(i))
		rb.Field(1).(*array.StringBuilder).Append(fmt.Sprintf("n%05d", i))
		rb.Field(2).(*array.StringBuilder).Append(note + ".")
	}
	b := rb.NewRecordBatch()
	defer b.Release()
	if err := w.Write(b); err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

var columns3 = []Column{{"id", "int64", false}, {"name", "string", false}, {"note", "string", false}}

// TestSameRows reads the same rows from every format and compression, cut in
// splits of any size.
func TestSameRows(t *testing.T) {
	const n = 600
	files := table(t, n)
	dir := write(t, files)
	want := readAll(t, Config{Path: filepath.Join(dir, "a.jsonl")})
	if len(want) != n {
		t.Fatalf("%d rows, want %d", len(want), n)
	}
	for name := range files {
		for _, size := range []spec.Size{1 << 10, 1<<10 + 1, 3333, 16 << 10, 100_000, 64 << 20} {
			for _, schema := range [][]Column{nil, columns3} {
				cfg := Config{Path: filepath.Join(dir, name), SplitSize: size, Schema: schema}
				if size < 3333 && strings.HasSuffix(name, ".csv") && len(splitsOf(t, Source(cfg))) < 5 {
					t.Fatalf("%s was not cut", name)
				}
				if got := readAll(t, cfg); !slices.Equal(got, want) {
					t.Fatalf("%s in splits of %d: %d rows: %s", name, size, len(got), cmp.Diff(want, got))
				}
			}
		}
	}
}

// TestResume resumes behind every batch of every format.
func TestResume(t *testing.T) {
	files := table(t, 70_000)
	dir := write(t, files)
	for name := range files {
		t.Run(name, func(t *testing.T) {
			f := Source(Config{Path: filepath.Join(dir, name), SplitSize: 4 << 20})
			batches := 0
			for _, s := range splitsOf(t, f) {
				whole, err := runSplit(t, f, s, nil)
				if err != nil {
					t.Fatal(err)
				}
				batches += len(whole)
				for i, g := range whole {
					text, err := json.Marshal(g.pos)
					if err != nil {
						t.Fatal(err)
					}
					var from Position
					if err := json.Unmarshal(text, &from); err != nil {
						t.Fatal(err)
					}
					rest, err := runSplit(t, f, s, &from)
					if err != nil {
						t.Fatalf("from %s: %v", text, err)
					}
					if !slices.Equal(flat(rest), flat(whole[i+1:])) {
						t.Fatalf("resumed from %s of %s: %d rows, want %d", text, s, len(flat(rest)), len(flat(whole[i+1:])))
					}
				}
			}
			if batches < 2 {
				t.Fatalf("%d batches: nothing was tested", batches)
			}
		})
	}
}

func flat(all []got) (rows []string) {
	for _, g := range all {
		rows = append(rows, g.rows...)
	}
	return rows
}

func nothing(func(string) bool) {}

// TestGone warns of a file that was not read to its end and is not there.
func TestGone(t *testing.T) {
	dir := write(t, map[string][]byte{"a.jsonl": []byte(`{"a":1}` + "\n"), "b.jsonl": []byte(`{"a":2}` + "\n")})
	var log bytes.Buffer
	id := func(name string) string { return splitID(filepath.Join(dir, name), identity{5, 6}, 0, 0) }
	f := newFiles(Config{Path: filepath.Join(dir, "a.jsonl")}, connector.Env{Log: slog.New(slog.NewTextHandler(&log, nil))})
	err := f.Resume(t.Context(), slices.Values([]string{id("b.jsonl")}), slices.Values([]string{id("c.jsonl")}))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		splitsOf(t, f)
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "b.jsonl") {
		t.Errorf("logged:\n%s", got)
	}
}

// TestChanged checks that a file that is not what it was stops the source.
func TestChanged(t *testing.T) {
	dir := write(t, map[string][]byte{"a.jsonl": []byte(`{"a":1}` + "\n")})
	p := filepath.Join(dir, "a.jsonl")
	f := Source(Config{Path: p})
	ids := []string{f.ID(splitsOf(t, f)[0])}
	grow := func() {
		h, err := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.WriteString(`{"a":2}` + "\n"); err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := splitsOf(t, f)[0]
	grow()
	if _, err := runSplit(t, f, s, nil); flow.KindOf(err) != flow.Conflict {
		t.Errorf("changed before it was read: %v", err)
	}
	if _, err := f.list(t.Context()); flow.KindOf(err) != flow.Conflict {
		t.Errorf("changed while running: %v", err)
	}
	again := Source(Config{Path: p})
	if err := again.Resume(t.Context(), nothing, slices.Values(ids)); err != nil {
		t.Fatal(err)
	}
	if _, err := again.list(t.Context()); flow.KindOf(err) != flow.Conflict {
		t.Errorf("changed between runs: %v", err)
	}
}

// TestResumeKeepsSplits checks that another split size changes nothing for a
// file that was begun.
func TestResumeKeepsSplits(t *testing.T) {
	dir := write(t, table(t, 3000))
	for _, name := range []string{"a.jsonl", "a.csv", "a.parquet", "a.jsonl.gz"} {
		ids := func(f *Files) (all []string) {
			for _, s := range splitsOf(t, f) {
				all = append(all, f.ID(s))
			}
			return all
		}
		p := filepath.Join(dir, name)
		want := ids(Source(Config{Path: p, SplitSize: 10_000}))
		f := Source(Config{Path: p, SplitSize: 64 << 20, OnError: "skip"})
		if err := f.Resume(t.Context(), nothing, slices.Values(want)); err != nil {
			t.Fatal(err)
		}
		if got := ids(f); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestCanceled(t *testing.T) {
	dir := write(t, table(t, 70_000))
	for _, name := range []string{"a.jsonl", "a.csv.gz", "a.parquet"} {
		f := Source(Config{Path: filepath.Join(dir, name)})
		s := splitsOf(t, f)[0]
		ctx, cancel := context.WithCancel(t.Context())
		err := f.Run(ctx, s, nil, flow.ForwardTo(func(vs []flow.Batch, _ Position) error {
			vs[0].Release()
			cancel()
			return nil
		}))
		if flow.KindOf(err) != flow.Canceled {
			t.Errorf("%s: %v", name, err)
		}
	}
}
