package mem_test

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/internal/mem"
)

// TestNulls makes nulls out of memory that held something else.
func TestNulls(t *testing.T) {
	point := arrow.StructOf(arrow.Field{Name: "x", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		arrow.Field{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true})
	for _, typ := range []arrow.DataType{
		arrow.PrimitiveTypes.Int64, arrow.FixedWidthTypes.Boolean, arrow.BinaryTypes.String, arrow.BinaryTypes.LargeBinary,
		&arrow.Decimal128Type{Precision: 20}, extensions.NewUUIDType(), point, arrow.ListOf(point),
		arrow.MapOf(arrow.BinaryTypes.String, point),
	} {
		alloc := mem.Poison(memory.NewGoAllocator())
		a := mem.Nulls(alloc, typ, 1000)
		if st, ok := a.(*array.Struct); ok && st.Field(1).NullN() != 1000 {
			t.Errorf("%s: the values of s are not null", typ)
		}
		for i := range a.Len() {
			if !a.IsNull(i) {
				t.Errorf("%s: row %d is not null: %s", typ, i, a.ValueStr(i))
				break
			}
		}
		a.Release()
	}
}
