package parquet_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs/parquet"
)

func orders() arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "tags", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true},
	}, nil)
	b, _, err := array.RecordFromJSON(memory.NewGoAllocator(), schema,
		strings.NewReader(`[{"id": 1, "tags": ["new", "vip"]}, {"id": 2, "tags": null}]`))
	if err != nil {
		panic(err)
	}
	return b
}

func ExampleNewWriter() {
	b := orders()
	var file bytes.Buffer
	w, err := parquet.NewWriter(&file, b.Schema(), parquet.WriterOptions{Bloom: []string{"id"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer w.Abort()
	if err := w.Write(b); err != nil {
		fmt.Println(err)
		return
	}
	footer, err := w.Close()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(footer.NumRows, "rows", footer.NumRowGroups(), "row group", w.Written() == int64(file.Len()))
	// Output: 2 rows 1 row group true
}

func ExampleOpen() {
	b := orders()
	var file bytes.Buffer
	w, err := parquet.NewWriter(&file, b.Schema(), parquet.WriterOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Write(b); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}

	r, err := parquet.Open(bytes.NewReader(file.Bytes()), parquet.ReaderOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = r.Read(context.Background(), nil, []string{"id"}, func(b arrow.RecordBatch) error {
		fmt.Println(b.Column(0))
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: [1 2]
}
