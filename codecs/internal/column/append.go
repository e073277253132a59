package column

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/weirflow/weir/codecs/internal/scalar"
)

var (
	errBase64 = errors.New("not base64")
	errNested = errors.New("not a value for a nested column")
	errNull   = errors.New("only nulls fit in a column of type null")
)

// ok counts a value in that is not null.
func (c *Column) ok() {
	if c.valid.mem != nil {
		c.mark(true)
	}
	c.n++
}

// mark writes the validity of the value that comes next.
func (c *Column) mark(valid bool) {
	if c.n>>3 >= len(c.valid.b) {
		first := c.valid.mem == nil
		c.valid.need(c.n>>3+1, c.alloc)
		for i := 0; first && i < c.n; i += 8 {
			c.valid.b[i>>3] = 0xff
		}
	}
	c.valid.setBit(c.n, valid)
}

// slot makes room for a value of fixed width and returns it.
func (c *Column) slot() []byte {
	at := c.n * c.width
	if at+c.width > len(c.vals.b) {
		c.vals.need(at+c.width, c.alloc)
	}
	return c.vals.b[at : at+c.width]
}

// AppendNull appends a null. What lies under a null is zero.
func (c *Column) AppendNull() error {
	if !c.Field.Nullable {
		return ErrNull
	}
	c.appendNull()
	return nil
}

func (c *Column) appendNull() {
	if c.Kind != Null {
		c.mark(false)
	}
	c.nulls++
	c.appendZero()
}

// appendZero appends what lies under a null.
func (c *Column) appendZero() {
	switch c.Kind {
	case Null:
	case Bool:
		c.putBool(false)
	case Text, Binary:
		c.putEnd(c.used)
	case List, Map:
		c.putEnd(c.Kids[0].n)
	case Struct:
		for _, kid := range c.Kids {
			if kid.Field.Nullable {
				kid.appendNull()
			} else {
				kid.AppendEmpty()
			}
		}
	default:
		clear(c.slot())
	}
	c.n++
}

// AppendEmpty appends the zero of the type: 0, false, "", an empty list.
func (c *Column) AppendEmpty() {
	if c.valid.mem != nil {
		c.mark(true)
	}
	c.appendZero()
}

// AppendBool appends to a column of kind [Bool].
func (c *Column) AppendBool(v bool) {
	c.putBool(v)
	c.ok()
}

func (c *Column) putBool(v bool) {
	if c.n>>3 >= len(c.vals.b) {
		c.vals.need(c.n>>3+1, c.alloc)
	}
	c.vals.setBit(c.n, v)
}

// AppendInt appends to a column of kind [Int] or [Uint].
func (c *Column) AppendInt(v int64) error {
	if c.Kind == Uint {
		if v < 0 {
			return scalar.ErrRange
		}
		return c.AppendUint(uint64(v))
	}
	if v < c.min || v > c.max {
		return scalar.ErrRange
	}
	c.putInt(v)
	return nil
}

// AppendUint appends to a column of kind [Uint].
func (c *Column) AppendUint(v uint64) error {
	if c.width < 8 && v>>(8*c.width) != 0 {
		return scalar.ErrRange
	}
	c.putInt(int64(v))
	return nil
}

func (c *Column) putInt(v int64) {
	b := c.slot()
	switch c.width {
	case 8:
		binary.NativeEndian.PutUint64(b, uint64(v))
	case 4:
		binary.NativeEndian.PutUint32(b, uint32(v))
	case 2:
		binary.NativeEndian.PutUint16(b, uint16(v))
	default:
		b[0] = byte(v)
	}
	c.ok()
}

// AppendFloat appends to a column of kind [Float64].
func (c *Column) AppendFloat(v float64) {
	binary.NativeEndian.PutUint64(c.slot(), math.Float64bits(v))
	c.ok()
}

func (c *Column) putDecimal(v decimal128.Num) {
	b := c.slot()
	binary.NativeEndian.PutUint64(b, v.LowBits())
	binary.NativeEndian.PutUint64(b[8:], uint64(v.HighBits()))
	c.ok()
}

// AppendBytes appends to a column of kind [Text], where they must be valid
// UTF-8, or [Binary].
func (c *Column) AppendBytes(b []byte) {
	end := c.used + len(b)
	if end > len(c.data.b) {
		c.data.need(end, c.alloc)
	}
	copy(c.data.b[c.used:], b)
	c.used = end
	c.putEnd(end)
	c.ok()
}

// putEnd writes where the value that comes next ends.
func (c *Column) putEnd(end int) {
	at := (c.n + 1) * c.width
	if at+c.width > len(c.vals.b) {
		c.growEnds(at + c.width)
	}
	if c.width == 4 {
		binary.NativeEndian.PutUint32(c.vals.b[at:], uint32(end))
		return
	}
	binary.NativeEndian.PutUint64(c.vals.b[at:], uint64(end))
}

func (c *Column) growEnds(n int) {
	first := c.vals.mem == nil
	c.vals.need(n, c.alloc)
	if first {
		clear(c.vals.b[:c.width])
	}
}

// End closes the value of a [Struct], [List] or [Map] whose parts have been
// appended to the kids.
func (c *Column) End() {
	if c.Kind != Struct {
		c.putEnd(c.Kids[0].n)
	}
	c.ok()
}

// AppendText appends the value that b stands for: the rules of package
// scalar, for kind [Text] b itself (which must be valid UTF-8), for [Binary]
// and [Fixed] what b is in base64. Nothing is appended if there is an error.
func (c *Column) AppendText(b []byte) error {
	switch c.Kind {
	case Text:
		c.AppendBytes(b)
		return nil
	case Int:
		v, err := scalar.Int64(b)
		if err != nil {
			return err
		}
		return c.AppendInt(v)
	case Decimal:
		v, err := scalar.Decimal128(b, c.prec, c.scale)
		if err != nil {
			return err
		}
		c.putDecimal(v)
		return nil
	case Date32:
		v, err := scalar.Date(b)
		if err != nil {
			return err
		}
		binary.NativeEndian.PutUint32(c.slot(), uint32(v))
		c.ok()
		return nil
	case Float64:
		v, err := scalar.Float64(b)
		if err != nil {
			return err
		}
		c.AppendFloat(v)
		return nil
	case Timestamp:
		v, err := scalar.Timestamp(b, c.unit)
		if err != nil {
			return err
		}
		c.putInt(v)
		return nil
	default:
		return c.appendRare(b)
	}
}

func (c *Column) appendRare(b []byte) error {
	switch c.Kind {
	case Bool:
		v, err := scalar.Bool(b)
		if err != nil {
			return err
		}
		c.AppendBool(v)
		return nil
	case Uint:
		v, err := scalar.Uint64(b)
		if err != nil {
			return err
		}
		return c.AppendUint(v)
	case Float32:
		v, err := scalar.Float32(b)
		if err != nil {
			return err
		}
		binary.NativeEndian.PutUint32(c.slot(), math.Float32bits(v))
		c.ok()
		return nil
	case Date64:
		v, err := scalar.Date(b)
		if err != nil {
			return err
		}
		c.putInt(int64(v) * 86_400_000)
		return nil
	case Time:
		v, err := scalar.Time(b, c.unit)
		if err != nil {
			return err
		}
		c.putInt(v)
		return nil
	case Binary:
		return c.appendBase64(b)
	case Fixed, UUID:
		return c.appendFixed(b)
	case Null:
		return errNull
	default:
		return errNested
	}
}

func (c *Column) appendBase64(b []byte) error {
	most := base64.StdEncoding.DecodedLen(len(b))
	if c.used+most > len(c.data.b) {
		c.data.need(c.used+most, c.alloc)
	}
	n, err := base64.StdEncoding.Strict().Decode(c.data.b[c.used:], b)
	if err != nil {
		return errBase64
	}
	c.used += n
	c.putEnd(c.used)
	c.ok()
	return nil
}

// appendFixed takes a UUID in its usual form for 16 bytes, and base64.
func (c *Column) appendFixed(b []byte) error {
	if c.width == 16 && (c.Kind == UUID || len(b) == 36) {
		var id [16]byte
		if err := scalar.UUID(&id, b); err != nil {
			return err
		}
		copy(c.slot(), id[:])
		c.ok()
		return nil
	}
	v, err := base64.StdEncoding.Strict().AppendDecode(nil, b)
	if err != nil {
		return errBase64
	}
	if len(v) != c.width {
		return fmt.Errorf("%d bytes, want %d", len(v), c.width)
	}
	copy(c.slot(), v)
	c.ok()
	return nil
}
