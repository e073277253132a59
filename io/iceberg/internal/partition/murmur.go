package partition

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// hash is the 32-bit murmur3 of b with seed 0, as Iceberg's buckets want it.
func hash(b []byte) uint32 {
	h, n := uint32(0), uint32(len(b))
	for ; len(b) >= 4; b = b[4:] {
		h = mix(h, binary.LittleEndian.Uint32(b))
	}
	k := uint32(0)
	for _, c := range slices.Backward(b) {
		k = k<<8 | uint32(c)
	}
	if len(b) > 0 {
		h ^= scramble(k)
	}
	return finish(h, n)
}

// hash64 is the hash of the 8 bytes of v, least significant first.
func hash64(v uint64) uint32 {
	return finish(mix(mix(0, uint32(v)), uint32(v>>32)), 8)
}

func scramble(k uint32) uint32 { return bits.RotateLeft32(k*0xcc9e2d51, 15) * 0x1b873593 }

func mix(h, k uint32) uint32 { return bits.RotateLeft32(h^scramble(k), 13)*5 + 0xe6546b64 }

func finish(h, n uint32) uint32 {
	h ^= n
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}
