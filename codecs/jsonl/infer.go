package jsonl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/weirflow/weir/codecs/internal/guess"
)

var errNoRows = errors.New("the sample has no row")

// Infer guesses the schema of text that begins with sample. Columns come in
// the order in which they first appear, and all are nullable.
//
// Whole numbers are int64, with others among them float64; strings that are
// all RFC 3339 timestamps are timestamp (microseconds, nanoseconds if they
// have them; UTC if all have a zone), all dates date32, other strings utf8.
// Objects are structs, arrays are lists. A field that is always null is utf8.
// Values of several kinds, whole numbers too large for their column, objects
// without fields and values nested very deeply are utf8 that holds their JSON
// ([RawKey]). Rows with an error, as the last one that is cut off, count for
// nothing.
func Infer(sample []byte, o Options) (*arrow.Schema, error) {
	row := &shape{}
	f := frame{lines: o.Lines, most: max(o.MaxRowBytes, len(sample))}
	for p := 0; ; {
		s, found, err := f.find(sample, p, true, false)
		if found {
			row.addRow(sample[s.start:s.end])
		}
		if !found && err == nil || err != nil && s.next == p {
			break
		}
		p = s.next
	}
	if len(row.names) == 0 {
		return nil, fmt.Errorf("infer json schema: %w", errNoRows)
	}
	return arrow.NewSchema(row.columns(), nil), nil
}

// kinds are the kinds of JSON values.
type kinds uint8

const (
	isBool kinds = 1 << iota
	isNumber
	isString
	isObject
	isArray
	isRaw // a value that only its text can hold
)

// shape is what is known of the values of a column.
type shape struct {
	kinds   kinds
	numbers guess.Texts
	strings guess.Texts
	names   []string
	fields  map[string]*shape
	elem    *shape
}

// maxNested is how deep types are guessed.
const maxNested = 32

// addRow takes in a row, unless it is not a JSON object.
func (s *shape) addRow(b []byte) {
	if b = bytes.TrimSpace(b); len(b) == 0 || b[0] != '{' || !json.Valid(b) {
		return
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	_ = s.add(d, 0) // valid, so there is none
}

// add takes in the next value.
func (s *shape) add(d *json.Decoder, depth int) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case bool:
		s.kinds |= isBool
	case json.Number:
		s.kinds |= isNumber
		s.numbers.Add([]byte(t))
	case string:
		s.kinds |= isString
		s.strings.Add([]byte(t))
	case json.Delim:
		if depth > maxNested {
			s.kinds |= isRaw
			return skipNested(d)
		}
		if t == '{' {
			return s.object(d, depth)
		}
		return s.array(d, depth)
	}
	return nil
}

func skipNested(d *json.Decoder) error {
	for open := 1; open > 0; {
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			open++
		case json.Delim('}'), json.Delim(']'):
			open--
		}
	}
	return nil
}

func (s *shape) object(d *json.Decoder, depth int) error {
	s.kinds |= isObject
	if s.fields == nil {
		s.fields = make(map[string]*shape)
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string) // the name of a field always is one
		field := s.fields[name]
		if field == nil {
			field = &shape{}
			s.fields[name] = field
			s.names = append(s.names, name)
		}
		if err := field.add(d, depth+1); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func (s *shape) array(d *json.Decoder, depth int) error {
	s.kinds |= isArray
	if s.elem == nil {
		s.elem = &shape{}
	}
	for d.More() {
		if err := s.elem.add(d, depth+1); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func (s *shape) columns() []arrow.Field {
	fields := make([]arrow.Field, len(s.names))
	for i, name := range s.names {
		fields[i] = s.fields[name].field(strings.Clone(name))
	}
	return fields
}

// field is the column that holds the values.
func (s *shape) field(name string) arrow.Field {
	f := arrow.Field{Name: name, Nullable: true}
	switch s.kinds {
	case 0:
		f.Type = arrow.BinaryTypes.String
	case isBool:
		f.Type = arrow.FixedWidthTypes.Boolean
	case isNumber:
		f.Type = s.numbers.Type()
	case isString:
		f.Type = textType(s.strings.Type())
	case isObject:
		if len(s.names) > 0 {
			f.Type = arrow.StructOf(s.columns()...)
		}
	case isArray:
		f.Type = arrow.ListOfField(s.elem.field("item"))
	default:
	}
	if f.Type == nil || s.kinds == isNumber && f.Type.ID() == arrow.STRING {
		f.Type = arrow.BinaryTypes.String
		f.Metadata = arrow.NewMetadata([]string{RawKey}, []string{Raw})
	}
	return f
}

// textType is the type of a column of strings: those that hold numbers or
// booleans stay strings.
func textType(t arrow.DataType) arrow.DataType {
	switch t.ID() {
	case arrow.TIMESTAMP, arrow.DATE32:
		return t
	default:
		return arrow.BinaryTypes.String
	}
}
