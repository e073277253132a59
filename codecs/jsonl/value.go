package jsonl

import (
	"errors"
	"fmt"

	"github.com/weirflow/weir/codecs/internal/column"
	"github.com/weirflow/weir/codecs/internal/scalar"
)

// value reads the value at p into the column of n.
func (d *Decoder) value(n *node, p int) int {
	b := d.b
	if p >= len(b) {
		return d.fail(p, n, errEnd)
	}
	switch n.kind {
	case column.Text:
		if b[p] == '"' {
			text, q := d.text(n, p)
			if q >= 0 {
				n.col.AppendBytes(text)
			}
			return q
		}
	case column.Int:
		if v, q := integer(b, p); q > 0 {
			if err := n.col.AppendInt(v); err != nil {
				return d.failText(p, n, b[p:q], err)
			}
			return q
		}
	case column.Float64:
		if v, size, ok := scalar.FastFloat(b[p:]); ok {
			n.col.AppendFloat(v)
			return p + size
		}
	case column.Struct:
		if b[p] == '{' {
			if p = d.object(n, p, n.col.Len()); p >= 0 {
				n.col.End()
			}
			return p
		}
	case column.List:
		if b[p] == '[' {
			return d.list(n, p)
		}
	case column.Map:
		if b[p] == '{' {
			return d.pairs(n, p)
		}
	default:
	}
	return d.other(n, p)
}

// integer reads a plain whole number of at most 18 digits. A next of 0 says
// that there is none at p.
func integer(b []byte, p int) (v int64, next int) {
	neg := b[p] == '-'
	if neg {
		p++
	}
	first := p
	for p < len(b) {
		c := b[p] - '0'
		if c > 9 {
			break
		}
		v = v*10 + int64(c)
		p++
	}
	digits := p - first
	if digits == 0 || digits > 18 || b[first] == '0' && digits > 1 ||
		p < len(b) && (b[p] == '.' || b[p]|0x20 == 'e') {
		return 0, 0
	}
	if neg {
		v = -v
	}
	return v, p
}

var (
	errArrayEnd = errors.New("want , or ] behind an element")
	errValue    = errors.New("not a JSON value")
)

// other reads what value has no fast path for.
func (d *Decoder) other(n *node, p int) int {
	b := d.b
	switch c := b[p]; {
	case c == 'n':
		if !literal(b, p, "null") {
			return d.fail(p, n, errValue)
		}
		if err := n.col.AppendNull(); err != nil {
			return d.fail(p, n, err)
		}
		return p + 4
	case n.raw && c != '"':
		q := d.skip(n, p, 0)
		if q >= 0 {
			n.col.AppendBytes(b[p:q])
		}
		return q
	case c == '"':
		return d.quoted(n, p)
	case c == '-' || c-'0' <= 9:
		return d.number(n, p)
	case n.kind == column.Bool && c == 't' && literal(b, p, "true"):
		n.col.AppendBool(true)
		return p + 4
	case n.kind == column.Bool && c == 'f' && literal(b, p, "false"):
		n.col.AppendBool(false)
		return p + 5
	}
	return d.mismatch(n, p)
}

func literal(b []byte, p int, want string) bool {
	return len(b)-p >= len(want) && string(b[p:p+len(want)]) == want
}

// quoted reads a string into a column that is not utf8.
func (d *Decoder) quoted(n *node, p int) int {
	switch n.kind {
	case column.Struct, column.List, column.Map, column.Null:
		return d.mismatch(n, p)
	default:
	}
	text, q := d.text(n, p)
	if q < 0 {
		return q
	}
	if err := n.col.AppendText(text); err != nil {
		return d.failText(p, n, text, err)
	}
	return q
}

// number reads a number into a column of numbers.
func (d *Decoder) number(n *node, p int) int {
	q := numberEnd(d.b, p)
	if q < 0 {
		return d.fail(p, n, errValue)
	}
	switch n.kind {
	case column.Int, column.Uint, column.Float32, column.Float64, column.Decimal:
	default:
		return d.mismatch(n, p)
	}
	if err := n.col.AppendText(d.b[p:q]); err != nil {
		return d.failText(p, n, d.b[p:q], err)
	}
	return q
}

// mismatch is a value of a type that does not fit the column.
func (d *Decoder) mismatch(n *node, p int) int {
	q := d.skip(n, p, 0)
	if q < 0 {
		return q
	}
	err := fmt.Errorf("%s, but the column is %s", kindOf(d.b[p]), n.col.Field.Type)
	if n.kind == column.Text {
		err = fmt.Errorf("%w (its field may have the metadata %s=%s to keep the JSON text)",
			err, RawKey, Raw)
	}
	return d.fail(p, n, err)
}

// kindOf names the kind of the JSON value that begins with c.
func kindOf(c byte) string {
	switch c {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

func (d *Decoder) list(n *node, p int) int {
	b := d.b
	elem := n.kids[0]
	p = space(b, p+1)
	if p < len(b) && b[p] == ']' {
		n.col.End()
		return p + 1
	}
	for {
		if p = d.value(elem, p); p < 0 {
			return p
		}
		p = space(b, p)
		if p >= len(b) {
			return d.fail(p, n, errEnd)
		}
		switch b[p] {
		case ',':
			p = space(b, p+1)
		case ']':
			n.col.End()
			return p + 1
		default:
			return d.fail(p, n, errArrayEnd)
		}
	}
}

// pairs reads an object into a map. Names that come twice are kept twice.
func (d *Decoder) pairs(n *node, p int) int {
	b := d.b
	key, item := n.kids[0], n.kids[1]
	p = space(b, p+1)
	if p < len(b) && b[p] == '}' {
		n.col.End()
		return p + 1
	}
	for {
		if p >= len(b) || b[p] != '"' {
			return d.fail(p, n, errKey)
		}
		if p = d.value(key, p); p < 0 {
			return p
		}
		if p = space(b, p); p >= len(b) || b[p] != ':' {
			return d.fail(p, n, errColon)
		}
		if p = d.value(item, space(b, p+1)); p < 0 {
			return p
		}
		if p = space(b, p); p >= len(b) {
			return d.fail(p, n, errEnd)
		}
		switch b[p] {
		case ',':
			p = space(b, p+1)
		case '}':
			n.col.End()
			return p + 1
		default:
			return d.fail(p, n, errMore)
		}
	}
}
