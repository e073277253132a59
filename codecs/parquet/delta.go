package parquet

import (
	"encoding/binary"
	"math/bits"
)

// Shape of DELTA_BINARY_PACKED as every writer has it.
const (
	deltaBlock = 128
	deltaMini  = 32
)

// appendDelta appends values in DELTA_BINARY_PACKED. Differences wrap around
// in T, as readers expect.
func appendDelta[T int32 | int64](dst []byte, values []T) []byte {
	dst = binary.AppendUvarint(dst, deltaBlock)
	dst = binary.AppendUvarint(dst, deltaBlock/deltaMini)
	dst = binary.AppendUvarint(dst, uint64(len(values)))
	if len(values) == 0 {
		return append(dst, 0)
	}
	dst = binary.AppendVarint(dst, int64(values[0]))
	prev := values[0]
	var block [deltaBlock]T
	for rest := values[1:]; len(rest) > 0; {
		n := min(len(rest), deltaBlock)
		least := rest[0] - prev
		for i, v := range rest[:n] {
			d := v - prev
			block[i] = d
			least = min(least, d)
			prev = v
		}
		dst = appendDeltaBlock(dst, block[:n], least)
		rest = rest[n:]
	}
	return dst
}

// appendDeltaBlock appends up to 128 differences over the least of them.
func appendDeltaBlock[T int32 | int64](dst []byte, block []T, least T) []byte {
	dst = binary.AppendVarint(dst, int64(least))
	widths := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	var mask uint64 = 1<<64 - 1
	if _, narrow := any(least).(int32); narrow {
		mask = 1<<32 - 1
	}
	var mini [deltaMini]uint64
	for m := 0; m*deltaMini < len(block); m++ {
		part := block[m*deltaMini : min((m+1)*deltaMini, len(block))]
		all := uint64(0)
		for i, d := range part {
			u := uint64(d-least) & mask
			mini[i] = u
			all |= u
		}
		clear(mini[len(part):])
		w := bits.Len64(all)
		dst[widths+m] = byte(w)
		dst = appendPacked64(dst, &mini, w)
	}
	return dst
}

// appendPacked64 appends 32 values of w bits each.
func appendPacked64(dst []byte, values *[deltaMini]uint64, w int) []byte {
	if w == 0 {
		return dst
	}
	start, size := len(dst), deltaMini/8*w
	dst = grow(dst, size)
	out := dst[start:]
	acc, filled := uint64(0), 0
	for _, v := range values {
		acc |= v << filled
		filled += w
		if filled >= 64 {
			binary.LittleEndian.PutUint64(out, acc)
			out = out[8:]
			filled -= 64
			acc = v >> (w - filled)
		}
	}
	for len(out) > 0 {
		out[0] = byte(acc)
		acc >>= 8
		out = out[1:]
	}
	return dst
}
