package arrowrow_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array/arreflect"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/internal/arrowrow"
	"github.com/weirflow/weir/internal/mem"
)

// wide is the 8-column struct of reference/engine.md 3.
type wide struct {
	ID      int64     `arrow:"id"`
	User    string    `arrow:"user"`
	Item    string    `arrow:"item"`
	Coupon  *string   `arrow:"coupon"`
	At      time.Time `arrow:"at"`
	Paid    bool      `arrow:"paid"`
	Amount  float64   `arrow:"amount"`
	Country uint32    `arrow:"country"`
}

// numbers are the 6 fixed columns of reference/engine.md 3.
type numbers struct {
	ID, TS      int64
	Key         uint64
	Amount      float64
	Kind, Flags uint32
}

const benchRows = 8192

func wideRows() []wide {
	vs := make([]wide, benchRows)
	for i := range vs {
		vs[i] = wide{
			ID: int64(i), User: "user-" + strconv.Itoa(i%1000), Item: "item-" + strconv.Itoa(i),
			At: time.UnixMicro(int64(i) * 1e6).UTC(), Paid: i%3 == 0, Amount: float64(i) / 7, Country: uint32(i % 200),
		}
		if i%4 == 0 {
			vs[i].Coupon = &vs[i].Item
		}
	}
	return vs
}

func perRow(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func BenchmarkEncode8(b *testing.B) {
	vs := wideRows()
	c := must(arrowrow.Of[wide]())
	for _, m := range []struct {
		name string
		mem  memory.Allocator
	}{{"pool", mem.NewPool(mem.Options{})}, {"go", memory.NewGoAllocator()}} {
		b.Run("weir-"+m.name, func(b *testing.B) {
			for b.Loop() {
				must(c.Encode(m.mem, vs)).Release()
			}
			perRow(b)
		})
		b.Run("arreflect-"+m.name, func(b *testing.B) {
			for b.Loop() {
				must(arreflect.RecordFromSlice(vs, m.mem)).Release()
			}
			perRow(b)
		})
	}
}

func BenchmarkDecode8(b *testing.B) {
	vs := wideRows()
	c := must(arrowrow.Of[wide]())
	batch := must(c.Encode(memory.NewGoAllocator(), vs))
	dec := must(c.Bind(batch.Schema()))
	b.Run("weir", func(b *testing.B) {
		for b.Loop() {
			vs = must(dec.Decode(batch, vs[:0]))
		}
		perRow(b)
	})
	b.Run("arreflect", func(b *testing.B) {
		for b.Loop() {
			must(arreflect.RecordToSlice[wide](batch))
		}
		perRow(b)
	})
}

func BenchmarkEncode6Fixed(b *testing.B) {
	vs := make([]numbers, benchRows)
	for i := range vs {
		vs[i] = numbers{ID: int64(i), Key: uint64(i) * 3, Kind: uint32(i)}
	}
	c := must(arrowrow.Of[numbers]())
	for _, m := range []struct {
		name string
		mem  memory.Allocator
	}{{"pool", mem.NewPool(mem.Options{})}, {"go", memory.NewGoAllocator()}} {
		b.Run(m.name, func(b *testing.B) {
			for b.Loop() {
				must(c.Encode(m.mem, vs)).Release()
			}
			perRow(b)
		})
	}
}
