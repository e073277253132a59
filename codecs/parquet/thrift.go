package parquet

import "encoding/binary"

// compact writes Thrift's compact protocol: the structs of a Parquet file's
// headers, indexes and footer.
type compact struct {
	buf  []byte
	last int16   // id of the last field of the open struct
	up   []int16 // the same of the structs around it
}

// Types of the compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftI8     = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftBinary = 8
	thriftList   = 9
	thriftStruct = 12
)

func (c *compact) field(id int16, typ byte) {
	if d := id - c.last; d > 0 && d < 16 {
		c.buf = append(c.buf, byte(d)<<4|typ)
	} else {
		c.buf = append(c.buf, typ)
		c.buf = binary.AppendVarint(c.buf, int64(id))
	}
	c.last = id
}

func (c *compact) bool(id int16, v bool) {
	if v {
		c.field(id, thriftTrue)
	} else {
		c.field(id, thriftFalse)
	}
}

func (c *compact) i8(id int16, v int8) {
	c.field(id, thriftI8)
	c.buf = append(c.buf, byte(v))
}

func (c *compact) i16(id, v int16) {
	c.field(id, thriftI16)
	c.buf = binary.AppendVarint(c.buf, int64(v))
}

func (c *compact) i32(id int16, v int32) {
	c.field(id, thriftI32)
	c.buf = binary.AppendVarint(c.buf, int64(v))
}

func (c *compact) i64(id int16, v int64) {
	c.field(id, thriftI64)
	c.buf = binary.AppendVarint(c.buf, v)
}

func (c *compact) bytes(id int16, v []byte) {
	c.field(id, thriftBinary)
	c.item(v)
}

func (c *compact) string(id int16, v string) {
	c.field(id, thriftBinary)
	c.itemString(v)
}

// item writes a binary element of a list.
func (c *compact) item(v []byte) {
	c.buf = binary.AppendUvarint(c.buf, uint64(len(v)))
	c.buf = append(c.buf, v...)
}

func (c *compact) itemString(v string) {
	c.buf = binary.AppendUvarint(c.buf, uint64(len(v)))
	c.buf = append(c.buf, v...)
}

// itemInt writes an integer element of a list.
func (c *compact) itemInt(v int64) { c.buf = binary.AppendVarint(c.buf, v) }

// list begins a list of n elements, which follow as items or structs.
func (c *compact) list(id int16, typ byte, n int) {
	c.field(id, thriftList)
	if n < 15 {
		c.buf = append(c.buf, byte(n)<<4|typ)
		return
	}
	c.buf = append(c.buf, 0xF0|typ)
	c.buf = binary.AppendUvarint(c.buf, uint64(n))
}

// begin opens a struct that is a field; end closes it.
func (c *compact) begin(id int16) {
	c.field(id, thriftStruct)
	c.open()
}

// open opens a struct that is an element of a list or the outermost one.
func (c *compact) open() {
	c.up = append(c.up, c.last)
	c.last = 0
}

func (c *compact) end() {
	c.buf = append(c.buf, 0)
	c.last = c.up[len(c.up)-1]
	c.up = c.up[:len(c.up)-1]
}

// empty writes a field that is a struct without fields.
func (c *compact) empty(id int16) {
	c.begin(id)
	c.end()
}
