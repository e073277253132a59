package bincode_test

import (
	"syscall"
	"testing"

	"github.com/weirflow/weir/internal/bincode"
)

var sink uint64

// measure calls f, which works on 1000 values, and reports values per second
// and, because other work disturbs wall time, CPU time per value.
func measure(b *testing.B, f func()) {
	before := cpu(b)
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1000, "cpu-ns/value")
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "values/s")
}

// cpu is the user and system time of the process in nanoseconds.
func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// benchHash hashes 1000 keys.
func benchHash[K comparable](b *testing.B, name string, key func(i int) K) {
	c := must(bincode.KeyOf[K]())
	keys := make([]K, 1000)
	for i := range keys {
		keys[i] = key(i)
	}
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		measure(b, func() {
			n := uint64(0)
			for _, k := range keys {
				n += c.Hash(k)
			}
			sink += n
		})
	})
}

func BenchmarkHash(b *testing.B) {
	names := []string{"user-1", "user-22", "user-333"}
	benchHash(b, "uint64", func(i int) uint64 { return uint64(i) })
	benchHash(b, "int32", func(i int) int32 { return int32(i) })
	benchHash(b, "string", func(i int) string { return names[i%3] })
	benchHash(b, "uuid", func(i int) [16]byte { return [16]byte{byte(i)} })
	benchHash(b, "struct7", func(i int) compound { return compound{Tenant: "t", Last: names[i%3]} })
}

func BenchmarkCodec(b *testing.B) {
	type state struct {
		Count, Sum int64
		Max        float64
		Name       string
	}
	c := must(bincode.Of[state]())
	v := state{1, 2, 3, "some name"}
	buf := c.Append(nil, &v)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		measure(b, func() {
			for range 1000 {
				buf = c.Append(buf[:0], &v)
			}
		})
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		measure(b, func() {
			for range 1000 {
				if err := c.Decode(buf, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
	k, list := must(bincode.KeyOf[compound]()), must(bincode.Of[[]float64]())
	b.Run("key", func(b *testing.B) {
		measure(b, func() {
			for range 1000 {
				buf = k.AppendKey(buf[:0], compound{Tenant: "tenant", Last: "abc"})
			}
		})
	})
	b.Run("1000-floats", func(b *testing.B) {
		vs := make([]float64, 1000)
		measure(b, func() { buf = list.Append(buf[:0], &vs) })
	})
}
