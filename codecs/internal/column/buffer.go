package column

import "github.com/apache/arrow-go/v18/arrow/memory"

// buffer is allocator memory that grows by doubling. Its bytes are not
// zeroed.
type buffer struct {
	b    []byte // all of mem
	mem  *memory.Buffer
	hint int // bytes that the last one had in use
}

const firstBytes = 512

// need makes b at least n bytes long.
func (b *buffer) need(n int, alloc memory.Allocator) {
	if b.mem == nil {
		b.mem = memory.NewResizableBuffer(alloc)
		n = max(n, b.hint, firstBytes)
	}
	b.mem.Reserve(max(n, 2*len(b.b)))
	b.b = b.mem.Buf()
}

// take gives away the first n bytes as a buffer that the caller releases.
func (b *buffer) take(n int, alloc memory.Allocator) *memory.Buffer {
	mem := b.mem
	if mem == nil {
		return memory.NewResizableBuffer(alloc)
	}
	mem.ResizeNoShrink(n)
	*b = buffer{hint: n + n/16}
	return mem
}

func (b *buffer) release() {
	if b.mem != nil {
		b.mem.Release()
		*b = buffer{hint: b.hint}
	}
}

func (b *buffer) bit(i int) bool { return b.b[i>>3]&(1<<(i&7)) != 0 }

func (b *buffer) setBit(i int, on bool) {
	at, mask := i>>3, byte(1)<<(i&7)
	if on {
		b.b[at] |= mask
	} else {
		b.b[at] &^= mask
	}
}
