package arrowrow_test

import (
	"strconv"
	"syscall"
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
			measure(b, func() { must(c.Encode(m.mem, vs)).Release() })
		})
		b.Run("arreflect-"+m.name, func(b *testing.B) {
			measure(b, func() { must(arreflect.RecordFromSlice(vs, m.mem)).Release() })
		})
	}
}

func BenchmarkDecode8(b *testing.B) {
	vs := wideRows()
	c := must(arrowrow.Of[wide]())
	batch := must(c.Encode(memory.NewGoAllocator(), vs))
	dec := must(c.Bind(batch.Schema()))
	b.Run("weir", func(b *testing.B) {
		measure(b, func() { vs = must(dec.Decode(batch, vs[:0])) })
	})
	b.Run("arreflect", func(b *testing.B) {
		measure(b, func() { must(arreflect.RecordToSlice[wide](batch)) })
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
			measure(b, func() { must(c.Encode(m.mem, vs)).Release() })
		})
	}
}
