package bincode

import (
	"encoding/binary"
	"math"

	"github.com/zeebo/xxh3"
)

// The hashes below are part of what state directories mean: the key group of
// a key follows from them. They never change.

// HashUint64 mixes the bits of a number. Integers of all widths hash as
// their value in 64 bits, so that the width is not part of a key.
func HashUint64(x uint64) uint64 {
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	return x
}

// HashFloat64 hashes a number so that -0 and 0, and all NaNs, are one.
func HashFloat64(f float64) uint64 { return HashUint64(math.Float64bits(oneZero(f))) }

// oneZero makes -0 zero and every NaN the same NaN.
func oneZero(f float64) float64 {
	if f != f {
		return math.NaN()
	}
	return f + 0
}

// HashString hashes text or bytes.
func HashString(s string) uint64 { return xxh3.HashString(s) }

// HashFixed hashes an array of bytes: 16 of them, like a UUID, as two
// numbers, others like a string.
func HashFixed(b []byte) uint64 {
	if len(b) == 16 {
		return Hash128(binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]))
	}
	return xxh3.Hash(b)
}

// Hash128 hashes 16 bytes given as two little-endian halves.
func Hash128(lo, hi uint64) uint64 { return HashUint64(lo ^ HashUint64(hi)) }

// Combine adds the hash x of the next field or column to the hash h of those
// before it.
func Combine(h, x uint64) uint64 { return HashUint64(h*0x9e3779b97f4a7c15 + x) }
