package iceberg

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/codecs/parquet"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/iceberg/internal/catalog"
	"github.com/weirflow/weir/io/iceberg/internal/partition"
	"github.com/weirflow/weir/io/iceberg/internal/schema"
)

// input is the batches of the file that WEIR_BENCH_PARQUET names, or made
// ones.
func input(b *testing.B) []arrow.RecordBatch {
	b.Helper()
	name := os.Getenv("WEIR_BENCH_PARQUET")
	if name == "" {
		return madeFlights(1 << 20)
	}
	f, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	r, err := parquet.Open(f, parquet.ReaderOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			b.Error(err)
		}
	}()
	var all []arrow.RecordBatch
	err = r.Read(b.Context(), nil, nil, func(rb arrow.RecordBatch) error {
		rb.Retain()
		all = append(all, rb)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return all
}

func madeFlights(rows int) []arrow.RecordBatch {
	sc := arrow.NewSchema([]arrow.Field{
		{Name: "day", Type: arrow.FixedWidthTypes.Date32},
		{Name: "delay", Type: arrow.PrimitiveTypes.Int16, Nullable: true},
		{Name: "distance", Type: arrow.PrimitiveTypes.Int32},
		{Name: "origin", Type: arrow.BinaryTypes.String},
		{Name: "dest", Type: arrow.BinaryTypes.String},
		{Name: "fare", Type: arrow.PrimitiveTypes.Float64},
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "tail", Type: arrow.BinaryTypes.String},
	}, nil)
	var all []arrow.RecordBatch
	for at := 0; at < rows; at += 1 << 16 {
		rb := array.NewRecordBuilder(memory.DefaultAllocator, sc)
		for i := at; i < at+1<<16; i++ {
			h := uint64(i) * 0x9e3779b97f4a7c15 >> 20
			rb.Field(0).(*array.Date32Builder).Append(arrow.Date32(19000 + i*365/rows))
			rb.Field(1).(*array.Int16Builder).Append(int16(h%200) - 30)
			rb.Field(2).(*array.Int32Builder).Append(int32(h % 3000))
			rb.Field(3).(*array.StringBuilder).Append(fmt.Sprint("A", h%300))
			rb.Field(4).(*array.StringBuilder).Append(fmt.Sprint("A", h>>10%300))
			rb.Field(5).(*array.Float64Builder).Append(float64(h%100000) / 100)
			rb.Field(6).(*array.Int64Builder).Append(int64(i))
			rb.Field(7).(*array.StringBuilder).Append(fmt.Sprint("N", h%5000))
		}
		all = append(all, rb.NewRecordBatch())
	}
	return all
}

// cpu is the processor time of the process, in seconds.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// BenchmarkAppend appends the same batches through our sink and through
// iceberg-go's own Append, into tables made the same way.
func BenchmarkAppend(b *testing.B) {
	batches := input(b)
	rows := int64(0)
	for _, rb := range batches {
		rows += rb.NumRows()
	}
	first := batches[0].Schema().Field(0).Name
	for _, p := range []struct {
		name   string
		fields []string
	}{{"plain", nil}, {"partitioned", partitionFor(batches[0], first)}} {
		for _, peer := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/%s", p.name, map[bool]string{false: "weir", true: "iceberg-go"}[peer]), func(b *testing.B) {
				start, done, size := cpu(), int64(0), int64(0)
				for b.Loop() {
					dir := b.TempDir()
					if peer {
						size = appendPeer(b, dir, p.fields, batches)
					} else {
						size = appendOurs(b, dir, p.fields, batches)
					}
					done += rows
				}
				b.ReportMetric(float64(done)/(cpu()-start), "rows/cpu-s")
				b.ReportMetric(float64(size)/1e6, "MB")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// partitionFor is month of the first date, or 16 buckets.
func partitionFor(rb arrow.RecordBatch, first string) []string {
	for _, f := range rb.Schema().Fields() {
		if id := f.Type.ID(); id == arrow.DATE32 || id == arrow.TIMESTAMP {
			return []string{fmt.Sprintf("month(%s)", f.Name)}
		}
	}
	return []string{fmt.Sprintf("bucket(16, %s)", first)}
}

func appendOurs(b *testing.B, dir string, fields []string, batches []arrow.RecordBatch) int64 {
	b.Helper()
	s := Sink(Config{Table: "air.flights", Warehouse: dir, Partition: fields})
	w, err := s.Open(b.Context(), flow.Task{Of: 1, Pipeline: "p", Incarnation: "i", Name: "s", Epoch: 1, Alloc: memory.DefaultAllocator})
	if err != nil {
		b.Fatal(err)
	}
	for _, rb := range batches {
		if err := w.Write(b.Context(), flow.Batch{RecordBatch: rb}); err != nil {
			b.Fatal(err)
		}
	}
	finish, err := w.Prepare(b.Context(), 1)
	if err != nil {
		b.Fatal(err)
	}
	part, err := finish(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Commit(b.Context(), flow.Txn{Pipeline: "p", Incarnation: "i", Sink: "s", Epoch: 1}, []Part{part}); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return part.Bytes
}

func appendPeer(b *testing.B, dir string, fields []string, batches []arrow.RecordBatch) int64 {
	b.Helper()
	cat := &catalog.SQLite{File: filepath.Join(dir, "catalog.db"), Name: "default", Warehouse: catalog.FileURL(dir)}
	sc, err := schema.New(batches[0].Schema())
	if err != nil {
		b.Fatal(err)
	}
	spec, err := partition.Parse(fields, sc)
	if err != nil {
		b.Fatal(err)
	}
	tbl, err := cat.Create(b.Context(), table.Identifier{"air", "flights"}, catalog.New{
		Schema: sc, Spec: spec,
		Properties: iceberg.Properties{table.ParquetCompressionKey: "zstd", table.WriteTargetFileSizeBytesKey: "134217728"},
	})
	if err != nil {
		b.Fatal(err)
	}
	rdr, err := array.NewRecordReader(batches[0].Schema(), batches)
	if err != nil {
		b.Fatal(err)
	}
	defer rdr.Release()
	tx := tbl.NewTransaction()
	if err := tx.Append(b.Context(), rdr, nil); err != nil {
		b.Fatal(err)
	}
	tc, err := tx.TableCommit()
	if err != nil {
		b.Fatal(err)
	}
	meta, err := cat.Commit(b.Context(), tbl.Identifier(), tc.Requirements, tc.Updates)
	if err != nil {
		b.Fatal(err)
	}
	return total(meta.CurrentSnapshot(), "total-files-size")
}

// BenchmarkCommit is the time of an epoch with one small file, on a table that
// has n commits already.
func BenchmarkCommit(b *testing.B) {
	for _, n := range []int{10, 100, 300} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e := &epochs{b: b, sink: Sink(Config{Table: "a.b", Warehouse: b.TempDir()}), rows: madeFlights(1 << 16)[0].NewSlice(0, 10)}
			for range n {
				e.next()
			}
			start := cpu()
			for b.Loop() {
				e.next()
			}
			b.ReportMetric((cpu()-start)*1e3/float64(b.N), "cpu-ms/op")
		})
	}
}

// epochs commits one epoch after the other.
type epochs struct {
	b    *testing.B
	sink flow.Sink[flow.Batch, Part]
	rows arrow.RecordBatch
	done flow.Epoch
}

func (e *epochs) next() {
	w, err := e.sink.Open(e.b.Context(), flow.Task{Of: 1, Pipeline: "p", Incarnation: "i", Name: "s", Epoch: e.done + 1, Alloc: memory.DefaultAllocator})
	if err != nil {
		e.b.Fatal(err)
	}
	if err := w.Write(e.b.Context(), flow.Batch{RecordBatch: e.rows}); err != nil {
		e.b.Fatal(err)
	}
	finish, err := w.Prepare(e.b.Context(), e.done+1)
	if err != nil {
		e.b.Fatal(err)
	}
	part, err := finish(e.b.Context())
	if err != nil {
		e.b.Fatal(err)
	}
	t := flow.Txn{Pipeline: "p", Incarnation: "i", Sink: "s", Epoch: e.done + 1, Previous: e.done}
	if err := e.sink.Commit(e.b.Context(), t, []Part{part}); err != nil {
		e.b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		e.b.Fatal(err)
	}
	e.done++
}
