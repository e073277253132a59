package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
)

// fromJSON is a batch of rows written as JSON.
func fromJSON(tb testing.TB, schema []Column, rows string) flow.Batch {
	tb.Helper()
	dir := write(tb, map[string][]byte{"a.jsonl": []byte(rows)})
	f := Source(Config{Path: filepath.Join(dir, "a.jsonl"), Schema: schema})
	var got flow.Batch
	err := f.Run(tb.Context(), splitsOf(tb, f)[0], nil, flow.ForwardTo(func(vs []flow.Batch, _ Position) error {
		got = vs[0]
		return nil
	}))
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

// written runs one epoch and gives the files by folder, with their rows.
func written(tb testing.TB, cfg SinkConfig, memory int64, batches ...flow.Batch) (map[string][]string, error) {
	tb.Helper()
	cfg.Dir = memoryDir(tb)
	s := Sink(cfg)
	last := flow.Txn{Pipeline: "p", Incarnation: "inc", Sink: "out"}
	if err := s.Start(tb.Context(), last); err != nil {
		tb.Fatal(err)
	}
	w, err := s.Open(tb.Context(), flow.Task{Pipeline: "p", Incarnation: "inc", Name: "out", Epoch: 1, Memory: memory, Alloc: heap})
	if err != nil {
		return nil, err
	}
	for _, b := range batches {
		if err := w.Write(tb.Context(), b); err != nil {
			return nil, errors.Join(err, w.Close())
		}
	}
	finish, err := w.Prepare(tb.Context(), 1)
	if err != nil {
		tb.Fatal(err)
	}
	part, err := finish(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	last.Epoch = 1
	if err := errors.Join(s.Commit(tb.Context(), last, []Part{part}), w.Close()); err != nil {
		tb.Fatal(err)
	}
	sameAsLog(tb, cfg.Dir)
	files := map[string][]string{}
	for _, p := range shown(tb, cfg.Dir) {
		folder := filepath.Dir(p)
		files[folder] = append(files[folder], readAll(tb, Config{Path: filepath.Join(cfg.Dir, p)})...)
	}
	return files, nil
}

var heap = memory.DefaultAllocator

func TestPartitions(t *testing.T) {
	schema := []Column{
		{"s", "string", false},
		{"d", "date", false},
		{"ts", "timestamp[ms, UTC]", false},
		{"i", "int64", false},
		{"b", "bool", false},
		{"p", "decimal(9,2)", false},
		{"u", "uuid", false},
	}
	rows := `{"s":"SFO","d":"2001-03-09","ts":"2001-03-09T23:59:59.999Z","i":-5,"b":true,"p":1.50,"u":"00000000-0000-0000-0000-00000000000a"}
{"s":"a/b","d":"1969-12-31","ts":"1969-12-31T23:00:00Z","i":7,"b":false,"p":0}
{"s":"","i":7}
{"s":"__HIVE_DEFAULT_PARTITION__"}
{"s":"../..","i":0}
{"s":"é%=\n"}
{}
`
	b := fromJSON(t, schema, rows)
	const null = "__HIVE_DEFAULT_PARTITION__"
	for spec, want := range map[string][]string{
		"s":          {"s=SFO", "s=a%2Fb", "s=", "s=%5F_HIVE_DEFAULT_PARTITION__", "s=..%2F..", "s=%C3%A9%25%3D%0A", "s=" + null},
		"d":          {"d=2001-03-09", "d=1969-12-31", "d=" + null},
		"month(d)":   {"d_month=2001-03", "d_month=1969-12", "d_month=" + null},
		"year(ts)":   {"ts_year=2001", "ts_year=1969", "ts_year=" + null},
		"day(ts)":    {"ts_day=2001-03-09", "ts_day=1969-12-31", "ts_day=" + null},
		"hour(ts)":   {"ts_hour=2001-03-09-23", "ts_hour=1969-12-31-23", "ts_hour=" + null},
		"ts":         {"ts=2001-03-09T23%3A59%3A59.999Z", "ts=1969-12-31T23%3A00%3A00Z", "ts=" + null},
		"i":          {"i=-5", "i=7", "i=0", "i=" + null},
		"b,year(d)":  {"b=true/d_year=2001", "b=false/d_year=1969", "b=" + null + "/d_year=" + null},
		"p":          {"p=1.5", "p=0", "p=" + null},
		"u":          {"u=00000000-0000-0000-0000-00000000000a", "u=" + null},
		"year(d), i": {"d_year=2001/i=-5", "d_year=1969/i=7", "d_year=" + null + "/i=7", "d_year=" + null + "/i=0", "d_year=" + null + "/i=" + null},
	} {
		var parts []string
		for p := range strings.SplitSeq(spec, ",") {
			parts = append(parts, strings.TrimSpace(p))
		}
		files, err := written(t, SinkConfig{Format: "jsonl", Partition: parts}, 0, b)
		if err != nil {
			t.Errorf("%s: %v", spec, err)
			continue
		}
		slices.Sort(want)
		if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
			t.Errorf("%s: %s", spec, cmp.Diff(want, got))
		}
		var all []string
		for _, rows := range files {
			all = append(all, rows...)
		}
		if len(all) != 7 {
			t.Errorf("%s: %d rows", spec, len(all))
		}
	}
	for spec, want := range map[string]string{
		"x":        "there is no column x",
		"month(i)": "month(i) wants a date or timestamp, it is int64",
		"hour(d)":  "hour(d) wants a timestamp, it is date",
	} {
		_, err := written(t, SinkConfig{Format: "jsonl", Partition: []string{spec}}, 0, b)
		if flow.KindOf(err) != flow.BadConfig || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v, want %s", spec, err, want)
		}
	}
	for _, spec := range []string{"week(d)", "", "s,s"} {
		cfg := SinkConfig{Dir: "x", Partition: strings.Split(spec, ",")}
		if err := cfg.Validate(); flow.KindOf(err) != flow.BadConfig {
			t.Errorf("%q: %v", spec, err)
		}
	}
	long := fromJSON(t, schema[:1], fmt.Sprintf(`{"s":%q}`, strings.Repeat("x", 300)))
	if _, err := written(t, SinkConfig{Format: "jsonl", Partition: []string{"s"}}, 0, long); flow.KindOf(err) != flow.BadRow {
		t.Errorf("a value too long for a folder: %v", err)
	}
}

// TestPartitionerForgets goes over the bound on what is remembered.
func TestPartitionerForgets(t *testing.T) {
	p := newPartitioner([]part{{column: "id"}})
	for from := int64(0); from < 3*maxFolders; from += maxFolders {
		b := ids(from, maxFolders+1)
		which, names, err := p.split(b.RecordBatch)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range which {
			if want := fmt.Sprintf("id=%d", from+int64(i)); names[n] != want {
				t.Fatalf("row %d is in %s, want %s", i, names[n], want)
			}
		}
		if len(names) > 2*maxFolders+2 {
			t.Fatalf("%d folders are remembered", len(names))
		}
	}
}

// TestFilesRoll checks what ends a file.
func TestFilesRoll(t *testing.T) {
	count := func(cfg SinkConfig, memory int64, batches ...flow.Batch) (files int, rows []int64) {
		cfg.Dir = memoryDir(t)
		p := &pipe{cfg: cfg, incarnation: "i"}
		s := p.sink()
		w, err := s.Open(t.Context(), flow.Task{Pipeline: "p", Incarnation: "i", Name: "out", Epoch: 1, Memory: memory, Alloc: heap})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches {
			if err := w.Write(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		finish, err := w.Prepare(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		part, err := finish(t.Context())
		if err := errors.Join(err, s.Commit(t.Context(), p.txn(1), []Part{part}), w.Close()); err != nil {
			t.Fatal(err)
		}
		rows = visible(t, cfg.Dir)
		slices.Sort(rows)
		for _, f := range part.Files {
			info, err := os.Stat(filepath.Join(cfg.Dir, f.Path))
			if err != nil || info.Size() != f.Bytes || f.Rows <= 0 {
				t.Errorf("%+v: %v %v", f, info, err)
			}
		}
		return len(part.Files), rows
	}
	var tens []flow.Batch
	for i := range int64(10) {
		tens = append(tens, ids(i*1000, 1000))
	}
	for _, c := range []struct {
		name   string
		cfg    SinkConfig
		memory int64
		want   func(n int) bool
	}{
		{"one", SinkConfig{Format: "csv"}, 0, func(n int) bool { return n == 1 }},
		{"size", SinkConfig{Format: "csv", TargetSize: 20_000}, 0, func(n int) bool { return n == 4 }},
		{"parquet size", SinkConfig{TargetSize: 4 << 10}, 0, func(n int) bool { return n > 1 }},
		{"age", SinkConfig{Format: "jsonl", MaxAge: spec.Duration(time.Nanosecond)}, 0, func(n int) bool { return n == 10 }},
		{"partitions", SinkConfig{Format: "jsonl", Partition: []string{"part"}}, 0, func(n int) bool { return n == 3 }},
		{"open files", SinkConfig{Format: "jsonl", Partition: []string{"part"}, MaxOpen: 2}, 0, func(n int) bool { return n > 3 }},
		{"memory", SinkConfig{Partition: []string{"part"}}, 1, func(n int) bool { return n == 30 }},
	} {
		n, rows := count(c.cfg, c.memory, tens...)
		if !c.want(n) {
			t.Errorf("%s: %d files", c.name, n)
		}
		if !slices.Equal(rows, upTo(10_000)) {
			t.Errorf("%s: %d rows", c.name, len(rows))
		}
	}
}

// TestSchemaChange writes rows of two schemas in turns.
func TestSchemaChange(t *testing.T) {
	a := fromJSON(t, []Column{{"a", "int64", false}}, `{"a":1}`)
	b := fromJSON(t, []Column{{"a", "int64", false}, {"b", "string", false}}, `{"a":2,"b":"x"}`)
	for format, ok := range map[string]bool{"parquet": true, "jsonl": true, "csv": false} {
		files, err := written(t, SinkConfig{Format: format}, 0, a, b, a, b)
		if (err == nil) != ok {
			t.Errorf("%s: %v", format, err)
		}
		want := []string{`{"a":1}`, `{"a":1}`, `{"a":2,"b":"x"}`, `{"a":2,"b":"x"}`}
		slices.Sort(files["."])
		if ok && !slices.Equal(files["."], want) {
			t.Errorf("%s: %v", format, files)
		}
	}
	if _, err := written(t, SinkConfig{Format: "jsonl", OnSchemaChange: "fail"}, 0, a, b); flow.KindOf(err) != flow.BadConfig ||
		!strings.Contains(err.Error(), "from a: int64 to a: int64, b: string") {
		t.Error(err)
	}
	if _, err := written(t, SinkConfig{Format: "csv", OnSchemaChange: "new_file"}, 0, a, b); err != nil {
		t.Error(err)
	}
}

func TestChanges(t *testing.T) {
	b := fromJSON(t, []Column{{"a", "int64", false}}, `{"a":1}{"a":2}`[:7]+"\n"+`{"a":2}`)
	b.Ops = []flow.OpKind{flow.Insert, flow.Delete}
	if _, err := written(t, SinkConfig{Format: "jsonl"}, 0, b); flow.KindOf(err) != flow.BadConfig || !strings.Contains(err.Error(), "kind D") {
		t.Error(err)
	}
	files, err := written(t, SinkConfig{Format: "jsonl", OpColumn: "op"}, 0, b)
	if want := []string{`{"op":"I","a":1}`, `{"op":"D","a":2}`}; err != nil || !slices.Equal(files["."], want) {
		t.Errorf("%v %v", files, err)
	}
	if _, err := written(t, SinkConfig{Format: "jsonl", OpColumn: "a"}, 0, b); flow.KindOf(err) != flow.BadConfig {
		t.Error(err)
	}
}

// TestGather gives every row to its group, in order.
func TestGather(t *testing.T) {
	b := ids(0, 100)
	which := make([]int32, 100)
	for i := range which {
		which[i] = int32(i * i % 7)
	}
	got := map[int32][]int64{}
	err := gather(heap, b.RecordBatch, which, func(n int32, rows arrow.RecordBatch) error {
		if got[n] != nil {
			t.Errorf("group %d comes twice", n)
		}
		got[n] = slices.Clone(rows.Column(0).(*array.Int64).Int64Values())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[int32][]int64{}
	for i, n := range which {
		want[n] = append(want[n], int64(i))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestTokens checks that what is kept as JSON comes back as it was.
func TestTokens(t *testing.T) {
	part := Part{Files: []Staged{{"_weir/staging/p.out/x.part", "a=1/x", 5, 99}}}
	text, err := json.Marshal(part)
	if err != nil {
		t.Fatal(err)
	}
	var again Part
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(part, again); d != "" {
		t.Error(d)
	}
}
