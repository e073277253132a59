package csv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/bits"
)

var (
	errBare  = errors.New("a quote in a field without quotes: want it quoted, the quote doubled")
	errClose = errors.New("text behind a closing quote: want a delimiter or the end of the row")
	errOpen  = errors.New("the text ends inside a quoted field: its quote is never closed")
)

// How a field is quoted.
const (
	quoted      = 1
	quotedTwice = 2 // there are doubled quotes in it
)

// field is where a field is in its row, without its quotes.
type field struct {
	start, end int32
	quotes     uint8
}

// splitter finds the fields of rows.
type splitter struct {
	delimiter, quote byte
	delims, quotes   uint64 // eight times each

	fields []field
	high   bool // some of the row may not be ASCII
	lines  bool // a field holds a newline
	open   bool // a quote is open where the text ends
	fault  int  // where the row is wrong, or its last field begins
	stop   byte // what has to come before the row can end; 0: not known
}

func newSplitter(o Options) splitter {
	return splitter{
		delimiter: o.Delimiter, quote: o.Quote,
		delims: uint64(o.Delimiter) * ones, quotes: uint64(o.Quote) * ones,
	}
}

const (
	ones    = 0x0101010101010101
	lows    = 0x7f7f7f7f7f7f7f7f
	newline = '\n' * ones
)

// zeros has the high bit of each byte set that is zero in x.
func zeros(x uint64) uint64 { return ^((x&lows + lows) | x | lows) }

// load returns the bytes at b[i:], at most eight, and how many they are.
func load(b []byte, i int) (x uint64, n int) {
	if i+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[i:]), 8
	}
	for k := len(b) - 1; k >= i; k-- {
		x = x<<8 | uint64(b[k])
	}
	return x, len(b) - i
}

// row splits the row that b begins with. It returns the bytes up to the next
// row, or -1 if the row may go on behind b. An error is about the row.
func (s *splitter) row(b []byte, last bool) (n int, err error) {
	s.fields = s.fields[:0]
	s.open, s.lines, s.high, s.stop = false, false, false, '\n'
	start := 0
scan:
	for i := 0; i < len(b); {
		x, wide := load(b, i)
		s.high = s.high || x&^lows != 0
		stops := zeros(x^s.delims) | zeros(x^newline) | zeros(x^s.quotes)
		for ; stops != 0; stops &= stops - 1 {
			k := i + bits.TrailingZeros64(stops)>>3
			switch c := b[k]; {
			case c == s.delimiter:
				s.fields = append(s.fields, field{int32(start), int32(k), 0})
				start = k + 1
			case c == '\n':
				s.last(b, start, k)
				return k + 1, nil
			case k != start:
				s.fault = k
				return lineEnd(b, k, last), errBare
			default:
				next, ended, err := s.quoted(b, start, last)
				if next < 0 || ended {
					return next, err
				}
				i, start = next, next
				continue scan
			}
		}
		i += wide
	}
	if !last {
		s.fault = start
		return -1, nil
	}
	s.last(b, start, len(b))
	return len(b), nil
}

// last adds the last field of a row, which ends at end or a \r before it.
func (s *splitter) last(b []byte, start, end int) {
	if end > start && b[end-1] == '\r' {
		end--
	}
	s.fields = append(s.fields, field{int32(start), int32(end), 0})
}

// quoted adds the field whose quote is at start, and returns where the next
// field begins, or with ended == true the next row.
func (s *splitter) quoted(b []byte, start int, last bool) (next int, ended bool, err error) {
	s.fault = start
	k, how := start+1, uint8(quoted)
	for {
		n := bytes.IndexByte(b[k:], s.quote)
		k += n
		if n < 0 || k+1 == len(b) && !last {
			s.open = true
			if s.stop = s.quote; n >= 0 {
				s.stop = 0 // anything may come behind a quote
			}
			if !last {
				return -1, true, nil
			}
			return lineEnd(b, start, last), true, errOpen
		}
		if k+1 == len(b) || b[k+1] != s.quote {
			break
		}
		how = quotedTwice
		k += 2
	}
	s.lines = s.lines || bytes.IndexByte(b[start:k], '\n') >= 0
	s.high = true
	s.fields = append(s.fields, field{int32(start + 1), int32(k), how})
	k++
	switch {
	case k == len(b):
		return k, true, nil
	case b[k] == s.delimiter:
		return k + 1, false, nil
	case b[k] == '\n':
		return k + 1, true, nil
	case b[k] == '\r' && k+1 == len(b):
		if last {
			return k + 1, true, nil
		}
		return -1, true, nil
	case b[k] == '\r' && b[k+1] == '\n':
		return k + 2, true, nil
	}
	s.fault = k
	return lineEnd(b, k, last), true, errClose
}

// blank returns the place behind the empty line at p, or p if there is none.
func blank(b []byte, p int, last bool) int {
	switch {
	case b[p] == '\n':
		return p + 1
	case b[p] != '\r':
		return p
	case p+1 == len(b) && last:
		return p + 1
	case p+1 < len(b) && b[p+1] == '\n':
		return p + 2
	}
	return p
}

// lineEnd returns the place behind the newline at or behind from, or -1 if it
// may come behind b.
func lineEnd(b []byte, from int, last bool) int {
	if n := bytes.IndexByte(b[from:], '\n'); n >= 0 {
		return from + n + 1
	}
	if last {
		return len(b)
	}
	return -1
}

// strings returns copies of the fields of row, which was split last.
func (s *splitter) strings(row []byte) []string {
	var names []string
	for _, f := range s.fields {
		text := row[f.start:f.end]
		if f.quotes == quotedTwice {
			text = unquote(nil, text, s.quote)
		}
		names = append(names, string(text))
	}
	return names
}

// unquote appends text to dst with each doubled quote made one.
func unquote(dst, text []byte, quote byte) []byte {
	for {
		n := bytes.IndexByte(text, quote)
		if n < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:n+1]...)
		text = text[n+2:]
	}
}
