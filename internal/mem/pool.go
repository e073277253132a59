package mem

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

const (
	minClass = 64 // bytes; also the alignment of every buffer

	// Four classes for each doubling: at most a fifth of a buffer is unused.
	classes    = 4 * 21 // up to 256 MiB; larger buffers are not kept
	sweepEvery = 64     // overflows of the idle bound between two sweeps

	defaultMaxIdle = 64 << 20
)

// Options sets up a Pool. The zero value is ready to use.
type Options struct {
	// MaxIdle is the most bytes kept for reuse; 0 means 64 MiB.
	MaxIdle int64
}

// A Pool is a memory.Allocator that keeps freed buffers, by size, for the
// next caller. Buffers are aligned to 64 bytes and not zeroed (see the
// package comment). Only buffers that came from the pool may be freed to it.
// Safe for use by many goroutines.
type Pool struct {
	maxIdle  int64
	inUse    atomic.Int64
	peak     atomic.Int64
	idle     atomic.Int64
	overflow atomic.Int64
	fresh    memory.GoAllocator
	free     [classes]class
}

// class is the stack of idle buffers of one size. low is the least height
// since the last sweep: that many buffers nobody needed.
type class struct {
	mu   sync.Mutex
	bufs [][]byte
	low  int
}

// NewPool returns an empty pool.
func NewPool(o Options) *Pool {
	p := &Pool{maxIdle: o.MaxIdle}
	if p.maxIdle <= 0 {
		p.maxIdle = defaultMaxIdle
	}
	return p
}

// InUse returns the bytes of the buffers that are out, by the size of their
// class: what the process really holds for them.
func (p *Pool) InUse() int64 { return p.inUse.Load() }

// Peak returns the most that InUse ever was.
func (p *Pool) Peak() int64 { return p.peak.Load() }

// Idle returns the bytes kept for reuse.
func (p *Pool) Idle() int64 { return p.idle.Load() }

// Allocate returns a buffer of size bytes whose content is undefined.
func (p *Pool) Allocate(size int) []byte {
	if size == 0 {
		return nil
	}
	c := classOf(size)
	n := (size + minClass - 1) &^ (minClass - 1)
	if c < classes {
		n = classSize(c)
	}
	p.count(int64(n))
	if c < classes {
		if b := p.free[c].pop(); b != nil {
			p.idle.Add(-int64(n))
			return b[:size]
		}
	}
	return p.fresh.Allocate(n)[:size]
}

// Reallocate returns a buffer of size bytes that begins with the content of
// b. It moves only to grow, or when three quarters of b would be unused.
func (p *Pool) Reallocate(size int, b []byte) []byte {
	if size == 0 {
		p.Free(b)
		return nil
	}
	if size <= cap(b) && (size > cap(b)/4 || cap(b) <= 4096) {
		return b[:size]
	}
	moved := p.Allocate(size)
	copy(moved, b)
	p.Free(b)
	return moved
}

// Free gives b back. b must have come from this pool and must not be used
// any more.
func (p *Pool) Free(b []byte) {
	n := cap(b)
	if n == 0 {
		return
	}
	p.inUse.Add(-int64(n))
	c := classOf(n)
	if c >= classes || classSize(c) != n {
		return
	}
	if p.idle.Load()+int64(n) > p.maxIdle && !p.makeRoom(int64(n)) {
		return
	}
	p.idle.Add(int64(n))
	p.free[c].push(b[:n])
}

func (p *Pool) count(n int64) {
	now := p.inUse.Add(n)
	for {
		peak := p.peak.Load()
		if now <= peak || p.peak.CompareAndSwap(peak, now) {
			return
		}
	}
}

// makeRoom drops, now and then, the buffers that nobody needed since the
// last time, so that sizes of the past do not keep out those of the present.
func (p *Pool) makeRoom(n int64) bool {
	if p.overflow.Add(1)%sweepEvery != 1 {
		return false
	}
	for c := range p.free {
		dropped := p.free[c].sweep()
		p.idle.Add(-int64(dropped * classSize(c)))
	}
	return p.idle.Load()+n <= p.maxIdle
}

func (c *class) pop() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.bufs) - 1
	if last < 0 {
		return nil
	}
	b := c.bufs[last]
	c.bufs[last] = nil
	c.bufs = c.bufs[:last]
	c.low = min(c.low, last)
	return b
}

func (c *class) push(b []byte) {
	c.mu.Lock()
	c.bufs = append(c.bufs, b)
	c.mu.Unlock()
}

// sweep drops the low-water mark and returns how many buffers that were.
func (c *class) sweep() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	drop := c.low
	n := copy(c.bufs, c.bufs[drop:])
	clear(c.bufs[n:])
	c.bufs = c.bufs[:n]
	c.low = n
	return drop
}

// classOf returns the smallest class that holds size bytes; it may be past
// the last one. Sizes of classes: 64, 128, 192, 256, 320, 384, 448, 512, 640, ...
func classOf(size int) int {
	if size <= minClass {
		return 0
	}
	units := uint(size-1) / minClass // 1 for 65..128
	if units < 4 {
		return int(units)
	}
	shift := bits.Len(units) - 3 // two bits below the leading one select the step
	return 4*shift + int(units>>shift)
}

// classSize is the inverse of classOf: the bytes of a buffer of class c.
func classSize(c int) int {
	if c < 4 {
		return (c + 1) * minClass
	}
	shift := c/4 - 1
	return (c - 4*shift + 1) << shift * minClass
}

var _ memory.Allocator = (*Pool)(nil)
