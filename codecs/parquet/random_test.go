package parquet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// leafTypes are the types that a column can have.
var leafTypes = []arrow.DataType{
	arrow.FixedWidthTypes.Boolean,
	arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
	arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
	arrow.FixedWidthTypes.Float16, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
	arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeBinary,
	&arrow.FixedSizeBinaryType{ByteWidth: 5}, arrow.FixedWidthTypes.Date32,
	arrow.FixedWidthTypes.Time32ms, arrow.FixedWidthTypes.Time64us, arrow.FixedWidthTypes.Time64ns,
	&arrow.TimestampType{Unit: arrow.Millisecond}, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
	&arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "Europe/Berlin"},
	&arrow.Decimal128Type{Precision: 7, Scale: 2}, &arrow.Decimal128Type{Precision: 15, Scale: 4},
	&arrow.Decimal128Type{Precision: 38, Scale: 10}, &arrow.Decimal128Type{Precision: 20},
	&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String},
	&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: arrow.BinaryTypes.Binary},
	extensions.NewUUIDType(),
	arrow.Null,
}

// shape is how random values are drawn.
type shape struct {
	r     *rand.Rand
	few   bool // from few values
	nulls float64
}

func randomType(r *rand.Rand, depth int) arrow.DataType {
	if depth == 0 || r.IntN(3) > 0 {
		return leafTypes[r.IntN(len(leafTypes))]
	}
	field := func(name string) arrow.Field {
		f := arrow.Field{Name: name, Type: randomType(r, depth-1), Nullable: r.IntN(3) > 0}
		f.Nullable = f.Nullable || f.Type.ID() == arrow.NULL
		return f
	}
	switch r.IntN(4) {
	case 0:
		return arrow.ListOfField(field("element"))
	case 1:
		return arrow.LargeListOfField(field("element"))
	case 2:
		item := field("value")
		return arrow.MapOfFields(arrow.Field{Name: "key", Type: arrow.BinaryTypes.String}, item)
	default:
		var fs []arrow.Field
		for i := range 1 + r.IntN(3) {
			fs = append(fs, field(fmt.Sprintf("f%d", i)))
		}
		return arrow.StructOf(fs...)
	}
}

func randomSchema(r *rand.Rand) *arrow.Schema {
	var fs []arrow.Field
	for i := range 1 + r.IntN(5) {
		t := randomType(r, 3)
		fs = append(fs, arrow.Field{
			Name: fmt.Sprintf("c%d", i), Type: t, Nullable: r.IntN(3) > 0 || t.ID() == arrow.NULL,
			Metadata: arrow.MetadataFrom(map[string]string{"PARQUET:field_id": fmt.Sprint(i + 1)}),
		})
	}
	return arrow.NewSchema(fs, nil)
}

func randomBatch(r *rand.Rand, schema *arrow.Schema, rows int) arrow.RecordBatch {
	cols := make([]arrow.Array, schema.NumFields())
	for i, f := range schema.Fields() {
		b := array.NewBuilder(memory.NewGoAllocator(), f.Type)
		s := shape{r: r, few: r.IntN(2) == 0, nulls: []float64{0, 0.1, 0.9, 1}[r.IntN(4)]}
		skip := r.IntN(3)
		for range skip + rows {
			s.append(b, f)
		}
		whole := b.NewArray()
		cols[i] = array.NewSlice(whole, int64(skip), int64(skip+rows)) // an offset
	}
	return array.NewRecordBatch(schema, cols, int64(rows))
}

// append draws one value of field f.
func (s shape) append(b array.Builder, f arrow.Field) {
	if f.Nullable && s.r.Float64() < s.nulls || f.Type.ID() == arrow.NULL {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.StructBuilder:
		b.Append(true)
		for i, c := range f.Type.(*arrow.StructType).Fields() {
			s.append(b.FieldBuilder(i), c)
		}
	case *array.MapBuilder:
		b.Append(true)
		t := f.Type.(*arrow.MapType)
		for range s.r.IntN(3) {
			s.append(b.KeyBuilder(), t.KeyField())
			s.append(b.ItemBuilder(), t.ItemField())
		}
	case *array.ListBuilder:
		b.Append(true)
		for range s.r.IntN(4) {
			s.append(b.ValueBuilder(), f.Type.(*arrow.ListType).ElemField())
		}
	case *array.LargeListBuilder:
		b.Append(true)
		for range s.r.IntN(4) {
			s.append(b.ValueBuilder(), f.Type.(*arrow.LargeListType).ElemField())
		}
	default:
		s.leaf(b)
	}
}

func (s shape) leaf(b array.Builder) {
	n := s.r.Int64()
	if s.few {
		n %= 5
	}
	text := fmt.Sprintf("%x", n)
	if s.r.IntN(50) == 0 && !s.few {
		text = strings.Repeat("wéir", s.r.IntN(40))
	}
	floats := []float64{float64(n), float64(n % 100), 0, math.Copysign(0, -1), math.NaN(), math.Inf(1), -float64(n) / 7}
	x := floats[s.r.IntN(len(floats))]
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(n%2 == 0)
	case *array.Int8Builder:
		b.Append(int8(n))
	case *array.Int16Builder:
		b.Append(int16(n))
	case *array.Int32Builder:
		b.Append(int32(n))
	case *array.Int64Builder:
		b.Append(n - math.MaxInt64/2)
	case *array.Uint8Builder:
		b.Append(uint8(n))
	case *array.Uint16Builder:
		b.Append(uint16(n))
	case *array.Uint32Builder:
		b.Append(uint32(n))
	case *array.Uint64Builder:
		b.Append(uint64(n) << 1)
	case *array.Float16Builder:
		b.Append(float16.New(float32(x)))
	case *array.Float32Builder:
		b.Append(float32(x))
	case *array.Float64Builder:
		b.Append(x)
	case *array.StringBuilder:
		b.Append(text)
	case *array.LargeStringBuilder:
		b.Append(text)
	case *array.BinaryBuilder:
		b.Append([]byte(text))
	case *array.FixedSizeBinaryBuilder:
		b.Append([]byte(fmt.Sprintf("%05x", n%0xFFFFF)))
	case *array.Date32Builder:
		b.Append(arrow.Date32(n % 20000))
	case *array.Time32Builder:
		b.Append(arrow.Time32(n % 86_400_000))
	case *array.Time64Builder:
		b.Append(arrow.Time64(n % 86_400_000_000))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(n - math.MaxInt64/2))
	case *array.Decimal128Builder:
		v := decimal128.FromI64(n % 10_000_000)
		if p := b.Type().(*arrow.Decimal128Type).Precision; p > 30 {
			v = decimal128.New(n%1e9, uint64(n))
		}
		if n%2 == 0 {
			v = v.Negate()
		}
		b.Append(v)
	case *array.BinaryDictionaryBuilder:
		if err := b.AppendString(fmt.Sprint("d", n%1000)); err != nil {
			panic(err)
		}
	case *extensions.UUIDBuilder:
		var id [16]byte
		copy(id[:], text)
		b.Append(id)
	default:
		panic(fmt.Sprintf("%T", b))
	}
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }
