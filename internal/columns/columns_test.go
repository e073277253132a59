package columns_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/compute"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/internal/bincode"
	"github.com/weirflow/weir/internal/columns"
	"github.com/weirflow/weir/internal/mem"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// flat types are those that compute filters and takes, too.
func flatTypes() []arrow.DataType {
	return []arrow.DataType{
		arrow.Null, arrow.FixedWidthTypes.Boolean,
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
		arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint64, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
		arrow.FixedWidthTypes.Float16, arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Date64,
		arrow.FixedWidthTypes.Timestamp_us, arrow.FixedWidthTypes.Time32ms, arrow.FixedWidthTypes.Time64ns,
		arrow.FixedWidthTypes.Duration_ns, arrow.FixedWidthTypes.MonthInterval, arrow.FixedWidthTypes.DayTimeInterval,
		arrow.FixedWidthTypes.MonthDayNanoInterval,
		&arrow.Decimal128Type{Precision: 30, Scale: 2}, &arrow.Decimal256Type{Precision: 60, Scale: 2},
		&arrow.FixedSizeBinaryType{ByteWidth: 5}, &arrow.FixedSizeBinaryType{ByteWidth: 16},
		arrow.BinaryTypes.String, arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.LargeBinary,
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: arrow.BinaryTypes.String},
		arrow.ListOf(arrow.PrimitiveTypes.Int32), arrow.LargeListOf(arrow.BinaryTypes.String),
		arrow.FixedSizeListOf(3, arrow.BinaryTypes.String), arrow.ListOf(arrow.ListOf(arrow.FixedWidthTypes.Boolean)),
		arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
			arrow.Field{Name: "b", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true}),
		arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64),
	}
}

// rareTypes are compared row by row instead.
func rareTypes() []arrow.DataType {
	fields := []arrow.Field{{Name: "i", Type: arrow.PrimitiveTypes.Int32, Nullable: true}, {Name: "s", Type: arrow.BinaryTypes.String, Nullable: true}}
	return []arrow.DataType{
		arrow.BinaryTypes.StringView, arrow.BinaryTypes.BinaryView,
		arrow.ListViewOf(arrow.PrimitiveTypes.Int16), arrow.LargeListViewOf(arrow.BinaryTypes.String),
		arrow.SparseUnionOf(fields, []arrow.UnionTypeCode{3, 7}), arrow.DenseUnionOf(fields, []arrow.UnionTypeCode{3, 7}),
		arrow.RunEndEncodedOf(arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String),
		arrow.RunEndEncodedOf(arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int64),
		extensions.NewUUIDType(),
		arrow.StructOf(arrow.Field{Name: "u", Type: arrow.DenseUnionOf(fields, []arrow.UnionTypeCode{0, 1}), Nullable: true}),
	}
}

// fill appends n random values to b.
func fill(r *rand.Rand, b array.Builder, n int) {
	for range n {
		if r.IntN(5) == 0 {
			b.AppendNull()
			continue
		}
		text := strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(30))
		switch b := b.(type) {
		case *array.NullBuilder:
			b.AppendNull()
		case *array.StringBuilder:
			b.Append(text)
		case *array.LargeStringBuilder:
			b.Append(text)
		case *array.StringViewBuilder:
			b.Append(text)
		case *array.BinaryBuilder:
			b.AppendString(text)
		case *array.BinaryViewBuilder:
			b.AppendString(text)
		case *array.BinaryDictionaryBuilder:
			if err := b.AppendString(text[:min(len(text), 1)]); err != nil {
				panic(err)
			}
		case *array.FixedSizeBinaryBuilder:
			v := make([]byte, b.Type().(*arrow.FixedSizeBinaryType).ByteWidth)
			v[0], v[len(v)-1] = byte(r.Int()), byte(r.Int())
			b.Append(v)
		case *extensions.UUIDBuilder:
			b.AppendBytes([16]byte{byte(r.Int())})
		case *array.MonthIntervalBuilder:
			b.Append(arrow.MonthInterval(r.IntN(100)))
		case *array.DayTimeIntervalBuilder:
			b.Append(arrow.DayTimeInterval{Days: r.Int32()})
		case *array.MonthDayNanoIntervalBuilder:
			b.Append(arrow.MonthDayNanoInterval{Months: r.Int32(), Nanoseconds: r.Int64()})
		case *array.StructBuilder:
			b.Append(true)
			for i := range b.NumField() {
				fill(r, b.FieldBuilder(i), 1)
			}
		case *array.MapBuilder:
			b.Append(true)
			for i := range r.IntN(3) {
				b.KeyBuilder().(*array.StringBuilder).Append(fmt.Sprint(i))
				fill(r, b.ItemBuilder(), 1)
			}
		case *array.FixedSizeListBuilder:
			b.Append(true)
			fill(r, b.ValueBuilder(), 3)
		case *array.ListViewBuilder:
			k := r.IntN(4)
			b.AppendWithSize(true, k)
			fill(r, b.ValueBuilder(), k)
		case *array.LargeListViewBuilder:
			k := r.IntN(4)
			b.AppendWithSize(true, k)
			fill(r, b.ValueBuilder(), k)
		case array.ListLikeBuilder:
			b.(interface{ Append(bool) }).Append(true)
			fill(r, b.ValueBuilder(), r.IntN(4))
		case *array.DenseUnionBuilder:
			k := r.IntN(2)
			b.Append(b.Type().(*arrow.DenseUnionType).TypeCodes()[k])
			fill(r, b.Child(k), 1)
		case *array.SparseUnionBuilder:
			k := r.IntN(2)
			b.Append(b.Type().(*arrow.SparseUnionType).TypeCodes()[k])
			fill(r, b.Child(k), 1)
			b.Child(1 - k).AppendEmptyValue()
		case *array.RunEndEncodedBuilder:
			b.Append(uint64(1 + r.IntN(2)))
			fill(r, b.ValueBuilder(), 1)
		default:
			if err := b.AppendValueFromString(fmt.Sprint(r.IntN(2))); err != nil {
				if err := b.AppendValueFromString("2024-01-02"); err != nil {
					if err := b.AppendValueFromString("10:00:00"); err != nil {
						panic(err)
					}
				}
			}
		}
	}
}

// randomBatch is a slice, with an offset, of a batch of columns of types.
func randomBatch(alloc memory.Allocator, r *rand.Rand, types []arrow.DataType, n int) arrow.RecordBatch {
	head, tail := r.IntN(10), r.IntN(10)
	fields := make([]arrow.Field, len(types))
	cols := make([]arrow.Array, len(types))
	for i, t := range types {
		fields[i] = arrow.Field{Name: fmt.Sprint(i, " ", t), Type: t, Nullable: true}
		b := array.NewBuilder(alloc, t)
		fill(r, b, head+n+tail)
		whole := b.NewArray()
		b.Release()
		cols[i] = array.NewSlice(whole, int64(head), int64(head+n))
		whole.Release()
	}
	b := array.NewRecordBatch(arrow.NewSchema(fields, nil), cols, int64(n))
	for _, c := range cols {
		c.Release()
	}
	return b
}

// clean returns an allocator that finds leaks, use after release and trust in
// zeroed memory.
func clean(t *testing.T) *mem.CheckedAllocator {
	t.Helper()
	poison := mem.Poison(mem.NewPool(mem.Options{}))
	check := mem.Checked(poison)
	t.Cleanup(func() { check.AssertEmpty(t); poison.AssertClean(t) })
	return check
}

func randomRows(r *rand.Rand, n int) (keep []bool, kept []int32) {
	keep = make([]bool, n)
	chance := r.IntN(11)
	for i := range keep {
		if keep[i] = r.IntN(10) < chance; keep[i] {
			kept = append(kept, int32(i))
		}
	}
	return keep, kept
}

// sameRows checks that row i of got is row rows[i] of b.
func sameRows(t *testing.T, b, got arrow.RecordBatch, rows []int32) {
	t.Helper()
	if got.NumRows() != int64(len(rows)) || !got.Schema().Equal(b.Schema()) {
		t.Fatalf("%d rows of %v, want %d of %v", got.NumRows(), got.Schema(), len(rows), b.Schema())
	}
	for c := range b.NumCols() {
		want, have := b.Column(int(c)), got.Column(int(c))
		if have.DataType().ID() != arrow.RUN_END_ENCODED { // arrow-go finds fault with its own
			if err := array.ValidateFull(have); err != nil {
				t.Fatalf("column %s: %v", b.ColumnName(int(c)), err)
			}
		}
		for i, k := range rows {
			if have.IsNull(i) != want.IsNull(int(k)) || have.ValueStr(i) != want.ValueStr(int(k)) {
				t.Fatalf("column %s, row %d: %s, want %s", b.ColumnName(int(c)), i, have.ValueStr(i), want.ValueStr(int(k)))
			}
		}
	}
}

func TestFilterAndTakeRandom(t *testing.T) {
	alloc := clean(t)
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := r.IntN(70)
		b := randomBatch(memory.NewGoAllocator(), r, append(flatTypes(), rareTypes()...), n)
		keep, kept := randomRows(r, n)
		got, err := columns.Filter(alloc, b, keep)
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, b, got, kept)
		got.Release()

		var indices []int32
		for range r.IntN(2*n + 1) {
			indices = append(indices, int32(r.IntN(n)))
		}
		got, err = columns.Take(alloc, b, indices)
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, b, got, indices)
		got.Release()
		b.Release()
	}
}

func TestFilterEqualsCompute(t *testing.T) {
	alloc := clean(t)
	ctx := compute.WithAllocator(context.Background(), memory.NewGoAllocator())
	unknown := map[string]bool{} // to compute
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 2))
		n := r.IntN(200)
		b := randomBatch(memory.NewGoAllocator(), r, flatTypes(), n)
		keep, kept := randomRows(r, n)
		bb := array.NewBooleanBuilder(memory.NewGoAllocator())
		bb.AppendValues(keep, nil)
		mask := bb.NewArray()
		got := must(columns.Filter(alloc, b, keep))
		for c := range got.Columns() {
			if strings.Contains(b.ColumnName(c), "bool") {
				continue // arrow-go 18.8.0 filters booleans with nulls wrongly
			}
			want, err := compute.FilterArray(ctx, b.Column(c), mask, *compute.DefaultFilterOptions())
			if err != nil {
				unknown[b.Column(c).DataType().String()] = true
			} else if !array.Equal(want, got.Column(c)) {
				t.Fatalf("filter %d, column %s: %v\nwant %v", seed, b.ColumnName(c), got.Column(c), want)
			}
		}
		got.Release()
		ib := array.NewInt32Builder(memory.NewGoAllocator())
		slices.Reverse(kept)
		ib.AppendValues(kept, nil)
		indices := ib.NewArray()
		got = must(columns.Take(alloc, b, kept))
		for c := range got.Columns() {
			if strings.Contains(b.ColumnName(c), "bool") {
				continue
			}
			want, err := compute.TakeArray(ctx, b.Column(c), indices)
			if err != nil {
				unknown[b.Column(c).DataType().String()] = true
			} else if !array.Equal(want, got.Column(c)) {
				t.Fatalf("take %d, column %s: %v\nwant %v", seed, b.ColumnName(c), got.Column(c), want)
			}
		}
		got.Release()
	}
	if len(unknown) > 3 {
		t.Errorf("the oracle does not know %v", unknown)
	}
	t.Logf("not known to compute: %v", unknown)
}

func TestFilterAllAndNone(t *testing.T) {
	alloc := clean(t)
	b := randomBatch(alloc, rand.New(rand.NewPCG(1, 1)), flatTypes(), 10)
	defer b.Release()
	all := must(columns.Filter(alloc, b, slices.Repeat([]bool{true}, 10)))
	if all != b {
		t.Error("a batch that stays whole was copied")
	}
	all.Release()
	none := must(columns.Filter(alloc, b, make([]bool, 10)))
	if none.NumRows() != 0 || !none.Schema().Equal(b.Schema()) {
		t.Errorf("no rows kept: %v", none)
	}
	none.Release()
}

// A list that is null may still have elements below it; they are not copied.
func TestNullListsWithElements(t *testing.T) {
	elems := array.NewInt64Builder(memory.NewGoAllocator())
	elems.AppendValues([]int64{1, 2, 3, 4, 5}, nil)
	offsets := memory.NewBufferBytes(arrow.Int32Traits.CastToBytes([]int32{0, 2, 4, 5}))
	valid := memory.NewBufferBytes([]byte{0b110})
	dt := arrow.ListOf(arrow.PrimitiveTypes.Int64)
	lists := array.MakeFromData(array.NewData(dt, 3, []*memory.Buffer{valid, offsets},
		[]arrow.ArrayData{elems.NewArray().Data()}, 1, 0))
	schema := arrow.NewSchema([]arrow.Field{{Name: "l", Type: dt, Nullable: true}}, nil)
	alloc := clean(t)
	got := must(columns.Take(alloc, array.NewRecordBatch(schema, []arrow.Array{lists}, 3), []int32{2, 0, 1}))
	defer got.Release()
	list := got.Column(0).(*array.List)
	if list.String() != "[[5] (null) [3 4]]" || list.ListValues().Len() != 3 {
		t.Errorf("%v over %v", list, list.ListValues())
	}
}

func TestWrongSelections(t *testing.T) {
	b := randomBatch(memory.NewGoAllocator(), rand.New(rand.NewPCG(1, 1)), flatTypes(), 3)
	for _, c := range []struct {
		err  error
		want string
	}{
		{second(columns.Filter(memory.NewGoAllocator(), b, make([]bool, 2))), "2 flags for 3 rows"},
		{second(columns.Take(memory.NewGoAllocator(), b, []int32{0, 3})), "index 3 (at 1) is not one of 3 rows"},
		{second(columns.Take(memory.NewGoAllocator(), b, []int32{-1})), "index -1"},
		{second(columns.View[int64](b.Column(2))), "view column as int64: it is int8"},
		{second(columns.View[arrow.Timestamp](b.Column(5))), "view column as arrow.Timestamp: it is int64"},
		{columns.HashRows(b, []int{0}, make([]uint64, 2)), "2 places for 3 rows"},
		{columns.HashRows(b, []int{29}, make([]uint64, 3)), "type list<item: int32, nullable> can not be part of a key"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("error %v, want %q", c.err, c.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestView(t *testing.T) {
	ts := array.NewTimestampBuilder(memory.NewGoAllocator(), &arrow.TimestampType{Unit: arrow.Microsecond})
	ts.AppendValues([]arrow.Timestamp{1, 2, 3, 4}, nil)
	a := array.NewSlice(ts.NewArray(), 1, 3)
	if v := must(columns.View[arrow.Timestamp](a)); !slices.Equal(v, []arrow.Timestamp{2, 3}) {
		t.Errorf("timestamps %v", v)
	}
	if v := must(columns.View[int64](a)); !slices.Equal(v, []int64{2, 3}) {
		t.Errorf("timestamps as int64: %v", v)
	}
	db := array.NewDecimal128Builder(memory.NewGoAllocator(), &arrow.Decimal128Type{Precision: 9})
	db.Append(decimal128.FromI64(7))
	if v := must(columns.View[decimal128.Num](db.NewArray())); len(v) != 1 || v[0] != decimal128.FromI64(7) {
		t.Errorf("decimals %v", v)
	}
	empty := array.NewSlice(a, 1, 1)
	if v, err := columns.View[int64](empty); err != nil || len(v) != 0 {
		t.Errorf("empty column: %v, %v", v, err)
	}
}

type compound struct {
	I int16
	S string
	U [16]byte
	F float32
	B bool
}

func TestHashRowsOfUUIDs(t *testing.T) {
	ub := extensions.NewUUIDBuilder(memory.NewGoAllocator())
	ids := [][16]byte{{1}, {2, 15: 3}}
	for _, id := range ids {
		ub.AppendBytes(id)
	}
	col := ub.NewArray()
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: col.DataType()}}, nil)
	dst := make([]uint64, 2)
	if err := columns.HashRows(array.NewRecordBatch(schema, []arrow.Array{col}, 2), []int{0}, dst); err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		if want := must(bincode.KeyOf[[16]byte]()).Hash(id); dst[i] != want {
			t.Errorf("row %d: %#x, want %#x", i, dst[i], want)
		}
	}
}

// A row has the hash of the Go key of the same values.
func TestHashRowsEqualsKeyHash(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "i", Type: arrow.PrimitiveTypes.Int64},
		{Name: "s", Type: arrow.BinaryTypes.String},
		{Name: "u", Type: &arrow.FixedSizeBinaryType{ByteWidth: 16}},
		{Name: "f", Type: arrow.PrimitiveTypes.Float64},
		{Name: "b", Type: arrow.FixedWidthTypes.Boolean},
		{Name: "v", Type: arrow.BinaryTypes.StringView},
		{Name: "d", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}},
	}, nil)
	rb := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
	var keys []compound
	for range 1000 {
		k := compound{int16(r.Int()), strings.Repeat("x", r.IntN(9)), [16]byte{byte(r.Int()), 15: 1}, r.Float32() - 0.5, r.IntN(2) == 0}
		keys = append(keys, k)
		rb.Field(0).(*array.Int64Builder).Append(int64(k.I))
		rb.Field(1).(*array.StringBuilder).Append(k.S)
		rb.Field(2).(*array.FixedSizeBinaryBuilder).Append(k.U[:])
		rb.Field(3).(*array.Float64Builder).Append(float64(k.F))
		rb.Field(4).(*array.BooleanBuilder).Append(k.B)
		rb.Field(5).(*array.StringViewBuilder).Append(k.S)
		if err := rb.Field(6).(*array.BinaryDictionaryBuilder).AppendString(k.S); err != nil {
			t.Fatal(err)
		}
	}
	whole := rb.NewRecordBatch()
	b := whole.NewSlice(3, 1000)
	keys = keys[3:]
	whole5, i16, text := must(bincode.KeyOf[compound]()), must(bincode.KeyOf[int16]()), must(bincode.KeyOf[string]())
	dst := make([]uint64, b.NumRows())
	for _, c := range []struct {
		cols []int
		want func(compound) uint64
	}{
		{[]int{0, 1, 2, 3, 4}, whole5.Hash},
		{[]int{0}, func(k compound) uint64 { return i16.Hash(k.I) }},
		{[]int{1}, func(k compound) uint64 { return text.Hash(k.S) }},
		{[]int{5}, func(k compound) uint64 { return text.Hash(k.S) }},
		{[]int{6}, func(k compound) uint64 { return text.Hash(k.S) }},
		{nil, func(compound) uint64 { return 0 }},
	} {
		if err := columns.HashRows(b, c.cols, dst); err != nil {
			t.Fatal(err)
		}
		for i, k := range keys {
			if dst[i] != c.want(k) {
				t.Fatalf("columns %v, row %d: %#x, want %#x", c.cols, i, dst[i], c.want(k))
			}
		}
	}
}

func TestHashRowsOfNulls(t *testing.T) {
	alloc := memory.NewGoAllocator()
	r := rand.New(rand.NewPCG(9, 9))
	b := randomBatch(alloc, r, flatTypes()[:29], 600)
	dst := make([]uint64, 600)
	if err := columns.HashRows(b, []int{0}, dst); err != nil { // a column of nulls
		t.Fatal(err)
	}
	null := dst[0]
	for c := int64(1); c < b.NumCols(); c++ {
		switch b.Column(int(c)).DataType().ID() {
		case arrow.FLOAT16, arrow.INTERVAL_MONTHS, arrow.INTERVAL_DAY_TIME, arrow.INTERVAL_MONTH_DAY_NANO, arrow.DECIMAL256:
			continue
		default:
		}
		if err := columns.HashRows(b, []int{int(c)}, dst); err != nil {
			t.Fatal(err)
		}
		for i := range dst {
			if isNull := b.Column(int(c)).IsNull(i); isNull != (dst[i] == null) {
				t.Fatalf("column %s, row %d: hash %#x, hash of null %#x", b.ColumnName(int(c)), i, dst[i], null)
			}
		}
	}
}
