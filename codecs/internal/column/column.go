// Package column holds the buffers that the text decoders write into: one
// [Column] per Arrow field, growing by rows, that can take back the rows of
// a bad line, and a [Batch] of them.
//
// It does what array.Builder does, without a virtual call per value, with a
// cheap way back to an earlier length, and with bitmaps only for columns
// that have nulls.
package column

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs/internal/scalar"
)

// ErrNull is a null for a column that takes none.
var ErrNull = errors.New("null, but the column is not nullable")

// Kind is how the values of a column are kept and read.
type Kind uint8

// The kinds. Text is valid UTF-8 and Binary any bytes; both have offsets of
// four bytes, or of eight if they are Large.
const (
	Null Kind = iota
	Bool
	Int
	Uint
	Float32
	Float64
	Decimal
	Date32
	Date64
	Time
	Timestamp
	Text
	Binary
	Fixed
	UUID
	Struct
	List
	Map
)

// Column is one column in the making.
type Column struct {
	Field arrow.Field
	Kind  Kind
	// Kids are the fields of a struct, the element of a list, or the key
	// and value of a map.
	Kids []*Column

	typ      arrow.DataType // of the storage, below extensions
	alloc    memory.Allocator
	n        int
	nulls    int
	width    int // bytes of a value or an offset; 0: bits or none
	min, max int64
	unit     scalar.Unit
	prec     int32
	scale    int32

	valid, vals, data buffer
	used              int // bytes of data
}

// New makes an empty column for a field.
func New(f arrow.Field, alloc memory.Allocator) (*Column, error) {
	c := &Column{Field: f, typ: f.Type, alloc: alloc}
	if ext, ok := f.Type.(arrow.ExtensionType); ok {
		c.typ = ext.StorageType()
		if ext.ExtensionName() == "arrow.uuid" {
			c.Kind, c.width = UUID, 16
			return c, nil
		}
	}
	if c.scalarKind() || c.timeKind() {
		return c, nil
	}
	switch t := c.typ.(type) {
	case *arrow.StructType:
		c.Kind = Struct
		return c, c.kids(t.Fields()...)
	case *arrow.MapType:
		c.Kind, c.width = Map, 4
		return c, c.kids(t.KeyField(), t.ItemField())
	case *arrow.ListType:
		c.Kind, c.width = List, 4
		return c, c.kids(t.ElemField())
	case *arrow.LargeListType:
		c.Kind, c.width = List, 8
		return c, c.kids(t.ElemField())
	}
	return nil, fmt.Errorf("column %s: text has no values of type %s", f.Name, f.Type)
}

func (c *Column) kids(fields ...arrow.Field) error {
	for _, f := range fields {
		kid, err := New(f, c.alloc)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Field.Name, err)
		}
		c.Kids = append(c.Kids, kid)
	}
	return nil
}

func (c *Column) scalarKind() bool {
	switch t := c.typ.(type) {
	case *arrow.NullType:
		c.Kind = Null
	case *arrow.BooleanType:
		c.Kind = Bool
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type:
		c.Kind, c.width = Int, c.typ.(arrow.FixedWidthDataType).Bytes()
		c.max = 1<<(8*c.width-1) - 1
		c.min = -c.max - 1
	case *arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type:
		c.Kind, c.width = Uint, c.typ.(arrow.FixedWidthDataType).Bytes()
	case *arrow.Float32Type:
		c.Kind, c.width = Float32, 4
	case *arrow.Float64Type:
		c.Kind, c.width = Float64, 8
	case *arrow.Decimal128Type:
		c.Kind, c.width, c.prec, c.scale = Decimal, 16, t.Precision, t.Scale
	case *arrow.StringType:
		c.Kind, c.width = Text, 4
	case *arrow.LargeStringType:
		c.Kind, c.width = Text, 8
	case *arrow.BinaryType:
		c.Kind, c.width = Binary, 4
	case *arrow.LargeBinaryType:
		c.Kind, c.width = Binary, 8
	case *arrow.FixedSizeBinaryType:
		c.Kind, c.width = Fixed, t.ByteWidth
	default:
		return false
	}
	return true
}

func (c *Column) timeKind() bool {
	switch t := c.typ.(type) {
	case *arrow.Date32Type:
		c.Kind, c.width = Date32, 4
	case *arrow.Date64Type:
		c.Kind, c.width = Date64, 8
	case *arrow.Time32Type:
		c.Kind, c.width, c.unit = Time, 4, scalar.UnitOf(t.Unit)
	case *arrow.Time64Type:
		c.Kind, c.width, c.unit = Time, 8, scalar.UnitOf(t.Unit)
	case *arrow.TimestampType:
		c.Kind, c.width, c.unit = Timestamp, 8, scalar.UnitOf(t.Unit)
	default:
		return false
	}
	return true
}

// Len is the number of values.
func (c *Column) Len() int { return c.n }

// offsets reports whether vals are ends of values that lie elsewhere.
func (c *Column) offsets() bool {
	switch c.Kind {
	case Text, Binary, List, Map:
		return true
	default:
		return false
	}
}

// Size is the bytes in use.
func (c *Column) Size() int64 {
	size := int64(c.n*c.width + c.used)
	if c.Kind == Bool {
		size = int64(c.n / 8)
	}
	if c.valid.mem != nil {
		size += int64(c.n / 8)
	}
	for _, kid := range c.Kids {
		size += kid.Size()
	}
	return size
}

// Truncate takes back all values behind the first n, and what kids hold of a
// value that was not ended.
func (c *Column) Truncate(n int) {
	for i := n; c.nulls > 0 && i < c.n; i++ {
		if c.Kind == Null || !c.valid.bit(i) {
			c.nulls--
		}
	}
	c.n = min(n, c.n)
	switch c.Kind {
	case Text, Binary:
		c.used = c.end(c.n)
	case List, Map:
		for _, kid := range c.Kids {
			kid.Truncate(c.end(c.n))
		}
	case Struct:
		for _, kid := range c.Kids {
			kid.Truncate(c.n)
		}
	default:
	}
}

// end is where value n-1 ends and value n begins.
func (c *Column) end(n int) int {
	switch {
	case n == 0:
		return 0
	case c.width == 8:
		return int(binary.NativeEndian.Uint64(c.vals.b[n*8:]))
	default:
		return int(binary.NativeEndian.Uint32(c.vals.b[n*4:]))
	}
}
