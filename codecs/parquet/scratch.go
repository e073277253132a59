package parquet

import (
	"encoding/binary"
	"math/bits"
)

// scratch is the working memory of one goroutine that encodes. Nothing in it
// outlives the encoding of a page, but the memory itself is used again.
type scratch struct {
	levels    levels
	expansion expansion
	idx       []int32 // positions of the values of the last add

	int32s  []int32
	int64s  []int64
	lengths []int32
	parts   [][]byte // the bytes of the page's values
	own     []byte   // values that had to be copied together
	ownEnds []int    // where each part that is in own ends there
	bools   []byte   // a bit per value
	refs    []uint32 // indices into a dictionary

	page   []byte // encoded, not compressed
	trial  []byte
	packed []byte // compressed
	codec  codec
}

// appendSized appends what fill appends, behind its size in four bytes.
func appendSized(dst []byte, fill func([]byte) []byte) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = fill(dst)
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// bitWidth is how many bits hold the values 0 to most, at least one.
func bitWidth(most uint32) int { return max(1, bits.Len32(most)) }
