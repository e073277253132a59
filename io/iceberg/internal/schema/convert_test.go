package schema

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

var uuidText = `"0f0e0d0c-0b0a-0908-0706-050403020100"`

// TestTypes writes a column of each type as a new table would take it.
func TestTypes(t *testing.T) {
	ts := func(u arrow.TimeUnit, zone string) arrow.DataType {
		return &arrow.TimestampType{Unit: u, TimeZone: zone}
	}
	for _, c := range []struct {
		from arrow.DataType
		rows string // JSON; a null is added in front and behind
		typ  string // of Iceberg
		want string
	}{
		{arrow.PrimitiveTypes.Int8, `-128, 127`, "int", "-128 127"},
		{arrow.PrimitiveTypes.Uint16, `0, 65535`, "int", "0 65535"},
		{arrow.PrimitiveTypes.Uint32, `0, 4294967295`, "long", "0 4294967295"},
		{arrow.PrimitiveTypes.Uint64, `0, 18446744073709551615`, "decimal(20, 0)", "0 18446744073709551615"},
		{arrow.PrimitiveTypes.Int64, `-9223372036854775808`, "long", "-9223372036854775808"},
		{arrow.FixedWidthTypes.Float16, `1.5, -2`, "float", "1.5 -2"},
		{arrow.PrimitiveTypes.Float64, `0.1`, "double", "0.1"},
		{arrow.FixedWidthTypes.Boolean, `true, false`, "boolean", "true false"},
		{arrow.BinaryTypes.String, `"a", ""`, "string", "a "},
		{arrow.BinaryTypes.LargeString, `"a", "bb"`, "string", "a bb"},
		{arrow.BinaryTypes.StringView, `"a", "a text of more than twelve bytes"`, "string", "a a text of more than twelve bytes"},
		{arrow.BinaryTypes.LargeBinary, `"YWI="`, "binary", "YWI="},
		{arrow.BinaryTypes.BinaryView, `"YWI="`, "binary", "YWI="},
		{&arrow.FixedSizeBinaryType{ByteWidth: 2}, `"YWI="`, "fixed[2]", "YWI="},
		{extensions.NewUUIDType(), uuidText, "uuid", strings.Trim(uuidText, `"`)},
		{arrow.FixedWidthTypes.Date32, `"1969-12-31"`, "date", "1969-12-31"},
		{arrow.FixedWidthTypes.Date64, `"1969-12-31", "2024-02-29"`, "date", "1969-12-31 2024-02-29"},
		{arrow.FixedWidthTypes.Time32s, `"10:11:12"`, "time", "10:11:12.000000"},
		{arrow.FixedWidthTypes.Time32ms, `"10:11:12.123"`, "time", "10:11:12.123000"},
		{arrow.FixedWidthTypes.Time64ns, `"10:11:12.123456789"`, "time", "10:11:12.123456"},
		{ts(arrow.Second, ""), `-1`, "timestamp", "1969-12-31T23:59:59"},
		{ts(arrow.Millisecond, "UTC"), `-1`, "timestamptz", "1969-12-31T23:59:59.999Z"},
		{ts(arrow.Microsecond, "Europe/Berlin"), `1`, "timestamptz", "1970-01-01T00:00:00.000001Z"},
		{ts(arrow.Nanosecond, ""), `-1, 1999`, "timestamp", "1969-12-31T23:59:59.999999 1970-01-01T00:00:00.000001"},
		{&arrow.Decimal32Type{Precision: 5, Scale: 2}, `"-1.25"`, "decimal(5, 2)", "-1.25"},
		{&arrow.Decimal64Type{Precision: 15, Scale: 2}, `"123.45"`, "decimal(15, 2)", "123.45"},
		{&arrow.Decimal256Type{Precision: 38, Scale: 2}, `"-123456789012345678901234567890.25"`, "decimal(38, 2)", "-123456789012345678901234567890.25"},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, `"a", "b", "a"`, "string", "a b a"},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint16, ValueType: arrow.PrimitiveTypes.Uint32}, `7, 8, 7`, "long", "7 8 7"},
		{arrow.ListOf(arrow.PrimitiveTypes.Uint8), `[1, null, 3], []`, "list<int>", "[1,null,3] []"},
		{arrow.LargeListOf(arrow.BinaryTypes.StringView), `["a"], ["b", "c"]`, "list<string>", `["a"] ["b","c"]`},
		{arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Int16), `[1, 2], [3, null]`, "list<int>", "[1,2] [3,null]"},
		{
			arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Uint32), `[{"key":"a","value":1},{"key":"b","value":null}]`, "map<string, long>",
			`[{"key":"a","value":1},{"key":"b","value":null}]`,
		},
		{
			arrow.StructOf(arrow.Field{Name: "x", Type: arrow.PrimitiveTypes.Uint8}, arrow.Field{Name: "y", Type: arrow.ListOf(arrow.FixedWidthTypes.Date64), Nullable: true}),
			`{"x":1,"y":["2024-01-01"]}, {"x":2,"y":null}`, "struct<2: x: required int, 3: y: optional list<date>>", `{"x":1,"y":["2024-01-01"]} {"x":2,"y":null}`,
		},
	} {
		t.Run(c.from.String(), func(t *testing.T) {
			sc := arrow.NewSchema([]arrow.Field{{Name: "c", Type: c.from, Nullable: true}}, nil)
			arr, _, err := array.FromJSON(memory.DefaultAllocator, c.from, strings.NewReader("[null, "+c.rows+", null]"))
			if err != nil {
				t.Fatal(err)
			}
			table, err := New(sc)
			if err != nil {
				t.Fatal(err)
			}
			if got := table.Fields()[0].Type.String(); got != c.typ {
				t.Fatalf("type %s, want %s", got, c.typ)
			}
			for _, cut := range []int64{0, 1} { // whole, and as a slice
				a := array.NewSlice(arr, cut, int64(arr.Len()))
				got := convertOne(t, sc, a)
				want := strings.Repeat("(null) ", 1-int(cut)) + c.want + " (null)"
				if got != want {
					t.Errorf("from %d: %q, want %q", cut, got, want)
				}
			}
		})
	}
}

// convertOne converts a column and returns its values as text, after a round
// through Gather.
func convertOne(t *testing.T, sc *arrow.Schema, a arrow.Array) string {
	t.Helper()
	table, err := New(sc)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Fit(table, sc, Policy{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	to, err := Arrow(m.Schema)
	if err != nil {
		t.Fatal(err)
	}
	conv, err := NewConverter(sc, to, m.Columns, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	out, err := conv.Convert(array.NewRecordBatch(sc, []arrow.Array{a}, int64(a.Len())))
	if err != nil {
		t.Fatal(err)
	}
	if !arrow.TypeEqual(out.Column(0).DataType(), to.Field(0).Type) {
		t.Fatalf("%s, want %s", out.Column(0).DataType(), to.Field(0).Type)
	}
	// Read it from the back, twice, and take the second half forward again.
	n := out.NumRows()
	rows := make([]int32, 0, 2*n)
	for range 2 {
		for i := n - 1; i >= 0; i-- {
			rows = append(rows, int32(i))
		}
	}
	back, err := GatherBatch(out, rows, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for i := int(2*n) - 1; i >= int(n); i-- {
		values = append(values, back.Column(0).ValueStr(i))
	}
	for i, v := range values {
		if v != out.Column(0).ValueStr(i) {
			t.Errorf("row %d is %s, and %s after Gather", i, out.Column(0).ValueStr(i), v)
		}
	}
	return strings.Join(values, " ")
}

func TestRuns(t *testing.T) {
	b := array.NewRunEndEncodedBuilder(memory.DefaultAllocator, arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String)
	v := b.ValueBuilder().(*array.StringBuilder)
	b.Append(3)
	v.Append("a")
	b.Append(2)
	v.AppendNull()
	a := b.NewArray()
	sc := arrow.NewSchema([]arrow.Field{{Name: "c", Type: a.DataType(), Nullable: true}}, nil)
	if got := convertOne(t, sc, array.NewSlice(a, 1, 5)); got != "a a (null) (null)" {
		t.Errorf("%q", got)
	}
}

func TestUnsupported(t *testing.T) {
	for _, typ := range []arrow.DataType{
		arrow.FixedWidthTypes.Duration_s, arrow.FixedWidthTypes.MonthInterval, &arrow.Decimal256Type{Precision: 50, Scale: 2},
		arrow.ListOf(arrow.Null), &arrow.Decimal128Type{Precision: 5, Scale: -2},
		arrow.DenseUnionOf([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int8}}, []arrow.UnionTypeCode{0}),
	} {
		_, err := New(arrow.NewSchema([]arrow.Field{{Name: "bad", Type: typ}}, nil))
		if err == nil || !strings.Contains(err.Error(), "column bad") {
			t.Errorf("%s: %v", typ, err)
		}
	}
	_, err := New(arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int8}, {Name: "A", Type: arrow.PrimitiveTypes.Int8}}, nil))
	if err == nil {
		t.Error("names that differ in case alone were accepted")
	}
}

func TestOverflow(t *testing.T) {
	sc := arrow.NewSchema([]arrow.Field{{Name: "c", Type: &arrow.TimestampType{Unit: arrow.Second}, Nullable: true}}, nil)
	b := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: arrow.Second})
	b.Append(1 << 60)
	table, err := New(sc)
	if err != nil {
		t.Fatal(err)
	}
	to, err := Arrow(table)
	if err != nil {
		t.Fatal(err)
	}
	conv, err := NewConverter(sc, to, []int{0}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conv.Convert(array.NewRecordBatch(sc, []arrow.Array{b.NewArray()}, 1)); err == nil {
		t.Error("a second beyond microseconds was accepted")
	}
}

func BenchmarkGather(b *testing.B) {
	const n = 65536
	rng := rand.New(rand.NewPCG(1, 1))
	rb := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: arrow.PrimitiveTypes.Int64},
		{Name: "b", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		{Name: "c", Type: arrow.BinaryTypes.String},
		{Name: "d", Type: arrow.FixedWidthTypes.Boolean},
	}, nil))
	for i := range n {
		rb.Field(0).(*array.Int64Builder).Append(int64(i))
		rb.Field(1).(*array.Int32Builder).Append(int32(i))
		rb.Field(2).(*array.StringBuilder).Append(fmt.Sprint("text ", i))
		rb.Field(3).(*array.BooleanBuilder).Append(i%3 == 0)
	}
	batch := rb.NewRecordBatch()
	rows := make([]int32, n)
	for i, r := range rng.Perm(n) {
		rows[i] = int32(r)
	}
	done := 0
	for b.Loop() {
		if _, err := GatherBatch(batch, rows, memory.DefaultAllocator); err != nil {
			b.Fatal(err)
		}
		done += n
	}
	b.ReportMetric(float64(done)/b.Elapsed().Seconds(), "rows/s")
}
