package file

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/extensions"
)

// maxTypeDepth bounds the nesting of a type, so that a hostile one cannot
// exhaust the stack.
const maxTypeDepth = 32

// simpleTypes are the types that are one word. Several words may mean the
// same type; typeName writes the first.
func simpleType(word string) (arrow.DataType, bool) {
	switch word {
	case "bool", "boolean":
		return arrow.FixedWidthTypes.Boolean, true
	case "int8":
		return arrow.PrimitiveTypes.Int8, true
	case "int16":
		return arrow.PrimitiveTypes.Int16, true
	case "int32", "int":
		return arrow.PrimitiveTypes.Int32, true
	case "int64", "long", "bigint":
		return arrow.PrimitiveTypes.Int64, true
	case "uint8":
		return arrow.PrimitiveTypes.Uint8, true
	case "uint16":
		return arrow.PrimitiveTypes.Uint16, true
	case "uint32":
		return arrow.PrimitiveTypes.Uint32, true
	case "uint64":
		return arrow.PrimitiveTypes.Uint64, true
	case "float32", "float":
		return arrow.PrimitiveTypes.Float32, true
	case "float64", "double":
		return arrow.PrimitiveTypes.Float64, true
	case "string", "text":
		return arrow.BinaryTypes.String, true
	case "binary", "bytes":
		return arrow.BinaryTypes.Binary, true
	case "date":
		return arrow.FixedWidthTypes.Date32, true
	case "uuid":
		return extensions.NewUUIDType(), true
	default:
		return nil, false
	}
}

// parseType reads the type grammar of the schema setting.
//
//	type = "bool" | "int8" ... "uint64" | "float32" | "float64" | "string"
//	     | "binary" | "date" | "uuid"
//	     | "time" [ "[" unit "]" ]
//	     | "timestamp" [ "[" unit [ "," zone ] "]" ]
//	     | "decimal" "(" precision "," scale ")"
//	     | "fixed" "(" bytes ")"
//	     | "list" "<" type ">"
//	     | "map" "<" type "," type ">"
//	     | "struct" "<" name ":" type { "," name ":" type } ">"
//	unit = "s" | "ms" | "us" | "ns"
//	name = a word, or a Go string in double quotes
func parseType(text string) (arrow.DataType, error) {
	p := &typeParser{text: text}
	t, err := p.parse(0)
	if err == nil {
		if p.space(); p.at < len(p.text) {
			err = fmt.Errorf("%q is left over", p.text[p.at:])
		}
	}
	if err != nil {
		return nil, fmt.Errorf("type %q: %w", text, err)
	}
	return t, nil
}

type typeParser struct {
	text string
	at   int
}

func (p *typeParser) space() {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
}

// take consumes c if it is next.
func (p *typeParser) take(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *typeParser) want(c byte) error {
	if p.take(c) {
		return nil
	}
	return fmt.Errorf("want %q at column %d", c, p.at+1)
}

// word consumes everything up to one of the grammar's own characters.
func (p *typeParser) word() string {
	p.space()
	from := p.at
	for p.at < len(p.text) && !strings.ContainsRune(` <>()[],:"`, rune(p.text[p.at])) {
		p.at++
	}
	return p.text[from:p.at]
}

func (p *typeParser) parse(depth int) (arrow.DataType, error) {
	if depth > maxTypeDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxTypeDepth)
	}
	word := p.word()
	if t, ok := simpleType(word); ok {
		return t, nil
	}
	switch word {
	case "time":
		return p.timeOfDay()
	case "timestamp":
		return p.timestamp()
	case "decimal":
		return p.decimal()
	case "fixed":
		return p.fixed()
	case "list":
		return p.list(depth)
	case "map":
		return p.mapping(depth)
	case "struct":
		return p.structure(depth)
	case "":
		return nil, fmt.Errorf("want a type at column %d", p.at+1)
	default:
		return nil, fmt.Errorf("%q is not a type; the types are bool, int8 to int64, uint8 to uint64, "+
			"float32, float64, string, binary, date, time, timestamp[us], timestamp[us, UTC], decimal(12,2), "+
			"uuid, fixed(16), list<T>, map<K, V>, struct<a: T, b: T>", word)
	}
}

func (p *typeParser) unit() (arrow.TimeUnit, error) {
	switch w := p.word(); w {
	case "s":
		return arrow.Second, nil
	case "ms":
		return arrow.Millisecond, nil
	case "us":
		return arrow.Microsecond, nil
	case "ns":
		return arrow.Nanosecond, nil
	default:
		return 0, fmt.Errorf("%q is not one of the units s, ms, us, ns", w)
	}
}

func (p *typeParser) timeOfDay() (arrow.DataType, error) {
	unit := arrow.Microsecond
	if p.take('[') {
		var err error
		if unit, err = p.unit(); err != nil {
			return nil, err
		}
		if err := p.want(']'); err != nil {
			return nil, err
		}
	}
	switch unit {
	case arrow.Second:
		return arrow.FixedWidthTypes.Time32s, nil
	case arrow.Millisecond:
		return arrow.FixedWidthTypes.Time32ms, nil
	case arrow.Nanosecond:
		return arrow.FixedWidthTypes.Time64ns, nil
	default:
		return arrow.FixedWidthTypes.Time64us, nil
	}
}

func (p *typeParser) timestamp() (arrow.DataType, error) {
	t := &arrow.TimestampType{Unit: arrow.Microsecond}
	if !p.take('[') {
		return t, nil
	}
	var err error
	if t.Unit, err = p.unit(); err != nil {
		return nil, err
	}
	if p.take(',') {
		end := strings.IndexByte(p.text[p.at:], ']')
		if end < 0 {
			return nil, fmt.Errorf("want ']' after the time zone")
		}
		t.TimeZone = strings.TrimSpace(p.text[p.at : p.at+end])
		p.at += end
		if _, err := t.GetZone(); err != nil || t.TimeZone == "" {
			return nil, fmt.Errorf("%q is not a time zone", t.TimeZone)
		}
	}
	return t, p.want(']')
}

func (p *typeParser) number(what string, lo, hi int) (int, error) {
	w := p.word()
	n, err := strconv.Atoi(w)
	if err != nil || n < lo || n > hi {
		return 0, fmt.Errorf("%s %q is not a number from %d to %d", what, w, lo, hi)
	}
	return n, nil
}

func (p *typeParser) decimal() (arrow.DataType, error) {
	if err := p.want('('); err != nil {
		return nil, err
	}
	precision, err := p.number("precision", 1, 38)
	if err != nil {
		return nil, err
	}
	if err := p.want(','); err != nil {
		return nil, err
	}
	scale, err := p.number("scale", 0, precision)
	if err != nil {
		return nil, err
	}
	return &arrow.Decimal128Type{Precision: int32(precision), Scale: int32(scale)}, p.want(')')
}

func (p *typeParser) fixed() (arrow.DataType, error) {
	if err := p.want('('); err != nil {
		return nil, err
	}
	n, err := p.number("length", 1, 1<<20)
	if err != nil {
		return nil, err
	}
	return &arrow.FixedSizeBinaryType{ByteWidth: n}, p.want(')')
}

func (p *typeParser) list(depth int) (arrow.DataType, error) {
	if err := p.want('<'); err != nil {
		return nil, err
	}
	elem, err := p.parse(depth + 1)
	if err != nil {
		return nil, err
	}
	return arrow.ListOf(elem), p.want('>')
}

func (p *typeParser) mapping(depth int) (arrow.DataType, error) {
	if err := p.want('<'); err != nil {
		return nil, err
	}
	key, err := p.parse(depth + 1)
	if err != nil {
		return nil, err
	}
	if err := p.want(','); err != nil {
		return nil, err
	}
	value, err := p.parse(depth + 1)
	if err != nil {
		return nil, err
	}
	return arrow.MapOf(key, value), p.want('>')
}

func (p *typeParser) structure(depth int) (arrow.DataType, error) {
	if err := p.want('<'); err != nil {
		return nil, err
	}
	var fields []arrow.Field
	seen := map[string]bool{}
	for {
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, fmt.Errorf("two fields are named %q", name)
		}
		seen[name] = true
		if err := p.want(':'); err != nil {
			return nil, err
		}
		t, err := p.parse(depth + 1)
		if err != nil {
			return nil, err
		}
		fields = append(fields, arrow.Field{Name: name, Type: t, Nullable: true})
		if !p.take(',') {
			return arrow.StructOf(fields...), p.want('>')
		}
	}
}

func (p *typeParser) name() (string, error) {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == '"' {
		quoted, err := strconv.QuotedPrefix(p.text[p.at:])
		if err != nil {
			return "", fmt.Errorf("field name at column %d: want the closing quote", p.at+1)
		}
		p.at += len(quoted)
		name, err := strconv.Unquote(quoted)
		if err == nil && (name == "" || !utf8.ValidString(name)) {
			err = fmt.Errorf("not text")
		}
		if err != nil {
			return "", fmt.Errorf("field name %s: %w", quoted, err)
		}
		return name, nil
	}
	if name := p.word(); name != "" && utf8.ValidString(name) {
		return name, nil
	}
	return "", fmt.Errorf("want a field name at column %d", p.at+1)
}
