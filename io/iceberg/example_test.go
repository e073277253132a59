package iceberg_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/iceberg"
)

// Order is a row of the table.
type Order struct {
	ID       int64
	Customer string
	Amount   float64
	Created  time.Time
}

func orders(n int) []Order {
	var all []Order
	for i := range n {
		all = append(all, Order{
			ID: int64(i), Customer: fmt.Sprint("c", i%10), Amount: float64(i) / 4,
			Created: time.Date(2024, time.Month(1+i%3), 1, 0, 0, 0, 0, time.UTC),
		})
	}
	return all
}

// Rows of structs become a table partitioned by month. What is run again does
// not append them again.
func ExampleSink() {
	dir, err := os.MkdirTemp("", "lake")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for range 2 {
		p := flow.New("shop", flow.StateDir(filepath.Join(dir, "state")))
		rows := flow.FromSlice(p, "orders", orders(1000))
		flow.To(flow.ToBatches(rows), "lake", iceberg.Sink(iceberg.Config{
			Table: "shop.orders", Warehouse: filepath.Join(dir, "lake"), Partition: []string{"month(Created)"},
		}))
		if err := p.Run(context.Background()); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(count(filepath.Join(dir, "lake"), ""), "rows")
	}
	// Output:
	// 1000 rows
	// 1000 rows
}

// count reads the table.
func count(warehouse, filter string) int {
	p := flow.New("count")
	rows := flow.FromSplits(p, "lake", iceberg.Source(iceberg.SourceConfig{
		Table: "shop.orders", Warehouse: warehouse, Filter: filter,
	}), flow.Parallel(2))
	all := flow.Collect(flow.ToRows[Order](rows))
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	return len(*all)
}

// A filter chooses files by their statistics, and rows by their values.
func ExampleSource() {
	dir, err := os.MkdirTemp("", "lake")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	p := flow.New("shop")
	flow.To(flow.ToBatches(flow.FromSlice(p, "orders", orders(1000))), "lake",
		iceberg.Sink(iceberg.Config{Table: "shop.orders", Warehouse: dir}))
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(count(dir, "Amount < 10 and Customer in ('c1', 'c2')"), "rows")
	fmt.Println(count(dir, "Created >= '2024-03-01' or Amount = 0.25"), "rows")
	// Output:
	// 8 rows
	// 334 rows
}
