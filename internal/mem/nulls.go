package mem

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Nulls returns n nulls of a type; the caller owns them. Unlike
// array.MakeArrayOfNull, which takes the bits and offsets as it finds them in
// fresh memory, it may be given an allocator that does not zero.
func Nulls(alloc memory.Allocator, t arrow.DataType, n int) arrow.Array {
	return array.MakeArrayOfNull(zeroing{alloc}, t, n)
}

// zeroing hands out the buffers of an allocator filled with zeros.
type zeroing struct{ memory.Allocator }

// Allocate returns a buffer of zeros.
func (z zeroing) Allocate(size int) []byte {
	b := z.Allocator.Allocate(size)
	clear(b)
	return b
}

// Reallocate returns a buffer with the content of b, and zeros behind it.
func (z zeroing) Reallocate(size int, b []byte) []byte {
	n := len(b)
	b = z.Allocator.Reallocate(size, b)
	if n < len(b) {
		clear(b[n:])
	}
	return b
}
