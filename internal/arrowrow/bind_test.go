package arrowrow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/internal/arrowrow"
	"github.com/weirflow/weir/internal/mem"
)

// batchOf is a batch of JSON rows.
func batchOf(t *testing.T, rows string, fields ...arrow.Field) arrow.RecordBatch {
	t.Helper()
	b, _, err := array.RecordFromJSON(memory.NewGoAllocator(), arrow.NewSchema(fields, nil), strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func nullable(name string, dt arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: dt, Nullable: true}
}

func decode[T any](t *testing.T, b arrow.RecordBatch) ([]T, error) {
	t.Helper()
	d, err := must(arrowrow.Of[T]()).Bind(b.Schema())
	if err != nil {
		t.Fatal(err)
	}
	return d.Decode(b, nil)
}

func TestUnsupportedTypesAreNamed(t *testing.T) {
	type self struct{ Next []self }
	type inner struct{ C chan int }
	type bits struct {
		Inner []map[string]inner
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{second(arrowrow.Of[int]()), "convert int to columns: not a struct"},
		{second(arrowrow.Of[self]()), "field Next: arrowrow_test.self contains itself"},
		{second(arrowrow.Of[bits]()), "field Inner: value: field C: chan int has no column type"},
		{second(arrowrow.Of[struct{ P **int }]()), "field P: **int: a pointer to a pointer"},
		{second(arrowrow.Of[struct{ V any }]()), "field V: interface {} has no column type"},
		{second(arrowrow.Of[struct{ A [0]int }]()), "field A: [0]int has no column type"},
		{second(arrowrow.Of[struct{ M map[*int]int }]()), "field M: map[*int]int: the key"},
		{second(arrowrow.Of[struct{ x int }]()), "has no exported fields"},
		{second(arrowrow.Of[struct{ *Point }]()), "field Point: an embedded pointer"},
		{second(arrowrow.Of[struct {
			A int `arrow:"a,date32"`
		}]()), "field A: option date32 is for time.Time, not for int"},
		{second(arrowrow.Of[struct {
			A int `arrow:"a,zip"`
		}]()), `tag "a,zip": option "zip" is not one of large`},
		{second(arrowrow.Of[struct {
			A time.Time `arrow:",timestamp(m)"`
		}]()), "timestamp(m): the unit is not one of s, ms, us, ns"},
		{second(arrowrow.Of[struct {
			A decimal128.Num `arrow:",decimal(40,2)"`
		}]()), "decimal(40,2): the precision of this type is 1 to 38"},
		{second(arrowrow.Of[struct {
			A decimal128.Num `arrow:",decimal(9)"`
		}]()), "want decimal(precision,scale)"},
		{second(arrowrow.Of[struct {
			A string `arrow:",decimal(9,2)"`
		}]()), "option decimal is for Arrow's decimal types, not for string"},
		{second(arrowrow.Of[struct {
			A []string `arrow:",dict"`
		}]()), "option dict is for strings, not for []string"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("error %v, want %q", c.err, c.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestBindListsTheDifference(t *testing.T) {
	type order struct {
		ID    int32     `arrow:"id"`
		Item  string    `arrow:"item"`
		Price float64   `arrow:"price"`
		At    time.Time `arrow:"at"`
		Sub   struct {
			A int64
			B []string
		}
	}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "Item", Type: arrow.BinaryTypes.String},
		{Name: "at", Type: arrow.BinaryTypes.String},
		{Name: "Sub", Type: arrow.StructOf(arrow.Field{Name: "B", Type: arrow.ListOf(arrow.PrimitiveTypes.Int8)})},
		{Name: "extra", Type: arrow.Null},
	}, nil)
	_, err := must(arrowrow.Of[order]()).Bind(schema)
	if err == nil {
		t.Fatal("bound")
	}
	want := `read columns into arrowrow_test.order: column "id": is int64, want int32
column "at": is utf8, want timestamp[us, tz=UTC]
column "Sub": column "B": element is int8, want utf8
missing columns: "A" (int64); there are "B"
missing columns: "item" (utf8), "price" (float64); there are "id", "Item", "at", "Sub", "extra"`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestNullsWhereNoneMayBe(t *testing.T) {
	type flat struct{ A, B int64 }
	type deep struct {
		S struct{ T []struct{ N string } }
	}
	type masked struct {
		P *struct{ N int64 }
		L []int64
		F *[2]int64
		M map[string]int64
	}
	i64 := arrow.PrimitiveTypes.Int64
	b := batchOf(t, `[{"A":1,"B":1},{"A":2,"B":null},{"A":null,"B":3}]`, nullable("A", i64), nullable("B", i64))
	if _, err := decode[flat](t, b); err == nil || !strings.Contains(err.Error(), `column "A", row 2: null`) {
		t.Errorf("null in A: %v", err)
	}
	if _, err := decode[flat](t, b.NewSlice(1, 2)); err == nil || !strings.Contains(err.Error(), `column "B", row 0: null`) {
		t.Errorf("null in B of a slice: %v", err)
	}
	if got, err := decode[flat](t, b.NewSlice(0, 1)); err != nil || got[0] != (flat{1, 1}) {
		t.Errorf("a slice without nulls: %v, %v", got, err)
	}
	n := nullable("N", arrow.BinaryTypes.String)
	s := nullable("S", arrow.StructOf(nullable("T", arrow.ListOf(arrow.StructOf(n)))))
	b = batchOf(t, `[{"S":{"T":[{"N":"a"}]}},{"S":{"T":[]}},{"S":{"T":[{"N":"b"},{"N":null}]}}]`, s)
	if _, err := decode[deep](t, b); err == nil || !strings.Contains(err.Error(), `column "S.T.element.N", row 2: null`) {
		t.Errorf("a null deep inside: %v", err)
	}
	// What lies under a null is nobody's business.
	b = batchOf(t, `[{"P":null,"L":null,"F":null,"M":null},{"P":{"N":1},"L":[1],"F":[1,2],"M":[{"key":"a","value":1}]}]`,
		nullable("P", arrow.StructOf(nullable("N", i64))), nullable("L", arrow.ListOf(i64)),
		nullable("F", arrow.FixedSizeListOf(2, i64)), nullable("M", arrow.MapOf(arrow.BinaryTypes.String, i64)))
	got, err := decode[masked](t, b)
	if err != nil {
		t.Fatal(err)
	}
	want := []masked{{}, {&struct{ N int64 }{1}, []int64{1}, &[2]int64{1, 2}, map[string]int64{"a": 1}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A struct that is not null may lie inside one that is.
func TestNullsBelowTwoStructs(t *testing.T) {
	type row struct {
		Outer *struct{ Inner struct{ N int64 } }
	}
	nb := array.NewInt64Builder(memory.NewGoAllocator())
	nb.AppendNull()
	nb.Append(7)
	nb.AppendNull()
	n := nb.NewArray()
	inner := arrow.StructOf(nullable("N", n.DataType()))
	outer := arrow.StructOf(nullable("Inner", inner))
	valid := memory.NewBufferBytes([]byte{0b011})
	batch := func(top byte) arrow.RecordBatch {
		in := array.NewData(inner, 3, []*memory.Buffer{valid}, []arrow.ArrayData{n.Data()}, 1, 0)
		out := array.NewData(outer, 3, []*memory.Buffer{memory.NewBufferBytes([]byte{top})}, []arrow.ArrayData{in}, -1, 0)
		schema := arrow.NewSchema([]arrow.Field{nullable("Outer", outer)}, nil)
		return array.NewRecordBatch(schema, []arrow.Array{array.MakeFromData(out)}, 3)
	}
	got, err := decode[row](t, batch(0b010))
	if err != nil || got[0].Outer != nil || got[1].Outer.Inner.N != 7 || got[2].Outer != nil {
		t.Errorf("%+v, %v", got, err)
	}
	for top, want := range map[byte]string{0b011: `column "Outer.Inner.N", row 0`, 0b110: `column "Outer.Inner", row 2`} {
		if _, err := decode[row](t, batch(top)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestDatesBefore1970(t *testing.T) {
	type row struct {
		Day   time.Time `arrow:"day,date32"`
		Clock time.Time `arrow:"clock,time64"`
	}
	noon := time.Date(1969, 12, 31, 12, 0, 0, 5, time.UTC)
	b := must(must(arrowrow.Of[row]()).Encode(memory.NewGoAllocator(), []row{{noon, noon}}))
	got, err := decode[row](t, b)
	want := row{time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(1970, 1, 1, 12, 0, 0, 5, time.UTC)}
	if err != nil || got[0] != want {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

// Columns may be narrower or of another form than those Encode writes.
func TestReadsOtherForms(t *testing.T) {
	type row struct {
		I   int64
		U   uint32
		F   float64
		S   string
		SL  string
		SV  *string
		B   []byte
		At  time.Time
		Day time.Time
		L   []string
	}
	dict := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint8, ValueType: arrow.BinaryTypes.String}
	b := batchOf(t, `[{"I":-3,"U":7,"F":0.5,"S":"a","SL":"l","SV":"v","B":"YQ==","At":"2024-05-06 07:08:09.123","Day":"2024-05-06","L":["x","y"]},
		{"I":4,"U":8,"F":1.5,"S":"b","SL":"","SV":null,"B":null,"At":"1969-12-31 23:59:59.5","Day":"1969-12-31","L":null}]`,
		nullable("I", arrow.PrimitiveTypes.Int16), nullable("U", arrow.PrimitiveTypes.Uint8), nullable("F", arrow.PrimitiveTypes.Float32),
		nullable("S", dict), nullable("SL", arrow.BinaryTypes.LargeString), nullable("SV", arrow.BinaryTypes.StringView),
		nullable("B", arrow.BinaryTypes.LargeBinary), nullable("At", &arrow.TimestampType{Unit: arrow.Millisecond}),
		nullable("Day", arrow.FixedWidthTypes.Date32), nullable("L", arrow.LargeListOf(dict)))
	got, err := decode[row](t, b)
	if err != nil {
		t.Fatal(err)
	}
	want := []row{
		{
			-3, 7, 0.5, "a", "l", new("v"), []byte("a"), time.Date(2024, 5, 6, 7, 8, 9, 123e6, time.UTC),
			time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC),
			[]string{"x", "y"},
		},
		{
			4, 8, 1.5, "b", "", nil, nil, time.Date(1969, 12, 31, 23, 59, 59, 5e8, time.UTC),
			time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), nil,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadsExtensions(t *testing.T) {
	type row struct {
		ID  [16]byte
		Opt *[16]byte
	}
	ub := extensions.NewUUIDBuilder(memory.NewGoAllocator())
	ub.AppendBytes([16]byte{1, 15: 2})
	ids := ub.NewArray()
	schema := arrow.NewSchema([]arrow.Field{nullable("ID", ids.DataType()), nullable("Opt", ids.DataType())}, nil)
	got, err := decode[row](t, array.NewRecordBatch(schema, []arrow.Array{ids, ids}, 1))
	if err != nil || got[0].ID != ([16]byte{1, 15: 2}) || *got[0].Opt != got[0].ID {
		t.Errorf("%v, %v", got, err)
	}
}

func TestValuesThatDoNotFit(t *testing.T) {
	type row struct {
		At  time.Time       `arrow:",timestamp(ns)"`
		Dec *decimal128.Num `arrow:",decimal(3,1)"`
		Us  time.Time
		Day time.Time `arrow:",date32"`
	}
	alloc := clean(t)
	c := must(arrowrow.Of[row]())
	early, late := time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(1<<50, 0)
	ok := row{At: time.Unix(0, 0), Us: time.Unix(0, 0), Day: time.Unix(0, 0)}
	for _, x := range []struct {
		row  row
		want string
	}{
		{row{At: early}, `encode column "At": row 1: 1600-01-01 00:00:00 +0000 UTC is out of the range of timestamp[ns, tz=UTC]`},
		{row{At: ok.At, Dec: new(decimal128.FromI64(1000))}, `encode column "Dec": row 1: 100.0 has more than the 3 digits`},
		{row{At: ok.At, Us: late}, `encode column "Us": row 1:`},
		{row{At: ok.At, Day: late}, `encode column "Day": row 1:`},
	} {
		if _, err := c.Encode(alloc, []row{ok, x.row}); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("error %v, want %q", err, x.want)
		}
	}
	if b, err := c.Encode(alloc, []row{ok, {Us: early, Day: early, At: ok.At, Dec: new(decimal128.FromI64(-999))}}); err != nil {
		t.Error(err)
	} else {
		b.Release()
	}
}

type tagged struct {
	A string `arrow:"x"`
	B string
}

type deeper struct {
	tagged
	B string
	C string
}

// Fields of embedded structs have the names encoding/json would give them.
func TestEmbedding(t *testing.T) {
	type twin struct{ C string }
	type outer struct {
		deeper
		twin
		B     string `arrow:"b2"`
		Other twin   `arrow:"twin"`
	}
	c := must(arrowrow.Of[outer]())
	var names []string
	for _, f := range c.Schema().Fields() {
		names = append(names, f.Name)
	}
	if diff := cmp.Diff([]string{"x", "B", "b2", "twin"}, names); diff != "" {
		t.Error(diff)
	}
	v := outer{deeper: deeper{tagged: tagged{A: "a"}, B: "b"}, B: "c", Other: twin{"d"}}
	b := must(c.Encode(memory.NewGoAllocator(), []outer{v}))
	got, err := decode[outer](t, b)
	if err != nil || got[0] != v {
		t.Errorf("%+v became %+v, %v", v, got, err)
	}
}

func TestDecodeIntoUsedRows(t *testing.T) {
	type row struct {
		A    *string
		skip int
	}
	alloc := clean(t)
	c := must(arrowrow.Of[row]())
	b := must(c.Encode(alloc, []row{{A: new("x")}, {}}))
	d := must(c.Bind(b.Schema()))
	used := []row{{new("first"), 1}, {new("old"), 2}, {new("old"), 3}}
	got, err := d.Decode(b, used[:1])
	b.Release()
	if err != nil || len(got) != 3 || *got[0].A != "first" || got[0].skip != 1 ||
		*got[1].A != "x" || got[1].skip != 0 || got[2].A != nil || got[2].skip != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if &got[0] != &used[0] {
		t.Error("rows with room for the batch were moved")
	}
	other := batchOf(t, `[{"A":1}]`, nullable("A", arrow.PrimitiveTypes.Int8))
	if _, err := d.Decode(other, nil); err == nil || !strings.Contains(err.Error(), "schema changed") {
		t.Errorf("a batch of another schema: %v", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	pool := mem.NewPool(mem.Options{})
	c := must(arrowrow.Of[wide]())
	vs := wideRows()[:100]
	d := must(c.Bind(c.Schema()))
	done := make(chan error)
	for range 4 {
		go func() {
			for range 50 {
				b, err := c.Encode(pool, vs)
				if err != nil {
					done <- err
					return
				}
				got, err := d.Decode(b, nil)
				b.Release()
				if diff := cmp.Diff(vs, got); err != nil || diff != "" {
					t.Errorf("%v %s", err, diff)
				}
			}
			done <- nil
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if pool.InUse() != 0 {
		t.Errorf("%d bytes not released", pool.InUse())
	}
}
