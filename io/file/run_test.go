package file_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/io/file"
)

// copies runs a pipeline from cfg to a folder, with its state in dir/state.
func copies(ctx context.Context, dir string, cfg file.Config, out file.SinkConfig, each func(flow.Batch)) error {
	p := flow.New("copy", flow.StateDir(filepath.Join(dir, "state")), flow.Checkpoint(20*time.Millisecond))
	in := flow.FromSplits(p, "in", file.Source(cfg), flow.Parallel(2))
	if each != nil {
		in = flow.Tap(in, each)
	}
	flow.To(in, "out", file.Sink(out))
	return p.Run(ctx)
}

func rowsOf(t *testing.T, dir string) []string {
	t.Helper()
	var rows []string
	paths, err := file.Committed(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		text, err := os.ReadFile(filepath.Join(dir, p))
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, strings.Split(strings.TrimSpace(string(text)), "\n")...)
	}
	slices.Sort(rows)
	return rows
}

func put(t *testing.T, name string, from, n int) (rows []string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	for i := from; i < from+n; i++ {
		rows = append(rows, fmt.Sprintf(`{"n":%d}`, i))
	}
	if err := os.WriteFile(name, []byte(strings.Join(rows, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestRuns copies files with a real engine: again without doubling anything,
// stopped in the middle of files, with new files, and with one that changed.
func TestRuns(t *testing.T) {
	dir := t.TempDir()
	cfg := file.Config{Path: filepath.Join(dir, "in"), SplitSize: 200 << 10}
	out := file.SinkConfig{Dir: filepath.Join(dir, "out"), Format: "jsonl"}
	check := func(want []string) {
		t.Helper()
		slices.Sort(want)
		if got := rowsOf(t, out.Dir); !slices.Equal(got, want) {
			t.Fatalf("%d rows, want %d", len(got), len(want))
		}
	}
	want := put(t, filepath.Join(dir, "in/a.jsonl"), 0, 50_000)
	for i := range 60 {
		ctx, cancel := context.WithCancel(t.Context())
		var batches atomic.Int64 // several lanes read
		err := copies(ctx, dir, cfg, out, func(flow.Batch) {
			if batches.Add(1) == int64(1+i/6) {
				cancel()
			}
		})
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	check(want)
	for range 2 {
		if err := copies(t.Context(), dir, cfg, out, nil); err != nil {
			t.Fatal(err)
		}
		check(want)
	}
	want = append(want, put(t, filepath.Join(dir, "in/b.jsonl"), 1_000_000, 10)...)
	cfg.SplitSize = 2 << 20 // a.jsonl keeps the size it was begun with
	if err := copies(t.Context(), dir, cfg, out, nil); err != nil {
		t.Fatal(err)
	}
	check(want)
	put(t, filepath.Join(dir, "in/a.jsonl"), 0, 150_001)
	if err := copies(t.Context(), dir, cfg, out, nil); flow.KindOf(err) != flow.Conflict {
		t.Fatalf("a file changed, and the run ended with %v", err)
	}
	check(want)
}

// TestWatch finds files that appear while it runs.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	cfg := file.Config{Path: filepath.Join(dir, "in/*.jsonl"), Watch: spec.Duration(5 * time.Millisecond)}
	out := file.SinkConfig{Dir: filepath.Join(dir, "out"), Format: "jsonl"}
	p := flow.New("copy", flow.StateDir(filepath.Join(dir, "state")), flow.Checkpoint(10*time.Millisecond))
	n := 0
	var want []string
	add := func() { want = append(want, put(t, filepath.Join(dir, fmt.Sprintf("in/%d.jsonl", n)), n*10, 10)...) }
	in := flow.Tap(flow.FromSplits(p, "in", file.Source(cfg)), func(flow.Batch) {
		if n++; n < 5 {
			add()
		} else {
			p.Drain()
		}
	})
	flow.To(in, "out", file.Sink(out))
	add()
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if got := rowsOf(t, out.Dir); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func ExampleSource() {
	p := flow.New("zips")
	zips := flow.FromSplits(p, "zips", file.Source(file.Config{
		Path:    "testdata/zipcodes.csv",
		Columns: []string{"zip_code", "city"},
	}))
	flow.Each(zips, "print", func(_ context.Context, b flow.Batch) error {
		fmt.Println(b.NumRows(), b.Column(0).ValueStr(0), b.Column(1).ValueStr(0))
		return nil
	})
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: 10 00501 Holtsville
}

func ExampleSink() {
	dir, err := os.MkdirTemp("", "weir")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Println(err)
		}
	}()
	p := flow.New("zips", flow.StateDir(filepath.Join(dir, "state")))
	zips := flow.FromSplits(p, "zips", file.Source(file.Config{Path: "testdata/zipcodes.csv"}))
	flow.To(zips, "states", file.Sink(file.SinkConfig{
		Dir: filepath.Join(dir, "out"), Format: "csv", Partition: []string{"state"},
	}))
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	folders, err := filepath.Glob(filepath.Join(dir, "out", "state=*"))
	for _, f := range folders {
		fmt.Println(filepath.Base(f))
	}
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// state=CA
	// state=IN
	// state=NY
	// state=PR
	// state=VT
}
