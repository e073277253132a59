package arrowrow

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/decimal"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// node converts values of one Go type to an Arrow array and back.
type node struct {
	dt       arrow.DataType
	optional bool // a pointer: null and nil are the same
	nilable  bool // the zero value stands for a null
	width    int  // bytes of a value, if Arrow and Go hold it in the same form

	// encode makes an array of all rows, without validity; rows without a
	// value become zero.
	encode func(mem memory.Allocator, r rows) (*array.Data, error)

	// bind returns how to read arrays of type dt, or errType.
	bind func(dt arrow.DataType) (reader, error)
}

// reader stores the values of d at direct rows. Rows that are not live may
// hold anything, and are not held against the column when they are null;
// nil means that all are live.
type reader func(d arrow.ArrayData, r rows, live []bool) error

// errType says that the column has a type the field can not hold.
var errType = errors.New("other type")

// nullError is a null where there must be a value.
type nullError struct {
	column string
	row    int
}

// Error names column and row.
func (e *nullError) Error() string {
	return fmt.Sprintf("column %q, row %d: null, but the field is not a pointer", e.column, e.row)
}

// reader returns how to read arrays of type dt, nulls looked after.
func (n *node) reader(dt arrow.DataType) (reader, error) {
	if ext, ok := dt.(arrow.ExtensionType); ok {
		dt = ext.StorageType() // a UUID is its 16 bytes
	}
	read, err := n.bind(dt)
	if errors.Is(err, errType) {
		return nil, fmt.Errorf("is %v, want %v", dt, n.dt)
	}
	if err != nil || n.optional || n.nilable {
		return read, err
	}
	return func(d arrow.ArrayData, r rows, live []bool) error {
		if row := firstNull(d, live); row >= 0 {
			return &nullError{row: row}
		}
		return read(d, r, live)
	}, nil
}

// named puts the name of a column before the errors of read.
func named(name string, read reader) reader {
	return func(d arrow.ArrayData, r rows, live []bool) error {
		err := read(d, r, live)
		if err == nil {
			return nil
		}
		null, ok := errors.AsType[*nullError](err)
		if !ok {
			return fmt.Errorf("column %q: %w", name, err)
		}
		if null.column != "" {
			name += "." + null.column
		}
		return &nullError{column: name, row: null.row}
	}
}

// nullCount returns the number of nulls of d.
func nullCount(d arrow.ArrayData) int {
	if d.DataType().ID() == arrow.NULL {
		return d.Len()
	}
	if n := d.NullN(); n >= 0 {
		return n
	}
	if len(d.Buffers()) == 0 || d.Buffers()[0] == nil {
		return 0
	}
	return d.Len() - bitutil.CountSetBits(d.Buffers()[0].Bytes(), d.Offset(), d.Len())
}

// valid tells whether row i of d is not null. d has nulls.
func valid(d arrow.ArrayData, i int) bool {
	return d.DataType().ID() != arrow.NULL && bitutil.BitIsSet(d.Buffers()[0].Bytes(), d.Offset()+i)
}

func firstNull(d arrow.ArrayData, live []bool) int {
	if nullCount(d) == 0 {
		return -1
	}
	for i := range d.Len() {
		if !valid(d, i) && (live == nil || live[i]) {
			return i
		}
	}
	return -1
}

// both narrows live to the rows of d that are not null.
func both(live []bool, d arrow.ArrayData) []bool {
	if nullCount(d) == 0 {
		return live
	}
	out := make([]bool, d.Len())
	if d.DataType().ID() == arrow.NULL {
		return out
	}
	bits, off := d.Buffers()[0].Bytes(), d.Offset()
	for i := range out {
		out[i] = bits[(off+i)>>3]>>((off+i)&7)&1 != 0
	}
	for i, l := range live {
		out[i] = out[i] && l
	}
	return out
}

// noBuffer returns the buffers of an array that has only a validity bitmap,
// all rows valid.
func noBuffer() []*memory.Buffer { return []*memory.Buffer{nil} }

// newBuffer returns a buffer of n bytes of any content.
func newBuffer(mem memory.Allocator, n int) *memory.Buffer {
	b := memory.NewResizableBuffer(mem)
	b.Resize(n)
	return b
}

// newData makes the data of an array and gives the references of buffers to it.
func newData(dt arrow.DataType, n int, buffers ...*memory.Buffer) *array.Data {
	d := array.NewData(dt, n, buffers, nil, 0, 0)
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
	return d
}

// plan chooses the node of Go type t.
func plan(t reflect.Type, o options, outer []reflect.Type) (*node, error) {
	if err := o.fit(t); err != nil {
		return nil, err
	}
	if n, err := planLeaf(t, o); n != nil || err != nil {
		return n, err
	}
	switch t.Kind() {
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Pointer {
			return nil, fmt.Errorf("%v: a pointer to a pointer has no column type", t)
		}
		return planOptional(t, o, outer)
	case reflect.Struct:
		return planStruct(t, outer)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return planBinary(o), nil
		}
		return planList(t, o, outer)
	case reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return planFixedBinary(t.Len()), nil
		}
		return planFixedList(t, outer)
	case reflect.Map:
		return planMap(t, outer)
	case reflect.String:
		return planString(o), nil
	case reflect.Bool:
		return planBool(), nil
	default:
		return planNumber(t)
	}
}

// leafStruct tells whether struct type t is a single value, like a time.
func leafStruct(t reflect.Type) bool {
	n, err := planLeaf(t, options{unit: arrow.Microsecond})
	return n != nil && err == nil
}

// planLeaf knows the types that stand for more than their kind.
func planLeaf(t reflect.Type, o options) (*node, error) {
	switch t {
	case reflect.TypeFor[time.Time]():
		return planTime(o), nil
	case reflect.TypeFor[time.Duration]():
		return planFixed[int64](&arrow.DurationType{Unit: arrow.Nanosecond}), nil
	case reflect.TypeFor[float16.Num]():
		return planFixed[uint16](arrow.FixedWidthTypes.Float16), nil
	case reflect.TypeFor[decimal.Decimal32]():
		return planDecimal[decimal.Decimal32](arrow.DECIMAL32, 9, o)
	case reflect.TypeFor[decimal.Decimal64]():
		return planDecimal[decimal.Decimal64](arrow.DECIMAL64, 18, o)
	case reflect.TypeFor[decimal.Decimal128]():
		return planDecimal[decimal.Decimal128](arrow.DECIMAL128, 38, o)
	case reflect.TypeFor[decimal256.Num]():
		return planDecimal[decimal.Decimal256](arrow.DECIMAL256, 76, o)
	}
	return nil, nil
}

// fit refuses options that mean nothing for type t.
func (o options) fit(t reflect.Type) error {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	isText := t.Kind() == reflect.String
	isBytes := t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
	isDecimal := t.PkgPath() == reflect.TypeFor[decimal.Decimal128]().PkgPath() ||
		t.PkgPath() == reflect.TypeFor[decimal256.Num]().PkgPath() ||
		t.PkgPath() == reflect.TypeFor[decimal.Decimal32]().PkgPath()
	switch {
	case o.dict && !isText:
		return fmt.Errorf("option dict is for strings, not for %v", t)
	case o.large && !isText && !isBytes && t.Kind() != reflect.Slice:
		return fmt.Errorf("option large is for strings, bytes and slices, not for %v", t)
	case o.large && o.dict:
		return errors.New("options large and dict exclude each other")
	case o.temporal != "" && t != reflect.TypeFor[time.Time]():
		return fmt.Errorf("option %s is for time.Time, not for %v", o.temporal, t)
	case o.decimal && !isDecimal:
		return fmt.Errorf("option decimal is for Arrow's decimal types, not for %v", t)
	}
	return nil
}
