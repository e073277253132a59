package jsonl

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs/internal/text"
)

// exactDigits is how long a number may be that every reader of JSON keeps
// exactly, as a float64.
const exactDigits = 15

// ErrSchema is a batch that does not have the schema of its encoder.
var ErrSchema = errors.New("the batch has another schema")

// Encoder writes batches as lines of JSON. It has no state of its own.
type Encoder struct {
	schema *arrow.Schema
}

// NewEncoder makes an encoder for batches of a schema. It fails if the schema
// has a type that JSON cannot hold.
func NewEncoder(schema *arrow.Schema) (*Encoder, error) {
	for _, f := range schema.Fields() {
		empty := array.MakeArrayOfNull(memory.DefaultAllocator, f.Type, 0)
		_, err := values(empty)
		empty.Release()
		if err != nil {
			return nil, fmt.Errorf("make json encoder: column %s: %w", f.Name, err)
		}
	}
	return &Encoder{schema: schema}, nil
}

// Append appends a line for each row of b to dst. If there is an error, dst
// is as it was.
func (e *Encoder) Append(dst []byte, b arrow.RecordBatch) ([]byte, error) {
	if b.Schema() != e.schema && !b.Schema().Equal(e.schema) {
		return dst, fmt.Errorf("append json: %w: %s, want %s", ErrSchema, b.Schema(), e.schema)
	}
	row, err := object(e.schema.Fields(), b.Columns())
	if err != nil {
		return dst, fmt.Errorf("append json: %w", err)
	}
	out := dst
	for i := range int(b.NumRows()) {
		if out, err = row(out, i); err != nil {
			return dst, fmt.Errorf("append json: row %d: %w", i+1, err)
		}
		out = append(out, '\n')
	}
	return out, nil
}

// object is the writer of objects with a field for each column.
func object(fields []arrow.Field, cols []arrow.Array) (text.Append, error) {
	type member struct {
		name  string
		key   []byte // ,"name":
		value text.Append
	}
	members := make([]member, len(fields))
	for i, f := range fields {
		key, err := json.Marshal(f.Name)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
		value, err := values(cols[i])
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
		key = append(append([]byte{','}, key...), ':')
		members[i] = member{f.Name, key, value}
	}
	return func(dst []byte, row int) ([]byte, error) {
		first := len(dst)
		var err error
		for i := range members {
			m := &members[i]
			dst = append(dst, m.key...)
			if dst, err = m.value(dst, row); err != nil {
				return dst, fmt.Errorf("column %s: %w", m.name, err)
			}
		}
		if len(members) == 0 {
			dst = append(dst, ',')
		}
		dst[first] = '{'
		return append(dst, '}'), nil
	}, nil
}

// values is the writer of the values of an array, nulls among them.
func values(a arrow.Array) (text.Append, error) {
	value, err := known(text.Storage(a), a)
	if err != nil || a.NullN() == 0 {
		return value, err
	}
	return func(dst []byte, i int) ([]byte, error) {
		if a.IsNull(i) {
			return append(dst, "null"...), nil
		}
		return value(dst, i)
	}, nil
}

// known is the writer of values that are not null. ext is a with its
// extension type, if it has one.
func known(a, ext arrow.Array) (text.Append, error) {
	switch a := a.(type) {
	case *array.Null:
		return func(dst []byte, _ int) ([]byte, error) { return append(dst, "null"...), nil }, nil
	case *array.Struct:
		cols := make([]arrow.Array, a.NumField())
		for i := range cols {
			cols[i] = a.Field(i)
		}
		return object(a.DataType().(*arrow.StructType).Fields(), cols)
	case *array.Map:
		return pairs(a)
	case array.ListLike:
		return list(a)
	}
	value := text.Of(ext)
	if value == nil {
		return nil, fmt.Errorf("JSON has no values of type %s", ext.DataType())
	}
	switch t := valueType(a).(type) {
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return escaped(value), nil
	case *arrow.Float32Type, *arrow.Float64Type:
		return finite(value), nil
	case *arrow.Decimal128Type:
		if t.Precision > exactDigits {
			return quote(value), nil
		}
	case *arrow.BooleanType, *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type,
		*arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type:
	default:
		return quote(value), nil
	}
	return value, nil
}

func valueType(a arrow.Array) arrow.DataType {
	if t, ok := a.DataType().(*arrow.DictionaryType); ok {
		return t.ValueType
	}
	return a.DataType()
}

// quote puts quotes around texts that need no escapes.
func quote(value text.Append) text.Append {
	return func(dst []byte, i int) ([]byte, error) {
		dst, err := value(append(dst, '"'), i)
		return append(dst, '"'), err
	}
}

// finite puts quotes around what JSON has no numbers for.
func finite(value text.Append) text.Append {
	return func(dst []byte, i int) ([]byte, error) {
		first := len(dst)
		dst, err := value(dst, i)
		if err != nil {
			return dst, err
		}
		if c := dst[len(dst)-1]; c == 'N' || c == 'y' { // NaN, Infinity
			dst = append(dst, '"', '"')
			copy(dst[first+1:], dst[first:len(dst)-2])
			dst[first] = '"'
		}
		return dst, nil
	}
}

// escaped writes strings.
func escaped(value text.Append) text.Append {
	return func(dst []byte, i int) ([]byte, error) {
		first := len(dst) + 1
		dst, err := value(append(dst, '"'), i)
		if err != nil {
			return dst, err
		}
		q, ascii := scan(dst, first)
		if q < len(dst) {
			s := append([]byte(nil), dst[first:]...)
			ascii = false
			dst = appendEscaped(dst[:first], s)
		}
		if !ascii && !utf8.Valid(dst[first:]) {
			return dst, errUTF8
		}
		return append(dst, '"'), nil
	}
}

// appendEscaped appends s with escapes for what JSON wants escaped.
func appendEscaped(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	for {
		q, _ := scan(s, 0)
		dst = append(dst, s[:q]...)
		if q == len(s) {
			return dst
		}
		switch c := s[q]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[c>>4], hex[c&15])
		}
		s = s[q+1:]
	}
}

func list(a array.ListLike) (text.Append, error) {
	value, err := values(a.ListValues())
	if err != nil {
		return nil, err
	}
	return func(dst []byte, i int) ([]byte, error) {
		var err error
		from, to := a.ValueOffsets(i)
		dst = append(dst, '[')
		for k := from; k < to; k++ {
			if k > from {
				dst = append(dst, ',')
			}
			if dst, err = value(dst, int(k)); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	}, nil
}

// pairs writes maps as objects: keys that are not strings as their text.
func pairs(a *array.Map) (text.Append, error) {
	key, err := known(text.Storage(a.Keys()), a.Keys())
	if err != nil {
		return nil, err
	}
	plain := text.Of(a.Keys())
	if plain == nil {
		return nil, fmt.Errorf("keys of type %s", a.Keys().DataType())
	}
	switch valueType(text.Storage(a.Keys())).(type) {
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
	default:
		key = quote(plain)
	}
	item, err := values(a.Items())
	if err != nil {
		return nil, err
	}
	return func(dst []byte, i int) ([]byte, error) {
		var err error
		from, to := a.ValueOffsets(i)
		dst = append(dst, '{')
		for k := from; k < to; k++ {
			if k > from {
				dst = append(dst, ',')
			}
			if dst, err = key(dst, int(k)); err != nil {
				return dst, err
			}
			if dst, err = item(append(dst, ':'), int(k)); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	}, nil
}
