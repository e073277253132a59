package parquet

import (
	"bytes"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

func TestRoundTrip(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	rb := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
	for i := range 1000 {
		rb.Field(0).(*array.Int64Builder).Append(int64(i))
		rb.Field(1).(*array.StringBuilder).Append("x")
	}
	b := rb.NewRecordBatch()
	var out bytes.Buffer
	w, err := NewWriter(&out, schema, WriterOptions{RowGroupRows: 300})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	meta, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if meta.NumRows != 1000 || meta.NumRowGroups() != 4 {
		t.Fatal(meta.NumRows, meta.NumRowGroups())
	}
	r, err := Open(bytes.NewReader(out.Bytes()), ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	at := int64(0)
	err = r.Read(t.Context(), nil, nil, func(got arrow.RecordBatch) error {
		want := b.NewSlice(at, at+got.NumRows())
		if !array.RecordEqual(want, got) {
			t.Error("differs at", at)
		}
		at += got.NumRows()
		return nil
	})
	if err != nil || at != 1000 {
		t.Fatal(at, err)
	}
}
