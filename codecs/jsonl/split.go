package jsonl

import "bytes"

// SplitPoint returns where the first row that begins inside of data does:
// behind the first newline, which always ends a row. ok is false if there is
// none. A reader of the bytes from:to of a file starts at the first row that
// begins at or behind from, and reads on to the end of the row that to is in.
func SplitPoint(data []byte) (n int, ok bool) {
	n = bytes.IndexByte(data, '\n')
	return n + 1, n >= 0
}

// Splittable reports whether a file that begins with sample may be read from
// several places: it holds lines, not one array.
func Splittable(sample []byte) bool {
	sample = bytes.TrimPrefix(sample, []byte("\xef\xbb\xbf"))
	p := space(sample, 0)
	return p < len(sample) && sample[p] != '['
}
