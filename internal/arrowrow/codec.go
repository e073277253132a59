package arrowrow

import (
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A Codec converts slices of T. It is immutable and safe for concurrent use.
type Codec[T any] struct {
	schema *arrow.Schema
	record *record
}

// codecs remembers the *Codec[T] of each reflect.Type: what Of computes
// depends on nothing but the type.
var codecs sync.Map

// Of returns the codec of the struct type T. The error names the field that
// has no Arrow type.
func Of[T any]() (*Codec[T], error) {
	t := reflect.TypeFor[T]()
	if c, ok := codecs.Load(t); ok {
		return c.(*Codec[T]), nil
	}
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("convert %v to columns: not a struct", t)
	}
	r, err := planRecord(t, nil)
	if err != nil {
		return nil, fmt.Errorf("convert %v to columns: %w", t, err)
	}
	c := &Codec[T]{schema: arrow.NewSchema(r.arrowFields(), nil), record: r}
	codecs.Store(t, c)
	return c, nil
}

// Schema returns the schema that Encode writes.
func (c *Codec[T]) Schema() *arrow.Schema { return c.schema }

// Encode returns a batch of vs that the caller owns. It fails when a value
// does not fit its column: more than 2 GiB of text in one column, a time that
// the unit can not hold, a decimal over its precision.
func (c *Codec[T]) Encode(mem memory.Allocator, vs []T) (arrow.RecordBatch, error) {
	r := rowsOf(vs)
	cols := make([]arrow.Array, 0, len(c.record.fields))
	defer func() {
		for _, a := range cols {
			a.Release()
		}
	}()
	for _, f := range c.record.fields {
		d, err := f.node.encode(mem, r.field(f.offset))
		if err != nil {
			return nil, fmt.Errorf("encode column %q: %w", f.name, err)
		}
		cols = append(cols, array.MakeFromData(d))
		d.Release()
	}
	return array.NewRecordBatch(c.schema, cols, int64(len(vs))), nil
}

// Bind matches the fields of T with the columns of schema, by name. Columns
// without a field are ignored. The error lists every field whose column is
// missing or of a type that T can not hold without loss.
func (c *Codec[T]) Bind(schema *arrow.Schema) (*Decoder[T], error) {
	bound, err := c.record.bind(schema.Fields())
	if err != nil {
		return nil, fmt.Errorf("read columns into %v: %w", reflect.TypeFor[T](), err)
	}
	return &Decoder[T]{schema: schema, fields: bound, gaps: c.record.gaps}, nil
}

// A Decoder reads batches of one schema into values of T. It is immutable
// and safe for concurrent use.
type Decoder[T any] struct {
	schema *arrow.Schema
	fields []boundField
	gaps   bool // T has fields without a column
}

// Decode appends the rows of b to dst; b must have the schema the decoder is
// bound to. The rows stay valid when b is released. On error dst is returned
// as it was.
func (d *Decoder[T]) Decode(b arrow.RecordBatch, dst []T) ([]T, error) {
	if s := b.Schema(); s != d.schema && !sameTypes(s, d.schema) {
		return dst, fmt.Errorf("decode batch: schema changed; bind again\nbound to %v\ngot %v", d.schema, s)
	}
	old, n := len(dst), int(b.NumRows())
	grown := slices.Grow(dst, n)[:old+n]
	if d.gaps {
		clear(grown[old:])
	}
	r := rowsOf(grown[old:])
	for _, f := range d.fields {
		if err := f.read(b.Column(f.index).Data(), r.field(f.offset), nil); err != nil {
			return dst, fmt.Errorf("decode batch: %w", err)
		}
	}
	return grown, nil
}

// sameTypes tells whether columns of two schemas are the same but for their
// metadata.
func sameTypes(a, b *arrow.Schema) bool {
	if a.NumFields() != b.NumFields() {
		return false
	}
	for i, f := range a.Fields() {
		g := b.Field(i)
		if f.Name != g.Name || !arrow.TypeEqual(f.Type, g.Type) {
			return false
		}
	}
	return true
}
