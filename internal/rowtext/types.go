package rowtext

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// header writes name:type, quoted where a cell would be.
func header(f arrow.Field) string {
	mark := ""
	if !f.Nullable {
		mark = "!"
	}
	return quote(f.Name + ":" + typeText(f.Type) + mark)
}

func parseHeader(words []word) (*arrow.Schema, error) {
	var fields []arrow.Field
	for _, w := range words {
		i := strings.LastIndex(outer(w.text), ":")
		if i < 0 {
			return nil, fmt.Errorf("%q is not name:type", w.text)
		}
		typ, required := strings.CutSuffix(w.text[i+1:], "!")
		dt, err := ParseType(typ)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", w.text[:i], err)
		}
		fields = append(fields, arrow.Field{Name: w.text[:i], Type: dt, Nullable: !required})
	}
	return arrow.NewSchema(fields, nil), nil
}

// outer blanks what is inside brackets, keeping the length.
func outer(s string) string {
	b, depth := []byte(s), 0
	for i, c := range b {
		switch c {
		case '<', '[', '(':
			depth++
		case '>', ']', ')':
			depth--
		default:
			if depth > 0 {
				b[i] = ' '
			}
		}
	}
	return string(b)
}

// plain are the types without parameters, by their name in a header.
func plain() map[string]arrow.DataType {
	all := map[string]arrow.DataType{}
	for _, t := range []arrow.DataType{
		arrow.Null,
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
		arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
		arrow.FixedWidthTypes.Float16, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
		arrow.FixedWidthTypes.Boolean, arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString,
		arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeBinary,
		arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Date64,
	} {
		all[t.Name()] = t
	}
	for _, u := range []arrow.TimeUnit{arrow.Second, arrow.Millisecond, arrow.Microsecond, arrow.Nanosecond} {
		all["timestamp["+u.String()+"]"] = &arrow.TimestampType{Unit: u}
		all["duration["+u.String()+"]"] = &arrow.DurationType{Unit: u}
		if u < arrow.Microsecond {
			all["time32["+u.String()+"]"] = &arrow.Time32Type{Unit: u}
		} else {
			all["time64["+u.String()+"]"] = &arrow.Time64Type{Unit: u}
		}
	}
	return all
}

// typeText writes t without spaces: timestamp[us,UTC], decimal(12,2),
// list<utf8>, struct<a:int64,b:utf8>, map<utf8,int64>.
func typeText(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.TimestampType:
		if t.TimeZone != "" {
			return fmt.Sprintf("timestamp[%s,%s]", t.Unit, t.TimeZone)
		}
		return fmt.Sprintf("timestamp[%s]", t.Unit)
	case *arrow.Decimal128Type:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case *arrow.FixedSizeBinaryType:
		return fmt.Sprintf("fixed[%d]", t.ByteWidth)
	case *arrow.ListType:
		return "list<" + typeText(t.Elem()) + ">"
	case *arrow.MapType:
		return "map<" + typeText(t.KeyType()) + "," + typeText(t.ItemType()) + ">"
	case *arrow.StructType:
		var fields []string
		for _, f := range t.Fields() {
			fields = append(fields, f.Name+":"+typeText(f.Type))
		}
		return "struct<" + strings.Join(fields, ",") + ">"
	case *arrow.Time32Type, *arrow.Time64Type, *arrow.DurationType:
		return t.(fmt.Stringer).String()
	default:
		return t.Name()
	}
}

// ParseType reads a type as it stands in a header.
func ParseType(text string) (arrow.DataType, error) {
	if t, ok := plain()[text]; ok {
		return t, nil
	}
	i := strings.IndexAny(text, "[(<")
	if i < 0 || len(text) < i+2 {
		return nil, fmt.Errorf("no type is called %q", text)
	}
	name, inside := text[:i], text[i+1:len(text)-1]
	switch name + text[i:i+1] + text[len(text)-1:] {
	case "timestamp[]":
		unit, zone, _ := strings.Cut(inside, ",")
		if t, ok := plain()["timestamp["+unit+"]"].(*arrow.TimestampType); ok {
			return &arrow.TimestampType{Unit: t.Unit, TimeZone: zone}, nil
		}
	case "fixed[]":
		if n, err := strconv.Atoi(inside); err == nil && n > 0 {
			return &arrow.FixedSizeBinaryType{ByteWidth: n}, nil
		}
	case "decimal()":
		return parseDecimal(text, inside)
	case "list<>":
		elem, err := ParseType(inside)
		if err != nil {
			return nil, err
		}
		return arrow.ListOf(elem), nil
	case "map<>", "struct<>":
		return parseFields(name, inside)
	}
	return nil, fmt.Errorf("no type is called %q", text)
}

func parseDecimal(text, inside string) (arrow.DataType, error) {
	p, s, _ := strings.Cut(inside, ",")
	precision, err := strconv.Atoi(p)
	scale, err2 := strconv.Atoi(s)
	if err != nil || err2 != nil || precision < 1 || precision > 38 {
		return nil, fmt.Errorf("%q is not like decimal(12,2)", text)
	}
	return &arrow.Decimal128Type{Precision: int32(precision), Scale: int32(scale)}, nil
}

// parseFields reads the inside of map<key,item> and struct<a:type,b:type>.
func parseFields(name, inside string) (arrow.DataType, error) {
	var parts []string
	for shape := outer(inside); ; shape = shape[len(parts[len(parts)-1])+1:] {
		i := strings.IndexByte(shape, ',')
		if i < 0 {
			parts = append(parts, inside)
			break
		}
		parts, inside = append(parts, inside[:i]), inside[i+1:]
	}
	var fields []arrow.Field
	for _, part := range parts {
		label, typ := "", part
		if name == "struct" {
			var ok bool
			if label, typ, ok = strings.Cut(part, ":"); !ok {
				return nil, fmt.Errorf("%q is not name:type", part)
			}
		}
		t, err := ParseType(typ)
		if err != nil {
			return nil, err
		}
		fields = append(fields, arrow.Field{Name: label, Type: t, Nullable: true})
	}
	if name == "struct" {
		return arrow.StructOf(fields...), nil
	}
	if len(fields) != 2 {
		return nil, fmt.Errorf("a map has a key and an item: map<utf8,int64>")
	}
	return arrow.MapOf(fields[0].Type, fields[1].Type), nil
}
