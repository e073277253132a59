package iceberg

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	icecatalog "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/flow"
)

// rig runs a sink as the engine would: one task, an epoch at a time, with the
// parts kept as JSON.
type rig struct {
	t    *testing.T
	cfg  Config
	sink flow.Sink[flow.Batch, Part]
	w    flow.Writer[flow.Batch, Part]
	last flow.Txn
	name string
	inc  string
}

func newRig(t *testing.T, cfg Config) *rig {
	t.Helper()
	if cfg.Warehouse == "" && cfg.Catalog.Type == "" {
		cfg.Warehouse = t.TempDir()
	}
	if cfg.Table == "" {
		cfg.Table = "shop.orders"
	}
	r := &rig{t: t, cfg: cfg, name: "lake", inc: "0123456789abcdef"}
	r.restart()
	return r
}

// restart begins again, as after a crash.
func (r *rig) restart() {
	r.t.Helper()
	r.sink, r.w = Sink(r.cfg), nil
}

func (r *rig) start() error {
	return r.sink.(flow.Starter).Start(r.t.Context(), r.txn(r.last.Epoch, r.last.Previous))
}

func (r *rig) txn(e, prev flow.Epoch) flow.Txn {
	return flow.Txn{Pipeline: "p", Incarnation: r.inc, Sink: r.name, Epoch: e, Previous: prev}
}

func (r *rig) writer() flow.Writer[flow.Batch, Part] {
	r.t.Helper()
	if r.w == nil {
		w, err := r.sink.Open(r.t.Context(), flow.Task{
			Of: 1, Pipeline: "p", Incarnation: r.inc, Name: r.name,
			Epoch: r.last.Epoch + 1, Alloc: memory.DefaultAllocator,
		})
		if err != nil {
			r.t.Fatal(err)
		}
		r.w = w
	}
	return r.w
}

// prepare writes the batches as one epoch.
func (r *rig) prepare(batches ...flow.Batch) []Part {
	r.t.Helper()
	for _, b := range batches {
		if err := r.writer().Write(r.t.Context(), b); err != nil {
			r.t.Fatal(err)
		}
	}
	finish, err := r.writer().Prepare(r.t.Context(), r.last.Epoch+1)
	if err != nil {
		r.t.Fatal(err)
	}
	p, err := finish(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	text, err := json.Marshal([]Part{p})
	if err != nil {
		r.t.Fatal(err)
	}
	var parts []Part
	if err := json.Unmarshal(text, &parts); err != nil {
		r.t.Fatal(err)
	}
	r.last = r.txn(r.last.Epoch+1, r.last.Epoch)
	return parts
}

func (r *rig) commit(parts []Part) {
	r.t.Helper()
	if err := r.sink.Commit(r.t.Context(), r.last, parts); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) epoch(batches ...flow.Batch) { r.t.Helper(); r.commit(r.prepare(batches...)) }

// load opens the table through iceberg-go's own SQL catalog.
func (r *rig) load() *table.Table { return loadTable(r.t, r.cfg.Warehouse, r.cfg.Table) }

// officialCatalog is iceberg-go's own catalog on the same file.
func officialCatalog(t *testing.T, warehouse string) (*icecatalog.Catalog, func()) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(warehouse, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	cat, err := icecatalog.NewCatalog("default", db, icecatalog.SQLite, nil)
	if err != nil {
		t.Fatal(err)
	}
	return cat, func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// dataFiles counts the Parquet files below a warehouse.
func dataFiles(t *testing.T, warehouse string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(warehouse, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".parquet") {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func loadTable(t *testing.T, warehouse, name string) *table.Table {
	t.Helper()
	cat, done := officialCatalog(t, warehouse)
	defer done()
	tbl, err := cat.LoadTable(t.Context(), strings.Split(name, "."))
	if err != nil {
		t.Fatal(err)
	}
	return tbl
}

// scan returns the rows of the table as text, sorted, read by iceberg-go.
func scan(t *testing.T, tbl *table.Table, opts ...table.ScanOption) []string {
	t.Helper()
	_, batches, err := tbl.Scan(opts...).ToArrowRecords(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for b, err := range batches {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, texts(b)...)
		b.Release()
	}
	slices.Sort(rows)
	return rows
}

func texts(b arrow.RecordBatch) []string {
	var rows []string
	for i := range int(b.NumRows()) {
		var cells []string
		for j, c := range b.Columns() {
			cells = append(cells, b.ColumnName(j)+"="+c.ValueStr(i))
		}
		rows = append(rows, strings.Join(cells, " "))
	}
	return rows
}

// batch makes a batch of JSON rows; the columns are "name:type", nullable.
func batch(t *testing.T, columns, rows string) flow.Batch {
	t.Helper()
	b, err := parse(columns, rows)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(columns, rows string) (flow.Batch, error) {
	types := map[string]arrow.DataType{
		"long": arrow.PrimitiveTypes.Int64, "int": arrow.PrimitiveTypes.Int32, "string": arrow.BinaryTypes.String,
		"double": arrow.PrimitiveTypes.Float64, "float": arrow.PrimitiveTypes.Float32, "date": arrow.FixedWidthTypes.Date32,
		"ts": arrow.FixedWidthTypes.Timestamp_us, "bool": arrow.FixedWidthTypes.Boolean,
		"dec9": &arrow.Decimal128Type{Precision: 9, Scale: 2}, "dec18": &arrow.Decimal128Type{Precision: 18, Scale: 2},
		"null": arrow.Null, "tags": arrow.ListOf(arrow.BinaryTypes.String),
		"point": arrow.StructOf(arrow.Field{Name: "x", Type: arrow.PrimitiveTypes.Int32, Nullable: true}),
		"point3": arrow.StructOf(arrow.Field{Name: "x", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
			arrow.Field{Name: "z", Type: arrow.PrimitiveTypes.Int64, Nullable: true}),
	}
	var fields []arrow.Field
	for c := range strings.FieldsSeq(columns) {
		name, typ, _ := strings.Cut(c, ":")
		typ, required := strings.CutSuffix(typ, "!")
		if types[typ] == nil {
			return flow.Batch{}, fmt.Errorf("no type %s", typ)
		}
		fields = append(fields, arrow.Field{Name: name, Type: types[typ], Nullable: !required})
	}
	b, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, nil), strings.NewReader(rows))
	return flow.Batch{RecordBatch: b}, err
}

func ids(t *testing.T, from, to int) flow.Batch {
	t.Helper()
	var rows []string
	for i := from; i < to; i++ {
		rows = append(rows, fmt.Sprintf(`{"id":%d,"name":"n%d"}`, i, i%7))
	}
	return batch(t, "id:long name:string", "["+strings.Join(rows, ",")+"]")
}

func TestAppend(t *testing.T) {
	r := newRig(t, Config{})
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
	r.epoch(ids(t, 0, 10))
	r.epoch(ids(t, 10, 30), ids(t, 30, 35))
	tbl := r.load()
	if got := scan(t, tbl); len(got) != 35 || got[0] != "id=0 name=n0" {
		t.Fatalf("%d rows: %v", len(got), got)
	}
	if n := len(tbl.Metadata().Snapshots()); n != 2 {
		t.Errorf("%d snapshots, want one per epoch", n)
	}
	if n := dataFiles(t, r.cfg.Warehouse); n != 2 {
		t.Errorf("%d files, want one per epoch", n)
	}
	if got := tbl.CurrentSnapshot().Summary.Properties[summaryEpoch]; got != "2" {
		t.Errorf("epoch in the summary: %q", got)
	}
}

func TestCommitTwice(t *testing.T) {
	r := newRig(t, Config{})
	parts := r.prepare(ids(t, 0, 10))
	r.commit(parts)
	r.commit(parts)
	r.restart()
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
	r.commit(parts)
	if got := scan(t, r.load()); len(got) != 10 {
		t.Fatalf("%d rows", len(got))
	}
}

func TestPartitioned(t *testing.T) {
	r := newRig(t, Config{Partition: []string{"bucket(4, id)", "truncate(1, name)", "month(day)"}})
	r.epoch(batch(t, "id:long name:string day:date", `[
		{"id":1,"name":"anna","day":"2024-01-31"},{"id":2,"name":"bob","day":"2024-02-01"},
		{"id":null,"name":null,"day":null},{"id":1,"name":"axel","day":"2024-01-01"},{"id":-5,"name":"","day":"1969-12-31"}]`))
	tbl := r.load()
	if got := scan(t, tbl); len(got) != 5 {
		t.Fatalf("%d rows: %v", len(got), got)
	}
	tasks, err := tbl.Scan().PlanFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		t.Log(task.File.FilePath(), task.File.Partition(), task.File.Count())
	}
	if len(tasks) != 4 {
		t.Errorf("%d files, want 4", len(tasks))
	}
}
