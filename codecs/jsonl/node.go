package jsonl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/weirflow/weir/codecs/internal/column"
)

// RawKey is the key of the field metadata that says how a utf8 column takes
// values that are not strings. With the value [Raw] it takes their JSON text.
const (
	RawKey = "weir.json"
	Raw    = "raw"
)

// node is a column and where it stands in the rows.
type node struct {
	col  *column.Column // nil: the row itself
	kind column.Kind
	path string // names from the row down, with dots
	raw  bool
	key  []byte // "name": as it is mostly written
	kids []*node
	at   map[string]int // of the kids of a struct, by name

	// Rows mostly have their fields in the order of the row before. first
	// is the kid that came first in it, next the sibling that came after
	// this one.
	first, next int
}

// compile makes the kids of a struct.
func (n *node) compile(cols []*column.Column, prefix string) error {
	n.at = make(map[string]int, len(cols))
	for i, c := range cols {
		name := c.Field.Name
		if _, twice := n.at[name]; twice {
			return fmt.Errorf("column %s%s: there are two of that name", prefix, name)
		}
		kid, err := newNode(c, prefix+name)
		if err != nil {
			return err
		}
		key, err := json.Marshal(name)
		if err != nil {
			return fmt.Errorf("column %s: %w", kid.path, err)
		}
		kid.key = append(key, ':')
		kid.next = (i + 1) % len(cols)
		n.at[name] = i
		n.kids = append(n.kids, kid)
	}
	return nil
}

func newNode(c *column.Column, path string) (*node, error) {
	n := &node{col: c, kind: c.Kind, path: path}
	if v, ok := c.Field.Metadata.GetValue(RawKey); ok {
		if v != Raw || n.kind != column.Text {
			return nil, fmt.Errorf("column %s: metadata %s=%s: want %s, on a utf8 column",
				path, RawKey, v, Raw)
		}
		n.raw = true
	}
	if n.kind == column.Struct {
		return n, n.compile(c.Kids, path+".")
	}
	for _, kid := range c.Kids {
		k, err := newNode(kid, path)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, k)
	}
	return n, nil
}

var (
	errTwice   = errors.New("the field is there twice")
	errUnknown = errors.New("the schema has no such column")
	errColon   = errors.New("want : behind the name of a field")
	errKey     = errors.New(`want the name of a field, " first`)
	errMore    = errors.New("want , or } behind a field")
	errEnd     = errors.New("the row ends too early")
)

// object reads the object at p into the kids of n, which have base values.
func (d *Decoder) object(n *node, p, base int) int {
	b := d.b
	seen := 0
	guess := &n.first
	p = space(b, p+1)
	if p < len(b) && b[p] == '}' {
		return d.missing(n, p+1, base)
	}
	for {
		var f *node
		if *guess < len(n.kids) && bytes.HasPrefix(b[p:], n.kids[*guess].key) {
			f = n.kids[*guess]
			p = space(b, p+len(f.key))
		} else {
			var at int
			if at, p = d.name(n, p); p < 0 {
				return p
			}
			if at >= 0 {
				f = n.kids[at]
				*guess = at
			}
		}
		switch {
		case f == nil:
			p = d.skip(n, p, 0)
		case f.col.Len() != base:
			return d.fail(p, f, errTwice)
		default:
			p = d.value(f, p)
			seen++
			guess = &f.next
		}
		if p < 0 {
			return p
		}
		p = space(b, p)
		if p >= len(b) {
			return d.fail(p, n, errEnd)
		}
		c := b[p]
		p++
		if c == '}' {
			break
		}
		if c != ',' {
			return d.fail(p-1, n, errMore)
		}
		p = space(b, p)
	}
	if seen == len(n.kids) {
		return p
	}
	return d.missing(n, p, base)
}

// missing gives the kids that an object had no field for a null.
func (d *Decoder) missing(n *node, p, base int) int {
	for _, kid := range n.kids {
		if kid.col.Len() == base {
			if err := kid.col.AppendNull(); err != nil {
				return d.fail(p-1, kid, fmt.Errorf("no such field in the row: %w", err))
			}
		}
	}
	return p
}

// name reads the name of a field and the colon behind it. at is the kid of
// that name, or -1.
func (d *Decoder) name(n *node, p int) (at, next int) {
	b := d.b
	if p >= len(b) || b[p] != '"' {
		return -1, d.fail(p, n, errKey)
	}
	name, q := d.text(n, p)
	if q < 0 {
		return -1, q
	}
	at, known := n.at[string(name)]
	if !known {
		at = -1
		if d.opts.Unknown == UnknownError {
			return -1, d.failText(p, n, name, errUnknown)
		}
	}
	q = space(b, q)
	if q >= len(b) || b[q] != ':' {
		return -1, d.fail(q, n, errColon)
	}
	return at, space(b, q+1)
}
