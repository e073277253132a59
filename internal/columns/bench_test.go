package columns_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/compute"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/internal/columns"
	"github.com/weirflow/weir/internal/mem"
)

const benchRows = 8192

func benchBatch() arrow.RecordBatch {
	types := []arrow.DataType{
		arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint64, arrow.PrimitiveTypes.Int64,
		arrow.PrimitiveTypes.Float64, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint32,
	}
	var fields []arrow.Field
	var cols []arrow.Array
	for i, t := range types {
		buf := memory.NewBufferBytes(memory.NewGoAllocator().Allocate(benchRows * t.(arrow.FixedWidthDataType).BitWidth() / 8))
		if i == 4 {
			for k, v := range arrow.Uint32Traits.CastFromBytes(buf.Bytes()) {
				arrow.Uint32Traits.CastFromBytes(buf.Bytes())[k] = v + uint32(k)&7
			}
		}
		fields = append(fields, arrow.Field{Name: fmt.Sprint(i), Type: t})
		cols = append(cols, array.MakeFromData(array.NewData(t, benchRows, []*memory.Buffer{nil, buf}, nil, 0, 0)))
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), cols, benchRows)
}

// measure runs f on batches of benchRows and reports rows per second and,
// because other work disturbs wall time, CPU time per row.
func measure(b *testing.B, f func()) {
	before := cpu(b)
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/benchRows, "cpu-ns/row")
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
}

// cpu is the user and system time of the process in nanoseconds.
func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func BenchmarkFilter6(b *testing.B) {
	batch := benchBatch()
	keep := make([]bool, benchRows)
	kinds := must(columns.View[uint32](batch.Column(4)))
	b.Run("weir-pool", func(b *testing.B) {
		pool := mem.NewPool(mem.Options{})
		measure(b, func() {
			for i, k := range kinds {
				keep[i] = k != 3
			}
			must(columns.Filter(pool, batch, keep)).Release()
		})
	})
	b.Run("weir-go", func(b *testing.B) {
		measure(b, func() {
			for i, k := range kinds {
				keep[i] = k != 3
			}
			must(columns.Filter(memory.DefaultAllocator, batch, keep)).Release()
		})
	})
	for _, m := range []struct {
		name string
		mem  memory.Allocator
	}{{"compute-go", memory.DefaultAllocator}, {"compute-pool", mem.NewPool(mem.Options{})}} {
		b.Run(m.name, func(b *testing.B) {
			ctx := compute.WithAllocator(context.Background(), m.mem)
			measure(b, func() {
				bb := array.NewBooleanBuilder(m.mem)
				for i, k := range kinds {
					keep[i] = k != 3
				}
				bb.AppendValues(keep, nil)
				mask := bb.NewArray()
				bb.Release()
				must(compute.FilterRecordBatch(ctx, batch, mask, compute.DefaultFilterOptions())).Release()
				mask.Release()
			})
		})
	}
}

func BenchmarkHashRows(b *testing.B) {
	batch := benchBatch()
	dst := make([]uint64, benchRows)
	for _, cols := range [][]int{{1}, {1, 4}} {
		b.Run(fmt.Sprintf("%d-columns", len(cols)), func(b *testing.B) {
			measure(b, func() {
				if err := columns.HashRows(batch, cols, dst); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}
