package jsonl

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/weirflow/weir/codecs/internal/scalar"
)

var (
	errUnclosed = errors.New("the text ends inside the array: want ]")
	errComma    = errors.New("no , between two rows of the array")
	errEmpty    = errors.New("no row in front of the , or ]")
	errTrailing = errors.New("text behind the array")
)

// mode is where in the text a frame is.
type mode uint8

const (
	atStart  mode = iota // a byte order mark may come
	atText               // rows or an array may come
	inLines              // rows end at newlines
	atFirst              // behind the [ of an array
	atRow                // behind a ,
	behind               // behind a row of an array
	finished             // behind the ]
)

// frame finds where rows begin and end: at newlines, or in an array by
// counting brackets. Between calls it remembers how far it has looked into a
// row whose end has not come.
type frame struct {
	lines bool // never an array
	most  int  // bytes of a row
	mode  mode

	looked   int // bytes of the row that have been looked at
	depth    int // brackets open there
	inString bool
	escaped  bool

	skipping bool   // the row is too long: its end is looked for
	text     []byte // what the row begins with, while skipping
	size     int    // the bytes of it that are gone
}

// span is a row at start:end. The text behind it begins at next. In a span
// without a row only next counts.
type span struct{ start, end, next int }

// find finds the row at or behind p, unless the batch is full. An error is
// about the text from start to next, which is a bad row.
func (f *frame) find(data []byte, p int, last, full bool) (s span, found bool, err error) {
	if f.skipping {
		return f.skip(data, last)
	}
	if f.mode == atStart {
		n, known := scalar.BOM(data, last)
		if !known {
			return s, false, nil
		}
		p = n
		f.mode = atText
		if f.lines {
			f.mode = inLines
		}
	}
	for {
		p = space(data, p)
		switch {
		case p == len(data) && last && f.open():
			f.mode = finished
			return span{p, p, p}, false, errUnclosed
		case p == len(data) || full:
			return span{next: p}, false, nil
		}
		switch f.mode {
		case inLines:
			return f.row(data, p, last, nil)
		case finished:
			return f.row(data, p, last, errTrailing)
		case atText:
			if data[p] != '[' {
				f.mode = inLines
				continue
			}
			f.mode = atFirst
			p++
		default:
			mark, err := f.mark(data[p])
			switch {
			case !mark:
				return f.row(data, p, last, err)
			case err != nil:
				return span{p, p + 1, p + 1}, false, err
			}
			p++
		}
	}
}

// open reports whether an array has begun and not ended.
func (f *frame) open() bool { return f.mode == atFirst || f.mode == atRow || f.mode == behind }

// mark takes a comma or bracket between the rows of an array. With mark ==
// false c begins a row, and an error says that it may not.
func (f *frame) mark(c byte) (mark bool, err error) {
	switch c {
	case ']':
		if f.mode == atRow {
			err = errEmpty
		}
		f.mode = finished
		return true, err
	case ',':
		if f.mode != behind {
			err = errEmpty
		}
		f.mode = atRow
		return true, err
	}
	if f.mode == behind {
		err = errComma
	}
	return false, err
}

// row finds the end of the row at p, which is a bad one if bad is not nil.
func (f *frame) row(data []byte, p int, last bool, bad error) (s span, found bool, err error) {
	n, ended := f.scan(data[p:])
	if n > f.most && !ended && !last {
		f.skipping, f.size, f.looked = true, n, 0
		f.text = bytes.Clone(data[p : p+min(f.most, maxText)])
		return span{next: len(data)}, false, nil
	}
	if !ended && !last {
		return span{next: p}, false, nil
	}
	s = f.close(p, p+n, len(data))
	if n > f.most {
		bad = tooLong(n, f.most)
	}
	return s, bad == nil, bad
}

// skip looks for the end of a row that is too long to be kept.
func (f *frame) skip(data []byte, last bool) (s span, found bool, err error) {
	n, ended := f.scan(data)
	f.looked = 0
	if !ended && !last {
		f.size += n
		return span{next: len(data)}, false, nil
	}
	s = f.close(-f.size, n, len(data))
	f.skipping = false
	return s, false, tooLong(f.size+n, f.most)
}

func tooLong(n, most int) error {
	return fmt.Errorf("the row is %d bytes long, more than max_row_bytes = %d", n, most)
}

// close ends a row, and steps over the newline behind it.
func (f *frame) close(start, end, size int) span {
	f.looked, f.depth, f.inString, f.escaped = 0, 0, false, false
	s := span{start, end, end}
	if f.open() {
		f.mode = behind
	} else if end < size {
		s.next++
	}
	return s
}

// scan finds the length of the row that b begins with, or looks at all of b.
func (f *frame) scan(b []byte) (n int, ended bool) {
	if !f.open() {
		at := min(f.looked, len(b))
		if n := bytes.IndexByte(b[at:], '\n'); n >= 0 {
			return at + n, true
		}
		f.looked = len(b)
		return len(b), false
	}
	for i := min(f.looked, len(b)); i < len(b); i++ {
		if f.inString {
			i += f.stringEnd(b[i:])
			if !f.inString && f.depth == 0 {
				return i + 1, true
			}
			continue
		}
		switch b[i] {
		case '"':
			f.inString = true
		case '{', '[':
			f.depth++
		case '}', ']':
			if f.depth <= 1 {
				return i + max(f.depth, btoi(i == 0 && !f.skipping)), true
			}
			f.depth--
		case ',', ' ', '\t', '\r', '\n':
			if f.depth == 0 {
				return i, true
			}
		}
	}
	f.looked = len(b)
	return len(b), false
}

// stringEnd looks for the end of the string that b is inside of. It returns
// the index of the last byte that it has looked at.
func (f *frame) stringEnd(b []byte) int {
	for i, c := range b {
		switch {
		case f.escaped:
			f.escaped = false
		case c == '\\':
			f.escaped = true
		case c == '"':
			f.inString = false
			return i
		}
	}
	return len(b) - 1
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
