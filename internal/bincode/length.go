package bincode

import "encoding/binary"

func appendLength(dst []byte, n int) []byte { return binary.AppendUvarint(dst, uint64(n)) }

// readLength reads a number of bytes.
func readLength(b []byte) (int, []byte, error) {
	n, b, err := readUvarint(b)
	if err == nil && n > uint64(len(b)) {
		err = ErrShort
	}
	return int(n), b, err
}

// readCount reads the length of a slice or map whose elements take at least
// least bytes each; -1 stands for nil.
func readCount(b []byte, least int) (int, []byte, error) {
	n, b, err := readUvarint(b)
	if err == nil && n > 0 && n-1 > uint64(len(b)/least) {
		err = ErrShort
	}
	return int(n) - 1, b, err
}

// readUvarint reads the shortest form of a number only.
func readUvarint(b []byte) (uint64, []byte, error) {
	var v uint64
	for i, c := range b {
		if i == 9 && c > 1 || i > 0 && c == 0 {
			return 0, nil, ErrInvalid
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, b[i+1:], nil
		}
	}
	return 0, nil, ErrShort
}
