package core

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/array/arreflect"
	"github.com/apache/arrow-go/v18/arrow/compute"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/bench/figures"
	"github.com/weirflow/weir/internal/arrowrow"
	"github.com/weirflow/weir/internal/columns"
	"github.com/weirflow/weir/internal/mem"
)

// order is a row of 8 columns: 3 strings, one of them nullable, a time, a
// truth value and 3 numbers.
type order struct {
	ID       int64     `arrow:"id"`
	Customer string    `arrow:"customer"`
	Amount   float64   `arrow:"amount"`
	Qty      int32     `arrow:"qty"`
	Paid     bool      `arrow:"paid"`
	Status   string    `arrow:"status"`
	At       time.Time `arrow:"at"`
	Note     *string   `arrow:"note"`
}

const batchRows = 8192

func orders() []order {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	status := []string{"new", "paid", "shipped"}
	note := "hello note"
	vs := make([]order, batchRows)
	for i := range vs {
		vs[i] = order{
			ID: int64(i), Customer: fmt.Sprintf("customer-%06d", i), Amount: float64(i) * 1.5, Qty: int32(i),
			Paid: i%2 == 0, Status: status[i%3], At: at.Add(time.Duration(i) * time.Second),
		}
		if i%4 == 0 {
			vs[i].Note = &note
		}
	}
	return vs
}

// batches runs f for n rows, a batch at a time.
func batches(name string, rows int64, f func() error) figures.Case {
	return figures.Case{Name: name, N: rows, Run: func(_ context.Context, n int64) error {
		for range n / batchRows {
			if err := f(); err != nil {
				return err
			}
		}
		return nil
	}}
}

// codecCases are structs to a batch and back.
func codecCases() ([]figures.Case, error) {
	vs := orders()
	pool := mem.NewPool(mem.Options{})
	codec, err := arrowrow.Of[order]()
	if err != nil {
		return nil, fmt.Errorf("make codec: %w", err)
	}
	batch, err := codec.Encode(memory.DefaultAllocator, vs)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	decoder, err := codec.Bind(batch.Schema())
	if err != nil {
		return nil, fmt.Errorf("bind: %w", err)
	}
	theirs, err := arreflect.RecordFromSlice(vs, memory.DefaultAllocator)
	if err != nil {
		return nil, fmt.Errorf("encode by arreflect: %w", err)
	}
	into := make([]order, 0, batchRows)
	return []figures.Case{
		batches("encode weir", batchRows*100, func() error { return release(codec.Encode(pool, vs)) }),
		batches("encode arreflect", batchRows*50, func() error {
			return release(arreflect.RecordFromSlice(vs, memory.DefaultAllocator))
		}),
		batches("decode weir", batchRows*100, func() (err error) {
			into, err = decoder.Decode(batch, into[:0])
			return err
		}),
		batches("decode arreflect", batchRows*20, func() error {
			_, err := arreflect.RecordToSlice[order](theirs)
			return err
		}),
	}, nil
}

func release(b arrow.RecordBatch, err error) error {
	if err == nil {
		b.Release()
	}
	return err
}

// filterCases keep 7 of 8 rows of 6 columns of fixed width.
func filterCases(ctx context.Context) ([]figures.Case, error) {
	vs := make([]reading, batchRows)
	for i := range vs {
		vs[i] = makeReading(int64(i))
	}
	codec, err := arrowrow.Of[reading]()
	if err != nil {
		return nil, fmt.Errorf("make codec: %w", err)
	}
	batch, err := codec.Encode(memory.DefaultAllocator, vs)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	kinds := batch.Column(4).(*array.Uint32).Uint32Values()
	keep := make([]bool, batchRows)
	choose := func() {
		for i, k := range kinds {
			keep[i] = k != 3
		}
	}
	pool := mem.NewPool(mem.Options{})
	return []figures.Case{
		batches("filter weir", batchRows*200, func() error {
			choose()
			return release(columns.Filter(pool, batch, keep))
		}),
		batches("filter compute", batchRows*50, func() error {
			choose()
			return computeFilter(ctx, batch, keep)
		}),
	}, nil
}

func computeFilter(ctx context.Context, batch arrow.RecordBatch, keep []bool) error {
	b := array.NewBooleanBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues(keep, nil)
	mask := b.NewArray()
	defer mask.Release()
	return release(compute.FilterRecordBatch(ctx, batch, mask, compute.DefaultFilterOptions()))
}
