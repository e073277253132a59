package mem

import (
	"fmt"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

const (
	poison   = 0xDD
	heldBack = 16 << 20 // bytes of freed buffers kept from reuse
)

// A PoisonAllocator makes the use of freed and of fresh memory visible.
type PoisonAllocator struct {
	inner memory.Allocator

	mu     sync.Mutex
	queue  []grave // oldest first
	buried map[*byte]bool
	bytes  int
	faults []string
}

type grave struct {
	b     []byte
	stack stack
}

// Poison returns an allocator over inner for tests. Buffers are filled with
// 0xDD when they are handed out and again when they are freed; freed ones
// are held back for a while (16 MiB of them), so that a reader who kept a
// batch too long sees 0xDD, and a writer is found when the buffer is looked
// at again. A buffer that is freed twice is noticed while it is held back.
func Poison(inner memory.Allocator) *PoisonAllocator {
	return &PoisonAllocator{inner: inner, buried: map[*byte]bool{}}
}

// Allocate returns a buffer of inner, filled with 0xDD.
func (p *PoisonAllocator) Allocate(size int) []byte {
	b := p.inner.Allocate(size)
	fill(b)
	return b
}

// Reallocate always moves, so that whoever kept the old buffer is found.
func (p *PoisonAllocator) Reallocate(size int, b []byte) []byte {
	moved := p.Allocate(size)
	copy(moved, b)
	p.Free(b)
	return moved
}

// Free fills b with 0xDD and holds it back.
func (p *PoisonAllocator) Free(b []byte) {
	if len(b) == 0 {
		p.inner.Free(b)
		return
	}
	s := callers()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.buried[&b[0]] {
		p.faults = append(p.faults, fmt.Sprintf("%d bytes freed twice, by%s", len(b), s))
		return
	}
	fill(b[:cap(b)])
	p.queue = append(p.queue, grave{b: b, stack: s})
	p.buried[&b[0]] = true
	p.bytes += cap(b)
	for p.bytes > heldBack {
		p.giveBack()
	}
}

// AssertClean looks at all buffers that are held back, gives them to the
// inner allocator, and fails t for every one that was written to or freed
// twice, naming the place that freed it.
func (p *PoisonAllocator) AssertClean(t TB) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) > 0 {
		p.giveBack()
	}
	for _, f := range p.faults {
		t.Errorf("%s", f)
	}
}

// giveBack ends the wait of the oldest buffer. p.mu is held.
func (p *PoisonAllocator) giveBack() {
	g := p.queue[0]
	p.queue = p.queue[1:]
	p.bytes -= cap(g.b)
	delete(p.buried, &g.b[0])
	all := g.b[:cap(g.b)]
	for i, x := range all {
		if x != poison {
			p.faults = append(p.faults, fmt.Sprintf(
				"byte %d of %d written after the buffer was freed by%s", i, len(all), g.stack))
			break
		}
	}
	p.inner.Free(g.b)
}

func fill(b []byte) {
	for i := range b {
		b[i] = poison
	}
}

var _ memory.Allocator = (*PoisonAllocator)(nil)
