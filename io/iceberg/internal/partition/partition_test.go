package partition

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/iceberg-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// column is a column with the literals that iceberg-go has for its values.
type column struct {
	typ  iceberg.Type
	data arrow.Array
	lits []iceberg.Literal // nil for null
}

func numbersOf[T int32 | int64 | float32 | float64](typ iceberg.Type, dt arrow.DataType, values []T,
	add func(array.Builder, T), lit func(T) iceberg.Literal,
) column {
	b := array.NewBuilder(memory.DefaultAllocator, dt)
	defer b.Release()
	c := column{typ: typ}
	for i, v := range values {
		if i%7 == 3 {
			b.AppendNull()
			c.lits = append(c.lits, nil)
			continue
		}
		add(b, v)
		c.lits = append(c.lits, lit(v))
	}
	c.data = b.NewArray()
	return c
}

func int64s(rng *rand.Rand, limit int64) []int64 {
	v := []int64{0, 1, -1, 2, 7, -7, 10, -10, 86399999999, 86400000000, -86400000000, -86400000001, -1, -1, -3600000000, -3600000001}
	for range 300 {
		v = append(v, rng.Int64N(2*limit)-limit)
	}
	return v
}

func int32s(rng *rand.Rand, limit int32) []int32 {
	v := []int32{0, 1, -1, 2, 7, -7, 10, -10, 58, 59, 60, 364, 365, -365, -366, 11016, 11017}
	for range 300 {
		v = append(v, rng.Int32N(limit)-limit/2)
	}
	return v
}

func columns(rng *rand.Rand) []column {
	p := iceberg.PrimitiveTypes
	var all []column
	ints := int32s(rng, math.MaxInt32)
	all = append(all,
		numbersOf(p.Int32, arrow.PrimitiveTypes.Int32, ints,
			func(b array.Builder, v int32) { b.(*array.Int32Builder).Append(v) },
			func(v int32) iceberg.Literal { return iceberg.Int32Literal(v) }),
		numbersOf(p.Date, arrow.FixedWidthTypes.Date32, int32s(rng, 1_000_000),
			func(b array.Builder, v int32) { b.(*array.Date32Builder).Append(arrow.Date32(v)) },
			func(v int32) iceberg.Literal { return iceberg.DateLiteral(v) }),
		numbersOf(p.Int64, arrow.PrimitiveTypes.Int64, int64s(rng, math.MaxInt64/2),
			func(b array.Builder, v int64) { b.(*array.Int64Builder).Append(v) },
			func(v int64) iceberg.Literal { return iceberg.Int64Literal(v) }),
		numbersOf(p.Time, arrow.FixedWidthTypes.Time64us, int64s(rng, 86400000000),
			func(b array.Builder, v int64) { b.(*array.Time64Builder).Append(arrow.Time64(v)) },
			func(v int64) iceberg.Literal { return iceberg.TimeLiteral(v) }),
		numbersOf(p.Timestamp, &arrow.TimestampType{Unit: arrow.Microsecond}, int64s(rng, 60_000_000_000_000_000),
			func(b array.Builder, v int64) { b.(*array.TimestampBuilder).Append(arrow.Timestamp(v)) },
			func(v int64) iceberg.Literal { return iceberg.TimestampLiteral(v) }),
		numbersOf(p.TimestampTz, arrow.FixedWidthTypes.Timestamp_us, int64s(rng, 60_000_000_000_000_000),
			func(b array.Builder, v int64) { b.(*array.TimestampBuilder).Append(arrow.Timestamp(v)) },
			func(v int64) iceberg.Literal { return iceberg.TimestampLiteral(v) }),
		numbersOf(p.Float64, arrow.PrimitiveTypes.Float64, []float64{0, 1.5, -1.5, math.Inf(1), math.MaxFloat64, 1.5},
			func(b array.Builder, v float64) { b.(*array.Float64Builder).Append(v) },
			func(v float64) iceberg.Literal { return iceberg.Float64Literal(v) }),
		texts2(rng, p.String, arrow.BinaryTypes.String), texts2(rng, p.Binary, arrow.BinaryTypes.Binary),
		decimalColumn(rng), uuids(rng), bools())
	return all
}

func texts2(rng *rand.Rand, typ iceberg.Type, dt arrow.DataType) column {
	b := array.NewBinaryBuilder(memory.DefaultAllocator, dt.(arrow.BinaryDataType))
	defer b.Release()
	c := column{typ: typ}
	for i := range 200 {
		if i%5 == 4 {
			b.AppendNull()
			c.lits = append(c.lits, nil)
			continue
		}
		s := []string{"", "a", "iceberg", "ünï¢ødé", "日本語テキスト", "😀😁😂", fmt.Sprint(rng.Int64())}[i%7]
		b.Append([]byte(s))
		if dt.ID() == arrow.STRING {
			c.lits = append(c.lits, iceberg.StringLiteral(s))
		} else {
			c.lits = append(c.lits, iceberg.BinaryLiteral(s))
		}
	}
	c.data = b.NewArray()
	return c
}

func decimalColumn(rng *rand.Rand) column {
	b := array.NewDecimal128Builder(memory.DefaultAllocator, &arrow.Decimal128Type{Precision: 38, Scale: 2})
	defer b.Release()
	c := column{typ: iceberg.DecimalTypeOf(38, 2)}
	for i := range 300 {
		n := decimal128.New(rng.Int64()-rng.Int64(), rng.Uint64())
		switch {
		case i < 260:
			n = decimal128.FromI64(int64(i) - 130)
		case i < 280:
			n = decimal128.FromI64(rng.Int64() - rng.Int64())
		}
		b.Append(n)
		c.lits = append(c.lits, iceberg.DecimalLiteral{Val: n, Scale: 2})
	}
	c.data = b.NewArray()
	return c
}

func uuids(rng *rand.Rand) column {
	b := array.NewFixedSizeBinaryBuilder(memory.DefaultAllocator, &arrow.FixedSizeBinaryType{ByteWidth: 16})
	defer b.Release()
	c := column{typ: iceberg.PrimitiveTypes.UUID}
	for range 50 {
		var u uuid.UUID
		for i := range u {
			u[i] = byte(rng.Uint32())
		}
		b.Append(u[:])
		c.lits = append(c.lits, iceberg.UUIDLiteral(u))
	}
	c.data = b.NewArray()
	return c
}

func bools() column {
	b := array.NewBooleanBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues([]bool{true, false, true}, []bool{true, true, false})
	return column{
		typ: iceberg.PrimitiveTypes.Bool, data: b.NewArray(),
		lits: []iceberg.Literal{iceberg.BoolLiteral(true), iceberg.BoolLiteral(false), nil},
	}
}

// TestOracle compares every transform of every type with iceberg-go's.
func TestOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	transforms := []iceberg.Transform{
		iceberg.IdentityTransform{},
		iceberg.BucketTransform{NumBuckets: 16},
		iceberg.BucketTransform{NumBuckets: 1000003},
		iceberg.TruncateTransform{Width: 1},
		iceberg.TruncateTransform{Width: 3},
		iceberg.TruncateTransform{Width: 10},
		iceberg.YearTransform{},
		iceberg.MonthTransform{},
		iceberg.DayTransform{},
		iceberg.HourTransform{},
	}
	compared := 0
	for _, c := range columns(rng) {
		for _, tr := range transforms {
			if !tr.CanTransform(c.typ) {
				continue
			}
			coder, err := newCoder(tr, c.typ)
			if err != nil {
				t.Fatalf("%s of %s: %v", tr, c.typ, err)
			}
			coder.forget()
			// The second half is read as a slice, at an offset.
			for _, at := range []int{0, len(c.lits) / 2} {
				a := array.NewSlice(c.data, int64(at), int64(len(c.lits)))
				codes := make([]int32, a.Len())
				coder.code(a, codes)
				for i, code := range codes {
					want := iceberg.Optional[iceberg.Literal]{}
					if c.lits[at+i] != nil {
						want = tr.Apply(iceberg.Optional[iceberg.Literal]{Valid: true, Val: c.lits[at+i]})
					}
					got := coder.value(code)
					if !want.Valid {
						if got != nil {
							t.Errorf("%s(%v %s) = %v, want null", tr, c.lits[at+i], c.typ, got)
						}
						continue
					}
					if !reflect.DeepEqual(got, want.Val.Any()) {
						t.Errorf("%s(%v %s) = %v (%T), want %v (%T)", tr, c.lits[at+i], c.typ, got, got, want.Val.Any(), want.Val.Any())
					}
					compared++
				}
			}
		}
	}
	t.Logf("%d values compared", compared)
}

// TestSpecHashes has the examples of the Iceberg specification, appendix B.
func TestSpecHashes(t *testing.T) {
	for name, got := range map[string]struct{ got, want int32 }{
		"34":         {int32(hash64(34)), 2017239379},
		"2017-11-16": {int32(hash64(17486)), -653330422},
		"iceberg":    {int32(hash([]byte("iceberg"))), 1210000089},
		"00010203":   {int32(hash([]byte{0, 1, 2, 3})), -188683207},
		"14.20":      {int32(hash(shortest([]byte{0, 0, 5, 0x8c}))), -500754589},
	} {
		if got.got != got.want {
			t.Errorf("hash of %s is %d, want %d", name, got.got, got.want)
		}
	}
}

func TestNaN(t *testing.T) {
	c, err := newCoder(iceberg.IdentityTransform{}, iceberg.PrimitiveTypes.Float64)
	if err != nil {
		t.Fatal(err)
	}
	c.forget()
	b := array.NewFloat64Builder(memory.DefaultAllocator)
	b.AppendValues([]float64{math.NaN(), math.Float64frombits(0x7ff8000000000123), 1}, nil)
	codes := make([]int32, 3)
	c.code(b.NewArray(), codes)
	if codes[0] != codes[1] || codes[1] == codes[2] {
		t.Errorf("codes %v: NaNs are one partition", codes)
	}
}

func TestSplit(t *testing.T) {
	s := iceberg.NewSchema(0, iceberg.NestedField{ID: 1, Name: "a", Type: iceberg.PrimitiveTypes.Int64},
		iceberg.NestedField{ID: 2, Name: "b", Type: iceberg.PrimitiveTypes.String},
		iceberg.NestedField{ID: 3, Name: "c", Type: iceberg.PrimitiveTypes.Int64})
	spec, err := Parse([]string{"truncate(10, a)", "b", "bucket(4, c)"}, s)
	if err != nil {
		t.Fatal(err)
	}
	sp, err := New(*spec, s)
	if err != nil {
		t.Fatal(err)
	}
	sc := arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "b", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "c", Type: arrow.PrimitiveTypes.Int64},
	}, nil)
	rng := rand.New(rand.NewPCG(3, 4))
	seen := map[*Partition]bool{}
	for range 5 {
		rb := array.NewRecordBuilder(memory.DefaultAllocator, sc)
		want := map[string][]int32{}
		for i := range 500 {
			a, b, c := rng.Int64N(40)-20, fmt.Sprint("v/", rng.IntN(3)), rng.Int64N(100)
			rb.Field(0).(*array.Int64Builder).Append(a)
			rb.Field(1).(*array.StringBuilder).Append(b)
			rb.Field(2).(*array.Int64Builder).Append(c)
			key := fmt.Sprint(a-mod(a, 10), b, int32(hash64(uint64(c))&0x7fffffff)%4)
			want[key] = append(want[key], int32(i))
		}
		got := map[string][]int32{}
		for _, share := range sp.Split(rb.NewRecordBatch()) {
			v := share.Partition.Values
			got[fmt.Sprint(v[1000], v[1001], v[1002])] = append([]int32(nil), share.Rows...)
			seen[share.Partition] = true
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	}
	if len(seen) > 4*3*4 {
		t.Errorf("%d partitions: the same one is not found again", len(seen))
	}
}

func TestParseErrors(t *testing.T) {
	s := iceberg.NewSchema(0, iceberg.NestedField{ID: 1, Name: "a", Type: iceberg.PrimitiveTypes.Float64},
		iceberg.NestedField{ID: 2, Name: "d", Type: iceberg.PrimitiveTypes.Date})
	for _, bad := range []string{"b", "month(a)", "hour(d)", "bucket(0, d)", "bucket(d)", "weekly(d)", "truncate(4, d)", "bucket(4 d)", "month(2, d)"} {
		if _, err := Parse([]string{bad}, s); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
	if _, err := Parse([]string{"d", "d"}, s); err == nil {
		t.Error("the same field twice was accepted")
	}
	for _, good := range []string{"a", "D", "identity(d)", "bucket[4](d)", "bucket( 4 ,  d )", "day(d)"} {
		if _, err := Parse([]string{good}, s); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

func BenchmarkSplit(b *testing.B) {
	s := iceberg.NewSchema(0, iceberg.NestedField{ID: 1, Name: "a", Type: iceberg.PrimitiveTypes.Int64})
	for _, field := range []string{"bucket(16, a)", "truncate(1000, a)"} {
		b.Run(field, func(b *testing.B) {
			spec, err := Parse([]string{field}, s)
			if err != nil {
				b.Fatal(err)
			}
			sp, err := New(*spec, s)
			if err != nil {
				b.Fatal(err)
			}
			rb := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int64}}, nil))
			for i := range int64(65536) {
				rb.Field(0).(*array.Int64Builder).Append(i * 7919 % 20000)
			}
			batch := rb.NewRecordBatch()
			n := 0
			for b.Loop() {
				sp.Split(batch)
				n += 65536
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
