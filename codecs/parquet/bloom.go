package parquet

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// salt spreads a hash over the eight words of a block, as the format says.
var salt = [8]uint32{
	0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
	0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
}

const (
	bloomBlock = 32 // bytes
	bloomMax   = 1 << 20
)

// encodeBloom returns a split-block bloom filter of hashes with its header.
// It has 10 to 20 bits per distinct value, which is about 1 % of false
// answers or less, up to 1 MiB.
func encodeBloom(hashes []uint64) []byte {
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	size := bloomBlock
	if n := len(hashes) * 10 / 8; n > size {
		size = min(bloomMax, 1<<bits.Len(uint(n-1)))
	}
	var t compact
	t.open()
	t.i32(1, int32(size))
	for id := int16(2); id <= 4; id++ { // split block, xxhash, uncompressed
		t.begin(id)
		t.empty(1)
		t.end()
	}
	t.end()
	at := len(t.buf)
	out := append(t.buf, make([]byte, size)...)
	filter := out[at:]
	blocks := uint64(size / bloomBlock)
	for _, h := range hashes {
		block := filter[(h>>32)*blocks>>32*bloomBlock:]
		for i, s := range salt {
			word := block[4*i:]
			bit := uint32(h) * s >> 27
			binary.LittleEndian.PutUint32(word, binary.LittleEndian.Uint32(word)|1<<bit)
		}
	}
	return out
}
