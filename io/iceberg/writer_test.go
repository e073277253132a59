package iceberg

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	parquetgo "github.com/parquet-go/parquet-go"

	"github.com/weirflow/weir/flow"
)

// random makes rows that compress badly: id, a number of n partitions, a text.
func random(at, rows, n int) arrow.RecordBatch {
	sc := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "p", Type: arrow.PrimitiveTypes.Int32},
		{Name: "text", Type: arrow.BinaryTypes.String},
	}, nil)
	rb := array.NewRecordBuilder(memory.DefaultAllocator, sc)
	for i := at; i < at+rows; i++ {
		h := uint64(i+1) * 0x9e3779b97f4a7c15
		rb.Field(0).(*array.Int64Builder).Append(int64(i))
		rb.Field(1).(*array.Int32Builder).Append(int32(h >> 40 % uint64(n)))
		rb.Field(2).(*array.StringBuilder).Append(fmt.Sprintf("%016x%016x%016x", h, h*h, h*h*h))
	}
	return rb.NewRecordBatch()
}

// TestManyPartitions has more partitions than may be open, and less memory
// than they want.
func TestManyPartitions(t *testing.T) {
	const memoryLimit, open, rows = 4 << 20, 20, 60_000
	s := newSink(Config{Table: "a.b", Warehouse: t.TempDir(), Partition: []string{"p"}, OpenPartitions: open})
	w := newWriter(s, flow.Task{Of: 2, Pipeline: "p", Incarnation: "i", Name: "s", Epoch: 1, Memory: memoryLimit, Alloc: memory.DefaultAllocator})
	most := 0
	for at := 0; at < rows; at += 10_000 {
		if err := w.Write(t.Context(), flow.Batch{RecordBatch: random(at, 10_000, 150)}); err != nil {
			t.Fatal(err)
		}
		held := int64(0)
		for _, f := range w.open {
			held += f.w.Buffered()
		}
		if held > memoryLimit || len(w.open) > open {
			t.Fatalf("%d bytes held, %d files open", held, len(w.open))
		}
		most = max(most, len(w.open))
	}
	finish, err := w.Prepare(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	part, err := finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), flow.Txn{Pipeline: "p", Incarnation: "i", Sink: "s", Epoch: 1}, []Part{part}); err != nil {
		t.Fatal(err)
	}
	tbl := loadTable(t, s.cfg.Warehouse, "a.b")
	if n := len(scan(t, tbl)); n != rows || part.Rows != rows {
		t.Errorf("%d rows, %d in the part", n, part.Rows)
	}
	if most != open {
		t.Errorf("at most %d files were open: the limit was not reached", most)
	}
}

func TestFilesRollBySize(t *testing.T) {
	r := newRig(t, Config{TargetFileSize: 1 << 20})
	var all []flow.Batch
	for at := range 40 {
		all = append(all, flow.Batch{RecordBatch: random(at*5000, 5000, 3)})
	}
	r.epoch(all...)
	name := regexp.MustCompile(`^p-01234567-e1-0-\d+-[0-9a-f]{16}\.parquet$`)
	paths, total, small := files(t, r.cfg.Warehouse), int64(0), 0
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		if !name.MatchString(filepath.Base(p)) {
			t.Errorf("name %s", filepath.Base(p))
		}
		total += info.Size()
		if info.Size() < 1<<19 {
			small++
		}
		if info.Size() > 2<<20 {
			t.Errorf("%d bytes: %s", info.Size(), p)
		}
	}
	if len(paths) < 3 || small > 1 || total < 3<<20 {
		t.Errorf("%d files, %d of them small, of %d bytes in all", len(paths), small, total)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*", "data", "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// TestSecondReader reads the files with parquet-go, and compares sums.
func TestSecondReader(t *testing.T) {
	r := newRig(t, Config{})
	want, texts := int64(0), 0
	for at := range 3 {
		b := random(at*1000, 1000, 7)
		for i := range 1000 {
			want += b.Column(0).(*array.Int64).Value(i)
			texts += strings.Count(b.Column(2).(*array.String).Value(i), "a")
		}
		r.epoch(flow.Batch{RecordBatch: b})
	}
	type row struct {
		ID   int64  `parquet:"id"`
		P    int32  `parquet:"p"`
		Text string `parquet:"text"`
	}
	got, gotTexts, n := int64(0), 0, 0
	for _, path := range files(t, r.cfg.Warehouse) {
		rows, err := parquetgo.ReadFile[row](path)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range rows {
			got, gotTexts, n = got+x.ID, gotTexts+strings.Count(x.Text, "a"), n+1
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		pf, err := parquetgo.OpenFile(f, info.Size())
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range pf.Root().Columns() {
			if c.ID() != i+1 {
				t.Errorf("column %s has field id %d, want %d", c.Name(), c.ID(), i+1)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n != 3000 || got != want || gotTexts != texts {
		t.Errorf("%d rows, sum %d, want %d; texts %d, want %d", n, got, want, gotTexts, texts)
	}
}
