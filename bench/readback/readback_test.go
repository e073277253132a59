package readback

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/weirflow/weir/bench/duck"
	"github.com/weirflow/weir/bench/gen"
	"github.com/weirflow/weir/bench/icemeta"
	"github.com/weirflow/weir/bench/ingest"
)

// run runs a pipeline file with the real binary.
func run(t *testing.T, weir, text string, args ...any) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pipeline.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, text, args...), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), weir, "run", "--plain", file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("run weir: %v\n%s", err, out)
	}
}

// build builds the binary, and returns it and the folder of the repository.
func build(t *testing.T) (weir, root string) {
	t.Helper()
	root, err := ingest.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	weir = filepath.Join(t.TempDir(), "weir")
	if err := ingest.Build(t.Context(), root, weir); err != nil {
		t.Fatal(err)
	}
	return weir, root
}

// wantSame compares what a query finds in the input and in the output.
func wantSame(t *testing.T, columns, input, output string) map[string]string {
	t.Helper()
	want, err := duck.Row(t.Context(), "SELECT "+columns+" FROM "+input)
	if err != nil {
		t.Fatal(err)
	}
	got, err := duck.Row(t.Context(), "SELECT "+columns+" FROM "+output)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, want) {
		t.Errorf("written %v\ninput   %v", got, want)
	}
	return got
}

const toLake = `
sources:
  flights:
    connector: file
    config: {path: %s}
sinks:
  lake:
    connector: iceberg
    config:
      warehouse: %s/lake
      table: air.flights
      partition: [month(date), "bucket(4, origin)"]
      target_file_size: 8MiB
state: %[2]s/state
pipelines:
  flights: {source: flights, sink: lake, checkpoint: 1s}
`

// Test reads back what the binary writes into a lake and into files.
func Test(t *testing.T) {
	weir, root := build(t)
	t.Run("lake", func(t *testing.T) { testLake(t, weir, root) })
	t.Run("files", func(t *testing.T) { testFiles(t, weir) })
	t.Run("inferred", func(t *testing.T) { testInferred(t, weir, root) })
}

// testLake appends the flights to a partitioned table and reads the files of
// its current snapshot back. A second run must add nothing.
func testLake(t *testing.T, weir, root string) {
	t.Helper()
	in, dir := ingest.Flights(root), t.TempDir()
	run(t, weir, toLake, in, dir)
	const columns = `count(*) AS n, sum(delay) AS delay, sum(distance) AS distance, sum(epoch_us(date)) AS date,
		count(DISTINCT date) AS dates, count(DISTINCT delay) AS delays, count(DISTINCT distance) AS distances,
		count(DISTINCT origin) AS origins, count(DISTINCT destination) AS destinations,
		bit_xor(hash(date, delay, distance, origin, destination)) AS rows`
	first := live(t, dir)
	found := wantSame(t, columns, duck.Files(in), duck.Files(paths(first)...))
	wantPartitions(t, first)
	run(t, weir, toLake, in, dir)
	again := live(t, dir)
	wantSame(t, columns, duck.Files(in), duck.Files(paths(again)...))
	if len(again) != len(first) {
		t.Errorf("a second run left %d files, there were %d", len(again), len(first))
	}
	t.Logf("%s of %s in %d files: %v", found["n"], filepath.Base(in), len(first), found)
}

// live lists the files of the current snapshot, whose counts of rows in the
// manifests must be those in the files.
func live(t *testing.T, dir string) []icemeta.File {
	t.Helper()
	table, err := icemeta.Load(t.Context(), filepath.Join(dir, "lake/catalog.db"), "air", "flights")
	if err != nil || table == nil {
		t.Fatalf("load table: %v, %v", table, err)
	}
	files, err := table.Live()
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	for _, f := range files {
		rows += f.Rows
		if info, err := os.Stat(f.Path); err != nil || info.Size() != f.Bytes {
			t.Errorf("%s: the manifest says %d bytes: %v", f.Path, f.Bytes, err)
		}
	}
	got, err := duck.Row(t.Context(), "SELECT count(*) AS n FROM "+duck.Files(paths(files)...))
	if err != nil {
		t.Fatal(err)
	}
	if got["n"] != fmt.Sprint(rows) {
		t.Errorf("%s rows in the files, %d in the manifests", got["n"], rows)
	}
	return files
}

func paths(files []icemeta.File) []string {
	list := make([]string, len(files))
	for i, f := range files {
		list[i] = f.Path
	}
	return list
}

// wantPartitions checks that each file holds rows of one month.
func wantPartitions(t *testing.T, files []icemeta.File) {
	t.Helper()
	for _, f := range files {
		got, err := duck.Row(t.Context(), "SELECT count(DISTINCT date_trunc('month', date)) AS months FROM "+duck.Files(f.Path))
		if err != nil {
			t.Fatal(err)
		}
		if got["months"] != "1" {
			t.Errorf("%s holds rows of %s months", f.Path, got["months"])
		}
	}
}

const toFiles = `
sources:
  events:
    connector: file
    config:
      path: %s
      split_size: 1MiB
      schema:
        - {name: event_id, type: string}
        - {name: ts, type: "timestamp[us, UTC]"}
        - {name: user_id, type: int64}
        - {name: price, type: "decimal(10,2)"}
        - {name: quantity, type: int32}
        - {name: score, type: float64}
        - {name: coupon, type: string}
        - {name: device, type: "struct<os: string, browser: string, mobile: bool>"}
        - {name: tags, type: list<string>}
sinks:
  files:
    connector: file
    config: {dir: %s/out}
state: %[2]s/state
pipelines:
  events: {source: events, sink: files, checkpoint: 100ms, parallel: 2}
`

// testFiles converts JSONL with an object and a list in each row to Parquet,
// by two tasks and in several epochs. DuckDB reads both sides.
func testFiles(t *testing.T, weir string) {
	t.Helper()
	dir := t.TempDir()
	in := filepath.Join(dir, "events.jsonl")
	var text bytes.Buffer
	if err := gen.Events().Make(&text, 100_000); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, weir, toFiles, in, dir)
	read := "read_json(" + duck.Text(in) + `, format = 'newline_delimited', columns = {
		event_id: 'VARCHAR', ts: 'TIMESTAMPTZ', user_id: 'BIGINT', price: 'DECIMAL(10,2)', quantity: 'INTEGER',
		score: 'DOUBLE', coupon: 'VARCHAR', device: 'STRUCT(os VARCHAR, browser VARCHAR, mobile BOOLEAN)', tags: 'VARCHAR[]'})`
	wantSame(t, `count(*) AS n, sum(user_id) AS users, sum(price) AS price, sum(quantity) AS quantity,
		sum(epoch_us(ts)) AS ts, count(coupon) AS coupons, sum(len(tags)) AS tags,
		count(DISTINCT event_id) AS ids, count(DISTINCT ts) AS times, count(DISTINCT user_id) AS some_users,
		count(DISTINCT price) AS prices, count(DISTINCT score) AS scores, count(DISTINCT coupon) AS some_coupons,
		count(DISTINCT device) AS devices, count(DISTINCT tags) AS tag_lists,
		bit_xor(hash(event_id, ts, user_id, price, quantity, score, coupon, device.os, device.browser, device.mobile, tags)) AS rows`,
		read, duck.Files(parquet(t, dir)...))
}

// testInferred converts real JSONL without a schema.
func testInferred(t *testing.T, weir, root string) {
	t.Helper()
	in, dir := filepath.Join(root, "examples/data/flights.jsonl"), t.TempDir()
	run(t, weir, inferred, in, dir)
	wantSame(t, `count(*) AS n, sum(delay) AS delay, sum(distance) AS distance, count(DISTINCT delay) AS delays,
		count(DISTINCT distance) AS distances`,
		"read_json("+duck.Text(in)+", format = 'newline_delimited')", duck.Files(parquet(t, dir)...))
}

const inferred = `
sources:
  flights:
    connector: file
    config: {path: %s}
sinks:
  files:
    connector: file
    config: {dir: %s/out}
state: %[2]s/state
pipelines:
  flights: {source: flights, sink: files}
`

func parquet(t *testing.T, dir string) []string {
	t.Helper()
	list, err := ingest.Parquet(filepath.Join(dir, "out"))
	if err != nil || len(list) == 0 {
		t.Fatalf("Parquet files in %s: %v, %v", dir, list, err)
	}
	return list
}
