package columns_test

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/weirflow/weir/internal/columns"
	"github.com/weirflow/weir/internal/mem"
)

func orders() (*mem.Pool, arrow.RecordBatch) {
	pool := mem.NewPool(mem.Options{})
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "item", Type: arrow.BinaryTypes.String},
	}, nil)
	rows := `[{"id":1,"item":"tea"},{"id":2,"item":"cup"},{"id":3,"item":"pot"}]`
	b, _, err := array.RecordFromJSON(pool, schema, strings.NewReader(rows))
	if err != nil {
		panic(err)
	}
	return pool, b
}

func ExampleFilter() {
	pool, b := orders()
	defer b.Release()
	odd, err := columns.Filter(pool, b, []bool{true, false, true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer odd.Release()
	fmt.Println(odd.Column(1))
	// Output: ["tea" "pot"]
}

func ExampleTake() {
	pool, b := orders()
	defer b.Release()
	back, err := columns.Take(pool, b, []int32{2, 0, 0})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer back.Release()
	fmt.Println(back.Column(1))
	// Output: ["pot" "tea" "tea"]
}

func ExampleView() {
	_, b := orders()
	defer b.Release()
	ids, err := columns.View[int64](b.Column(0))
	fmt.Println(ids, err)
	_, err = columns.View[int32](b.Column(0))
	fmt.Println(err)
	// Output:
	// [1 2 3] <nil>
	// view column as int32: it is int64
}

func ExampleHashRows() {
	_, b := orders()
	defer b.Release()
	hashes := make([]uint64, b.NumRows())
	err := columns.HashRows(b, []int{0, 1}, hashes)
	fmt.Printf("%#x %v\n", hashes[0], err)
	// Output: 0x1e0a4dde00ee49f3 <nil>
}
