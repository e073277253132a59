package jsonl

import "fmt"

// maxDepth is how deep values without a column may be nested. Those with one
// are as deep as the schema.
const maxDepth = 128

// skip reads over the value at p, and checks it.
func (d *Decoder) skip(n *node, p, depth int) int {
	b := d.b
	if p >= len(b) {
		return d.fail(p, n, errEnd)
	}
	if depth > maxDepth {
		return d.fail(p, n, fmt.Errorf("nested deeper than %d", maxDepth))
	}
	switch c := b[p]; {
	case c == '"':
		_, q := d.text(n, p)
		return q
	case c == '{' || c == '[':
		return d.skipNested(n, p, depth)
	case literal(b, p, "true"), literal(b, p, "null"):
		return p + 4
	case literal(b, p, "false"):
		return p + 5
	}
	if q := numberEnd(b, p); q >= 0 {
		return q
	}
	return d.fail(p, n, errValue)
}

func (d *Decoder) skipNested(n *node, p, depth int) int {
	b := d.b
	object, end, want := b[p] == '{', byte(']'), errArrayEnd
	if object {
		end, want = '}', errMore
	}
	p = space(b, p+1)
	if p < len(b) && b[p] == end {
		return p + 1
	}
	for {
		if object {
			if p = d.skipName(n, p); p < 0 {
				return p
			}
		}
		if p = d.skip(n, p, depth+1); p < 0 {
			return p
		}
		if p = space(b, p); p >= len(b) {
			return d.fail(p, n, errEnd)
		}
		switch b[p] {
		case ',':
			p = space(b, p+1)
		case end:
			return p + 1
		default:
			return d.fail(p, n, want)
		}
	}
}

func (d *Decoder) skipName(n *node, p int) int {
	b := d.b
	if p >= len(b) || b[p] != '"' {
		return d.fail(p, n, errKey)
	}
	_, p = d.text(n, p)
	if p < 0 {
		return p
	}
	if p = space(b, p); p >= len(b) || b[p] != ':' {
		return d.fail(p, n, errColon)
	}
	return space(b, p+1)
}

// numberEnd returns the end of the number at p, or -1 if there is none.
func numberEnd(b []byte, p int) int {
	if p < len(b) && b[p] == '-' {
		p++
	}
	if p >= len(b) {
		return -1
	}
	if b[p] == '0' {
		p++
	} else if p = digits(b, p); p < 0 {
		return -1
	}
	if p < len(b) && b[p] == '.' {
		if p = digits(b, p+1); p < 0 {
			return -1
		}
	}
	if p < len(b) && b[p]|0x20 == 'e' {
		p++
		if p < len(b) && (b[p] == '+' || b[p] == '-') {
			p++
		}
		return digits(b, p)
	}
	return p
}

// digits returns the end of the digits at p, or -1 if there are none.
func digits(b []byte, p int) int {
	first := p
	for p < len(b) && b[p]-'0' <= 9 {
		p++
	}
	if p == first {
		return -1
	}
	return p
}
