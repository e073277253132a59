package state

import (
	"encoding/binary"
	"fmt"
	"syscall"
	"testing"
	"time"
)

// benchValue is what a counter or a small window takes.
var benchValue = make([]byte, 24)

func benchKey(i uint64) (group uint8, key []byte) {
	h := i * 0x9e3779b97f4a7c15 // spread over the groups like a hash
	return uint8(h >> 56), binary.BigEndian.AppendUint64(nil, h)
}

// cpu returns the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perKey reports wall and processor time for work on keys, begun at start.
func perKey(b *testing.B, keys int, start time.Duration) {
	b.ReportMetric(float64(keys)/b.Elapsed().Seconds(), "keys/s")
	b.ReportMetric(float64(cpu(b)-start)/float64(keys), "cpu-ns/key")
}

// BenchmarkCommit gathers and commits an epoch on the disk of the machine.
func BenchmarkCommit(b *testing.B) {
	for _, keys := range []uint64{0, 1_000, 1_000_000} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			s := mustOpen(b, b.TempDir(), Options{})
			defer mustClose(b, s)
			epoch := uint64(0)
			b.ReportAllocs()
			start := cpu(b)
			for b.Loop() {
				epoch++
				w := s.Begin(epoch)
				w.Position("source", "", benchValue)
				for i := range keys {
					group, key := benchKey(i)
					w.Set("count", group, key, benchValue)
				}
				mustCommit(b, w)
			}
			if keys > 0 {
				perKey(b, int(keys)*b.N, start)
			}
		})
	}
}

// BenchmarkMark is the part of a commit that keeps an epoch from getting lost
// without notice.
func BenchmarkMark(b *testing.B) {
	s := mustOpen(b, b.TempDir(), Options{})
	defer mustClose(b, s)
	epoch := uint64(0)
	for b.Loop() {
		epoch++
		if err := s.mark.set(epoch); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGet reads keys of a million that are on disk.
func BenchmarkGet(b *testing.B) {
	s := mustOpen(b, b.TempDir(), Options{})
	defer mustClose(b, s)
	w := s.Begin(1)
	const keys = 1_000_000
	for i := range uint64(keys) {
		group, key := benchKey(i)
		w.Set("count", group, key, benchValue)
	}
	mustCommit(b, w)
	i, start := uint64(0), cpu(b)
	for b.Loop() {
		group, key := benchKey(i * 7919 % keys)
		i++
		if _, ok, err := s.Get("count", group, key); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
	perKey(b, b.N, start)
}

// BenchmarkScan restores an operator with a million keys.
func BenchmarkScan(b *testing.B) {
	s := mustOpen(b, b.TempDir(), Options{})
	defer mustClose(b, s)
	w := s.Begin(1)
	const keys = 1_000_000
	for i := range uint64(keys) {
		group, key := benchKey(i)
		w.Set("count", group, key, benchValue)
	}
	mustCommit(b, w)
	start := cpu(b)
	for b.Loop() {
		n := 0
		if err := s.Scan("count", 0, 255, func(uint8, []byte, []byte) error { n++; return nil }); err != nil || n != keys {
			b.Fatal(n, err)
		}
	}
	perKey(b, keys*b.N, start)
}

// BenchmarkOpen opens a store of two thousand epochs.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s := mustOpen(b, dir, Options{})
	for epoch := uint64(1); epoch <= 2000; epoch++ {
		mustCommit(b, s.Begin(epoch))
	}
	mustClose(b, s)
	for b.Loop() {
		s := mustOpen(b, dir, Options{})
		mustClose(b, s)
	}
}
