package iceberg_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/iceberg-go/catalog"
	icesql "github.com/apache/iceberg-go/catalog/sql"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/iceberg"
	"github.com/weirflow/weir/io/iotest"
)

func TestSink(t *testing.T) {
	for name, more := range map[string]string{
		"Plain":       "",
		"Partitioned": `, open_partitions: 2, compression: snappy, partition: ["bucket(3, id)", name]`,
	} {
		t.Run(name, func(t *testing.T) {
			iotest.Sink(t, iceberg.Register, "iceberg", func(t *testing.T) iotest.Place {
				dir := t.TempDir()
				return iotest.Place{
					Config: fmt.Sprintf(`{table: shop.orders, warehouse: %q%s}`, dir, more),
					Read:   func(t *testing.T) []int64 { return readIDs(t, dir) },
				}
			})
		})
	}
}

// readIDs reads the table through iceberg-go's own catalog and scan.
func readIDs(t *testing.T, dir string) []int64 {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	cat, err := icesql.NewCatalog("default", db, icesql.SQLite, nil)
	if err != nil {
		t.Fatal(err)
	}
	tbl, err := cat.LoadTable(t.Context(), catalog.ToIdentifier("shop", "orders"))
	if err != nil {
		if strings.Contains(err.Error(), "does not exist") {
			return nil
		}
		t.Fatal(err)
	}
	_, batches, err := tbl.Scan().ToArrowRecords(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for b, err := range batches {
		if err != nil {
			t.Fatal(err)
		}
		at := b.Schema().FieldIndices("id")
		ids = append(ids, b.Column(at[0]).(*array.Int64).Int64Values()...)
		b.Release()
	}
	return ids
}

func TestSource(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 3, 500)
	iotest.Source(t, iceberg.Register, "iceberg", fmt.Sprintf(`{table: shop.orders, warehouse: %q, batch_rows: 100}`, dir))
}

func schema() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
}

// write appends n epochs of rows.
func write(t *testing.T, dir string, n, rows int) {
	t.Helper()
	s := iceberg.Sink(iceberg.Config{Table: "shop.orders", Warehouse: dir})
	w, err := s.Open(t.Context(), flow.Task{Of: 1, Pipeline: "p", Incarnation: "i", Name: "s", Epoch: 1, Alloc: memory.DefaultAllocator})
	if err != nil {
		t.Fatal(err)
	}
	for e := range n {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema())
		for i := range rows {
			b.Field(0).(*array.Int64Builder).Append(int64(e*rows + i))
			b.Field(1).(*array.StringBuilder).Append(fmt.Sprint("name ", i))
		}
		if err := w.Write(t.Context(), flow.Batch{RecordBatch: b.NewRecordBatch()}); err != nil {
			t.Fatal(err)
		}
		finish, err := w.Prepare(t.Context(), flow.Epoch(e+1))
		if err != nil {
			t.Fatal(err)
		}
		part, err := finish(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		txn := flow.Txn{Pipeline: "p", Incarnation: "i", Sink: "s", Epoch: flow.Epoch(e + 1), Previous: flow.Epoch(e)}
		if err := s.Commit(context.Background(), txn, []iceberg.Part{part}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
