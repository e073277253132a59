package csv

import (
	"bytes"
	"fmt"

	"github.com/weirflow/weir/codecs/internal/scalar"
)

// SplitPoint returns where the first row that begins inside of data does:
// behind the first newline, if the text is [Splittable]. ok is false if there
// is none. A reader of the bytes from:to of a file starts at the first row
// that begins at or behind from, and reads on to the end of the row that to
// is in, with [Options] Split and Columns set.
func SplitPoint(data []byte) (n int, ok bool) {
	n = bytes.IndexByte(data, '\n')
	return n + 1, n >= 0
}

// Splittable reports whether a file that begins with sample may be read from
// several places. It may if there are no quotes, for only in quotes a newline
// is no end of a row. What comes behind the sample is not known: a decoder
// with [Options] Split stops at the first newline in quotes, and the file has
// to be read again as one.
func Splittable(sample []byte, o Options) bool {
	o, err := o.check()
	return err == nil && (o.NoQuotes || bytes.IndexByte(sample, o.Quote) < 0)
}

// Header reads the names in the first row of data, which is the beginning of
// a file, and where the row behind it begins. known is false if the header
// may go on behind data.
func Header(data []byte, last bool, o Options) (names []string, n int, known bool, err error) {
	o, err = o.check()
	if err != nil {
		return nil, 0, false, fmt.Errorf("read csv header: %w", err)
	}
	n, known = scalar.BOM(data, last)
	if !known {
		return nil, 0, false, nil
	}
	for n < len(data) {
		if end := blank(data, n, last); end > n {
			n = end
			continue
		}
		if o.Comment != 0 && data[n] == o.Comment {
			if n = lineEnd(data, n, last); n < 0 {
				return nil, 0, false, nil
			}
			continue
		}
		s := newSplitter(o)
		size, err := s.row(data[n:], last)
		switch {
		case size < 0:
			return nil, 0, false, nil
		case err != nil:
			return nil, 0, true, fmt.Errorf("read csv header: %w", err)
		}
		return s.strings(data[n : n+size]), n + size, true, nil
	}
	return nil, n, last, nil
}
