package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	parquetgo "github.com/parquet-go/parquet-go"

	"github.com/weirflow/weir/flow"
)

func one(name string, t arrow.DataType) *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{{Name: name, Type: t, Nullable: true}}, nil)
}

// writeJSON writes rows given as JSON.
func writeJSON(t *testing.T, schema *arrow.Schema, o WriterOptions, rows string) ([]byte, *metadata.FileMetaData) {
	t.Helper()
	b, _, err := array.RecordFromJSON(memory.NewGoAllocator(), schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	w := written{schema: schema, batches: []arrow.RecordBatch{b}}
	w.write(t, o)
	return w.file, w.meta
}

func TestRefusedTypes(t *testing.T) {
	for _, dt := range []arrow.DataType{
		arrow.FixedWidthTypes.Duration_us, arrow.FixedWidthTypes.MonthInterval, arrow.FixedWidthTypes.Date64,
		&arrow.Decimal256Type{Precision: 50}, arrow.BinaryTypes.StringView, arrow.StructOf(),
		arrow.FixedSizeListOf(3, arrow.PrimitiveTypes.Int8),
		arrow.RunEndEncodedOf(arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String),
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int64},
		arrow.ListOf(arrow.FixedWidthTypes.Duration_ns),
	} {
		var out bytes.Buffer
		_, err := NewWriter(&out, one("odd", dt), WriterOptions{})
		if flow.KindOf(err) != flow.BadConfig || !strings.Contains(err.Error(), "odd") || out.Len() > 0 {
			t.Errorf("%s: %v, %d bytes written", dt, err, out.Len())
		}
	}
}

func TestBadOptions(t *testing.T) {
	schema := one("a", arrow.PrimitiveTypes.Int64)
	for _, o := range []WriterOptions{
		{Compression: "zip"},
		{Bloom: []string{"b"}},
		{Level: 23},
		{Level: 3, Compression: "snappy"},
		{RowGroupRows: -1},
		{RowGroupBytes: -1},
		{Workers: -1},
		{Encodings: "none"},
	} {
		if _, err := NewWriter(&bytes.Buffer{}, schema, o); flow.KindOf(err) != flow.BadConfig {
			t.Errorf("%+v: %v", o, err)
		}
	}
	twice := arrow.NewSchema([]arrow.Field{schema.Field(0), schema.Field(0)}, nil)
	if _, err := NewWriter(&bytes.Buffer{}, twice, WriterOptions{}); flow.KindOf(err) != flow.BadConfig {
		t.Errorf("same column twice: %v", err)
	}
}

// TestSchema pins the schema as another reader prints it.
func TestSchema(t *testing.T) {
	id := func(n int) arrow.Metadata {
		return arrow.MetadataFrom(map[string]string{"PARQUET:field_id": fmt.Sprint(n)})
	}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "i8", Type: arrow.PrimitiveTypes.Int8, Metadata: id(1)},
		{Name: "u64", Type: arrow.PrimitiveTypes.Uint64, Nullable: true},
		{Name: "price", Type: &arrow.Decimal128Type{Precision: 15, Scale: 2}},
		{Name: "big", Type: &arrow.Decimal128Type{Precision: 38, Scale: 3}},
		{Name: "day", Type: arrow.FixedWidthTypes.Date32},
		{Name: "at", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}},
		{Name: "local", Type: &arrow.TimestampType{Unit: arrow.Nanosecond}},
		{Name: "time", Type: arrow.FixedWidthTypes.Time64us},
		{Name: "tags", Type: arrow.ListOfField(arrow.Field{Name: "item", Type: arrow.BinaryTypes.String, Nullable: true, Metadata: id(9)}), Metadata: id(8)},
		{Name: "m", Type: arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Float64), Nullable: true},
		{Name: "s", Type: arrow.StructOf(arrow.Field{Name: "x", Type: arrow.FixedWidthTypes.Boolean, Metadata: id(12)})},
	}, nil)
	w := written{schema: schema}
	w.write(t, WriterOptions{})
	f, err := parquetgo.OpenFile(bytes.NewReader(w.file), int64(len(w.file)))
	if err != nil {
		t.Fatal(err)
	}
	want := `message schema {
	required int32 i8 (INT(8,true)) = 1;
	optional int64 u64 (INT(64,false));
	required int64 price (DECIMAL(15,2));
	required fixed_len_byte_array(16) big (DECIMAL(38,3));
	required int32 day (DATE);
	required int64 at (TIMESTAMP(isAdjustedToUTC=true,unit=MICROS));
	required int64 local (TIMESTAMP(isAdjustedToUTC=false,unit=NANOS));
	required int64 time (TIME(isAdjustedToUTC=false,unit=MICROS));
	required group tags (LIST) = 8 {
		repeated group list {
			optional binary element (STRING) = 9;
		}
	}
	optional group m (MAP) {
		repeated group key_value {
			required binary key (STRING);
			optional double value;
		}
	}
	required group s {
		required boolean x = 12;
	}
}`
	if got := f.Schema().String(); got != want {
		t.Errorf("schema\n%s\nwant\n%s", got, want)
	}
}

func TestEmptyFiles(t *testing.T) {
	for _, schema := range []*arrow.Schema{one("a", arrow.PrimitiveTypes.Int64), arrow.NewSchema(nil, nil)} {
		w := written{schema: schema}
		w.write(t, WriterOptions{})
		r, err := Open(bytes.NewReader(w.file), ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(r.RowGroups()); n != 0 || w.meta.NumRows != 0 || r.Schema().NumFields() != schema.NumFields() {
			t.Errorf("%d row groups, %d rows, %s", n, w.meta.NumRows, r.Schema())
		}
	}
}

// TestSeconds shows the one lossless change of type.
func TestSeconds(t *testing.T) {
	file, _ := writeJSON(t, one("at", &arrow.TimestampType{Unit: arrow.Second, TimeZone: "UTC"}), WriterOptions{},
		`[{"at": "2025-01-02T03:04:05Z"}, {"at": null}]`)
	r, err := Open(bytes.NewReader(file), ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	err = r.Read(t.Context(), nil, nil, func(b arrow.RecordBatch) error {
		c := b.Column(0).(*array.Timestamp)
		if u := c.DataType().(*arrow.TimestampType).Unit; u != arrow.Millisecond || c.Value(0) != 1735787045000 || !c.IsNull(1) {
			t.Errorf("%s: %v", u, c)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBadRows writes values that their columns do not hold: the error names
// column and rows, and nothing can be done afterwards.
func TestBadRows(t *testing.T) {
	dec := &arrow.Decimal128Type{Precision: 5, Scale: 2}
	tooLong := func(dt *arrow.Decimal128Type, v decimal128.Num) arrow.Array {
		b := array.NewDecimal128Builder(memory.NewGoAllocator(), dt)
		b.Append(v)
		return b.NewArray()
	}
	wide := &arrow.Decimal128Type{Precision: 20}
	for _, c := range []struct {
		field arrow.Field
		col   arrow.Array
		want  string
	}{
		{arrow.Field{Name: "d", Type: dec}, tooLong(dec, decimal128.FromI64(100_000)), "column d: rows 0 to 0: a value has more digits"},
		{arrow.Field{Name: "d", Type: dec}, tooLong(dec, decimal128.New(1, 0)), "more digits than decimal(5, 2)"},
		{arrow.Field{Name: "w", Type: wide}, tooLong(wide, decimal128.New(1<<40, 0)), "more digits than decimal(20, 0)"},
		{
			arrow.Field{Name: "n", Type: arrow.PrimitiveTypes.Int64},
			array.MakeArrayOfNull(memory.NewGoAllocator(), arrow.PrimitiveTypes.Int64, 3), "column n: row 0: a null",
		},
	} {
		schema := arrow.NewSchema([]arrow.Field{c.field}, nil)
		for _, workers := range []int{1, 2} {
			w, err := NewWriter(&bytes.Buffer{}, schema, WriterOptions{Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			b := array.NewRecordBatch(schema, []arrow.Array{c.col}, int64(c.col.Len()))
			err = w.Write(b)
			_, closing := w.Close()
			if err = errors.Join(err, closing); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.field.Name, err)
			}
			if w.Write(b) == nil {
				t.Errorf("%s: a write after the error", c.field.Name)
			}
		}
	}
}

// TestFailingDisk fails the file at every size it goes through.
func TestFailingDisk(t *testing.T) {
	schema := one("a", arrow.PrimitiveTypes.Int64)
	b := randomBatch(newRand(3), schema, 5000)
	for limit := 0; ; limit += 3001 {
		out := &fullDisk{limit: limit}
		w, err := NewWriter(out, schema, WriterOptions{RowGroupRows: 1000, Compression: "none"})
		if err != nil {
			t.Fatal(err)
		}
		err = w.Write(b)
		if err == nil {
			_, err = w.Close()
		} else {
			w.Abort()
		}
		if err == nil {
			if limit == 0 {
				t.Error("an empty disk took the file")
			}
			return
		}
		if !errors.Is(err, errFull) {
			t.Fatalf("limit %d: %v", limit, err)
		}
	}
}

var errFull = errors.New("disk full")

type fullDisk struct{ limit int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) > d.limit {
		return 0, errFull
	}
	d.limit -= len(p)
	return len(p), nil
}

func TestBloom(t *testing.T) {
	file := testFile(t, 2500)
	f, err := parquetgo.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for g, group := range f.RowGroups() {
		bloom := group.ColumnChunks()[0].BloomFilter()
		for i := range int64(100_000) {
			has, err := bloom.Check(parquetgo.ValueOf(i))
			if err != nil {
				t.Fatal(err)
			}
			in := i/1000 == int64(g) && i < 2500
			if in && !has {
				t.Fatalf("row group %d: %d is there", g, i)
			}
			if has && !in {
				wrong++
			}
		}
	}
	if wrong > 3000 { // 1 %
		t.Errorf("%d of 300,000 answers are wrong", wrong)
	}
}

// TestLevels compares the sizes that levels make, so that -1 and 22 mean
// something.
func TestLevels(t *testing.T) {
	b := randomBatch(newRand(5), one("a", arrow.BinaryTypes.String), 20_000)
	size := func(o WriterOptions) int {
		w := written{schema: b.Schema(), batches: []arrow.RecordBatch{b}}
		w.write(t, o)
		return len(w.file)
	}
	if fast, best := size(WriterOptions{Level: 1}), size(WriterOptions{Level: 19}); best >= fast {
		t.Errorf("level 19 makes %d bytes, level 1 %d", best, fast)
	}
}

func TestKeyValue(t *testing.T) {
	w := written{schema: one("a", arrow.PrimitiveTypes.Int64)}
	w.write(t, WriterOptions{KeyValue: map[string]string{"made": "here", "by": "test"}})
	kv := w.meta.KeyValueMetadata()
	if v := kv.FindValue("made"); v == nil || *v != "here" || kv.FindValue(arrowSchemaKey) == nil {
		t.Errorf("metadata %v", kv)
	}
}

// TestSmallBatches writes a row at a time.
func TestSmallBatches(t *testing.T) {
	r := newRand(9)
	for _, schema := range []*arrow.Schema{randomSchema(r), one("d", leafTypes[28])} {
		w := written{schema: schema}
		for range 1500 {
			w.batches = append(w.batches, randomBatch(r, schema, r.IntN(3)))
		}
		w.write(t, WriterOptions{RowGroupRows: 900})
		readBack(t, &w)
		if n := w.meta.NumRowGroups(); n > 2 {
			t.Errorf("%d row groups", n)
		}
	}
}

// TestSharedEncoders writes files in turn with the same working memory.
func TestSharedEncoders(t *testing.T) {
	var e Encoders
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := newRand(seed)
			w := written{schema: randomSchema(r)}
			w.batches = []arrow.RecordBatch{randomBatch(r, w.schema, 500), randomBatch(r, w.schema, 500)}
			w.write(t, WriterOptions{Encoders: &e, Workers: 2, Compression: []string{"zstd", "snappy"}[seed%2]})
			readBack(t, &w)
		})
	}
}

// TestNoColumns keeps the number of rows of batches without columns.
func TestNoColumns(t *testing.T) {
	schema := arrow.NewSchema(nil, nil)
	w := written{schema: schema, batches: []arrow.RecordBatch{array.NewRecordBatch(schema, nil, 7)}}
	w.write(t, WriterOptions{})
	r, err := Open(bytes.NewReader(w.file), ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	err = r.Read(t.Context(), nil, nil, func(b arrow.RecordBatch) error {
		rows += b.NumRows()
		return nil
	})
	if err != nil || rows != 7 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// TestEstimate asks for the size while writing; it is used to end files.
func TestEstimate(t *testing.T) {
	batches := lineitem(3)
	var out bytes.Buffer
	w, err := NewWriter(&out, batches[0].Schema(), WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if w.Buffered() <= 0 || w.Estimate() <= w.Written() {
			t.Errorf("Buffered %d, Estimate %d, Written %d", w.Buffered(), w.Estimate(), w.Written())
		}
		last = w.Estimate()
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := int64(out.Len()); last < got/2 || last > 2*got {
		t.Errorf("estimate %d of a file of %d", last, got)
	}
}

// TestMemory writes with an allocator that counts, and aborts in the middle.
func TestMemory(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	schema := one("a", arrow.BinaryTypes.String)
	for _, abort := range []bool{false, true} {
		w, err := NewWriter(&bytes.Buffer{}, schema, WriterOptions{Alloc: alloc, RowGroupRows: 20_000})
		if err != nil {
			t.Fatal(err)
		}
		for range 300 {
			rb := array.NewRecordBuilder(alloc, schema)
			for range 200 {
				rb.Field(0).(*array.StringBuilder).Append("some text")
			}
			b := rb.NewRecordBatch()
			if err := w.Write(b); err != nil {
				t.Fatal(err)
			}
			b.Release()
			rb.Release()
		}
		if abort {
			w.Abort()
		} else if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
