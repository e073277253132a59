package jsonl

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// space returns the first place at or behind p that is not white space.
func space(b []byte, p int) int {
	for p < len(b) && b[p] <= ' ' &&
		(b[p] == ' ' || b[p] == '\n' || b[p] == '\r' || b[p] == '\t') {
		p++
	}
	return p
}

var (
	errControl   = errors.New("a control character in a string: want \\u00 and two digits instead")
	errUTF8      = errors.New("the string is not valid UTF-8")
	errEscape    = errors.New("no such escape in a string")
	errSurrogate = errors.New("half of a surrogate pair in a string")
)

// text reads the string at p, whose quote has been seen. What it returns
// lives until the next call.
func (d *Decoder) text(n *node, p int) (text []byte, next int) {
	b := d.b
	first := p + 1
	q, ascii := scan(b, first)
	if q >= len(b) {
		return nil, d.fail(q, n, errEnd)
	}
	text = b[first:q]
	if b[q] != '"' {
		if text, q, ascii = d.unescape(n, first, q, ascii); q < 0 {
			return nil, q
		}
	}
	if !ascii && !utf8.Valid(text) {
		return nil, d.fail(first, n, errUTF8)
	}
	return text, q + 1
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// scan finds the first quote, backslash or control character at or behind p,
// or len(b), and whether all before it is ASCII.
func scan(b []byte, p int) (q int, ascii bool) {
	var high uint64
	for p+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[p:])
		// A byte of these has its high bit set where x has a quote, a
		// backslash, less than a space; the lowest such byte is right.
		stop := ((x ^ '"'*ones) - ones) | ((x ^ '\\'*ones) - ones) | (x - ' '*ones)
		stop &= ^x & highs
		if stop != 0 {
			k := bits.TrailingZeros64(stop) &^ 7
			high |= x & (1<<k - 1)
			return p + k>>3, high&highs == 0
		}
		high |= x
		p += 8
	}
	for p < len(b) {
		c := b[p]
		if c == '"' || c == '\\' || c < ' ' {
			break
		}
		high |= uint64(c)
		p++
	}
	return p, high&highs == 0
}

// unescape reads the rest of a string from a byte at q that scan stopped at.
func (d *Decoder) unescape(n *node, first, q int, ascii bool) (text []byte, end int, allASCII bool) {
	b := d.b
	s := append(d.scratch[:0], b[first:q]...)
	for {
		switch {
		case q >= len(b):
			return nil, d.fail(q, n, errEnd), false
		case b[q] == '"':
			d.scratch = s
			return s, q, ascii
		case b[q] < ' ':
			return nil, d.fail(q, n, errControl), false
		}
		r, size, err := escape(b[q:])
		if err != nil {
			return nil, d.fail(q, n, err), false
		}
		s = utf8.AppendRune(s, r)
		next, plain := scan(b, q+size)
		s = append(s, b[q+size:next]...)
		ascii = ascii && plain
		q = next
	}
}

// escape reads the escape that b begins with.
func escape(b []byte) (r rune, size int, err error) {
	if len(b) < 2 {
		return 0, 0, errEnd
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2, nil
	case 'b':
		return '\b', 2, nil
	case 'f':
		return '\f', 2, nil
	case 'n':
		return '\n', 2, nil
	case 'r':
		return '\r', 2, nil
	case 't':
		return '\t', 2, nil
	case 'u':
	default:
		return 0, 0, errEscape
	}
	r, ok := hex4(b)
	if !ok {
		return 0, 0, errEscape
	}
	if !utf16.IsSurrogate(r) {
		return r, 6, nil
	}
	low, ok := hex4(b[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0, errSurrogate
	}
	return r, 12, nil
}

// hex4 reads \uXXXX.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
