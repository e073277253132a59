package parquet

import "encoding/binary"

// appendHybrid appends values in Parquet's mix of runs and bit-packed groups
// of eight, each value in width bits. The last group may be padded.
func appendHybrid[T byte | uint32](dst []byte, values []T, width int) []byte {
	n := len(values)
	for i := 0; i < n; {
		// A literal stretch goes on until the next eight values, at a group
		// boundary, begin a run that is worth its header.
		lit := i
		run := 0
		for lit < n {
			run = runLength(values[lit:])
			if run >= 8 || lit+run == n && lit == i {
				break
			}
			run = 0
			lit += 8
		}
		lit = min(lit, n)
		if lit > i {
			groups := (lit - i + 7) / 8
			dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
			dst = appendPacked(dst, values[i:lit], width)
		}
		if run > 0 {
			dst = binary.AppendUvarint(dst, uint64(run)<<1)
			dst = appendWidth(dst, uint32(values[lit]), width)
		}
		i = lit + run
	}
	return dst
}

// appendRun appends n times the same value.
func appendRun(dst []byte, n int, v uint32, width int) []byte {
	dst = binary.AppendUvarint(dst, uint64(n)<<1)
	return appendWidth(dst, v, width)
}

// appendWidth appends v in as many bytes as width bits need.
func appendWidth(dst []byte, v uint32, width int) []byte {
	for ; width > 0; width -= 8 {
		dst = append(dst, byte(v))
		v >>= 8
	}
	return dst
}

// runLength is how many values at the start of v are equal.
func runLength[T byte | uint32](v []T) int {
	first := v[0]
	for i, x := range v {
		if x != first {
			return i
		}
	}
	return len(v)
}

// appendPacked appends values bit-packed, padded with zeros to groups of
// eight values.
func appendPacked[T byte | uint32](dst []byte, values []T, width int) []byte {
	groups := (len(values) + 7) / 8
	size := groups * width
	start := len(dst)
	dst = grow(dst, size+8)
	out := dst[start : start+size+8]
	acc, filled, at := uint64(0), 0, 0
	for _, v := range values {
		acc |= uint64(v) << filled
		filled += width
		if filled >= 32 {
			binary.LittleEndian.PutUint32(out[at:], uint32(acc))
			at += 4
			acc >>= 32
			filled -= 32
		}
	}
	binary.LittleEndian.PutUint64(out[at:], acc)
	clear(out[min(at+8, size):size])
	return dst[:start+size]
}

// grow makes dst n longer; the new bytes are arbitrary.
func grow(dst []byte, n int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst[:len(dst)+n]
	}
	next := make([]byte, len(dst)+n, 2*cap(dst)+n)
	copy(next, dst)
	return next
}
