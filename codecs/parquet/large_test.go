package parquet

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
)

// growing is columns whose first rows look like few values and whose later
// ones are all different, so that dictionaries are begun and given up.
func growing(batches, rows int) []arrow.RecordBatch {
	dict := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "int", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "float", Type: arrow.PrimitiveTypes.Float64},
		{Name: "text", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "dict", Type: dict, Nullable: true},
		{Name: "fixed", Type: &arrow.FixedSizeBinaryType{ByteWidth: 12}},
		{Name: "list", Type: arrow.ListOfField(arrow.Field{Name: "element", Type: arrow.BinaryTypes.String}), Nullable: true},
		{Name: "wide", Type: arrow.BinaryTypes.Binary},
	}, nil)
	var out []arrow.RecordBatch
	r := newRand(11)
	n := 0
	for range batches {
		rb := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
		for range rows {
			v := int64(n % 10)
			if n > 25_000 {
				v = r.Int64()
			}
			n++
			if v%11 == 3 {
				rb.Field(0).AppendNull()
				rb.Field(2).AppendNull()
				rb.Field(3).AppendNull()
				rb.Field(5).AppendNull()
			} else {
				rb.Field(0).(*array.Int64Builder).Append(v)
				rb.Field(2).(*array.StringBuilder).Append(fmt.Sprint("text ", v))
				if err := rb.Field(3).(*array.BinaryDictionaryBuilder).AppendString(fmt.Sprint("entry ", v)); err != nil {
					panic(err)
				}
				l := rb.Field(5).(*array.ListBuilder)
				l.Append(true)
				for k := range n % 3 {
					l.ValueBuilder().(*array.StringBuilder).Append(fmt.Sprint(v + int64(k)))
				}
			}
			rb.Field(1).(*array.Float64Builder).Append(float64(v) / 4)
			rb.Field(4).(*array.FixedSizeBinaryBuilder).Append([]byte(fmt.Sprintf("%012x", v&0xFFFFFFFF)))
			rb.Field(6).(*array.BinaryBuilder).Append([]byte(strings.Repeat("w", n%700)))
		}
		out = append(out, rb.NewRecordBatch())
	}
	return out
}

// TestLargeFile has lots, pages and dictionaries that go past their limits.
func TestLargeFile(t *testing.T) {
	b := growing(3, 60_000)
	w := written{schema: b[0].Schema(), batches: b}
	w.write(t, WriterOptions{RowGroupRows: 90_000, Workers: 2})
	if n := w.meta.NumRowGroups(); n != 2 {
		t.Errorf("%d row groups", n)
	}
	readBack(t, &w)
	readWithParquetGo(t, &w)
	checkStatistics(t, &w)
	c, err := w.meta.RowGroup(0).ColumnChunk(2)
	if err != nil {
		t.Fatal(err)
	}
	if e := fmt.Sprint(c.Encodings()); !strings.Contains(e, "RLE_DICT") || !strings.Contains(e, "DELTA_LENGTH") {
		t.Errorf("column text has encodings %s; the dictionary was to be begun and given up", e)
	}
}

// TestBasicEncodings looks for encodings that old readers do not know.
func TestBasicEncodings(t *testing.T) {
	b := growing(1, 60_000)
	w := written{schema: b[0].Schema(), batches: b}
	w.write(t, WriterOptions{Encodings: "basic"})
	readBack(t, &w)
	for i := range w.meta.RowGroup(0).NumColumns() {
		c, err := w.meta.RowGroup(0).ColumnChunk(i)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Encodings() {
			switch e {
			case parquet.Encodings.Plain, parquet.Encodings.RLE, parquet.Encodings.RLEDict:
			default:
				t.Errorf("column %d has encoding %s", i, e)
			}
		}
	}
}
