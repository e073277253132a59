package texttest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/extensions"
)

// Schema reads name:type pairs with spaces between them, such as
//
//	id:int64! name:utf8 price:decimal(15,2) at:timestamp(us,UTC) any:raw
//	tags:list<utf8> device:struct<os:utf8,mobile:bool> more:map<utf8,int64>
//
// A type with ! takes no nulls. raw is utf8 that holds JSON. It panics on
// anything else.
func Schema(text string) *arrow.Schema {
	p := &parser{rest: strings.TrimSpace(text)}
	var fields []arrow.Field
	for p.rest != "" {
		fields = append(fields, p.field())
		p.rest = strings.TrimLeft(p.rest, " ")
	}
	return arrow.NewSchema(fields, nil)
}

type parser struct{ rest string }

func (p *parser) field() arrow.Field {
	name, rest, ok := strings.Cut(p.rest, ":")
	if !ok {
		panic(fmt.Sprintf("texttest: field %q: want name:type", p.rest))
	}
	p.rest = rest
	f := p.typed()
	f.Name = name
	return f
}

// word takes up to one of the characters that end a type's name.
func (p *parser) word() string {
	n := strings.IndexAny(p.rest, "<>(), !")
	if n < 0 {
		n = len(p.rest)
	}
	w := p.rest[:n]
	p.rest = p.rest[n:]
	return w
}

func (p *parser) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *parser) typed() arrow.Field {
	f := arrow.Field{Name: "item", Nullable: true}
	word := p.word()
	var args []string
	if p.take('(') {
		in, rest, _ := strings.Cut(p.rest, ")")
		args = strings.Split(in, ",")
		p.rest = rest
	}
	if word == "raw" {
		f.Type = arrow.BinaryTypes.String
		f.Metadata = arrow.NewMetadata([]string{"weir.json"}, []string{"raw"})
	} else if f.Type = p.nested(word); f.Type == nil {
		f.Type = plain(word, args)
	}
	f.Nullable = !p.take('!')
	return f
}

func (p *parser) nested(word string) arrow.DataType {
	if !p.take('<') {
		return nil
	}
	defer p.take('>')
	switch word {
	case "list":
		return arrow.ListOfField(p.typed())
	case "large_list":
		return arrow.LargeListOfField(p.typed())
	case "map":
		key := p.typed()
		p.take(',')
		item := p.typed()
		t := arrow.MapOf(key.Type, item.Type)
		t.SetItemNullable(item.Nullable)
		return t
	case "struct":
		var fields []arrow.Field
		for p.rest[0] != '>' {
			fields = append(fields, p.field())
			p.take(',')
		}
		return arrow.StructOf(fields...)
	}
	panic(fmt.Sprintf("texttest: type %q has no <", word))
}

func plain(word string, args []string) arrow.DataType {
	for _, t := range []arrow.DataType{
		arrow.Null, arrow.FixedWidthTypes.Boolean,
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32,
		arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
		arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
		arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
		arrow.PrimitiveTypes.Date32, arrow.PrimitiveTypes.Date64,
		arrow.BinaryTypes.String, arrow.BinaryTypes.Binary,
		arrow.BinaryTypes.LargeString, arrow.BinaryTypes.LargeBinary,
		arrow.FixedWidthTypes.Float16, extensions.NewUUIDType(),
	} {
		if t.Name() == word || t.Name() == "extension" && word == "uuid" {
			return t
		}
	}
	number := func(i int) int {
		n, err := strconv.Atoi(args[i])
		if err != nil {
			panic(err)
		}
		return n
	}
	switch word {
	case "decimal":
		return &arrow.Decimal128Type{Precision: int32(number(0)), Scale: int32(number(1))}
	case "fixed":
		return &arrow.FixedSizeBinaryType{ByteWidth: number(0)}
	case "time32":
		return &arrow.Time32Type{Unit: unit(args[0])}
	case "time64":
		return &arrow.Time64Type{Unit: unit(args[0])}
	case "timestamp":
		return &arrow.TimestampType{Unit: unit(args[0]), TimeZone: strings.Join(args[1:], "")}
	}
	panic(fmt.Sprintf("texttest: type %q: no such type", word))
}

func unit(s string) arrow.TimeUnit {
	for _, u := range arrow.TimeUnitValues {
		if u.String() == s {
			return u
		}
	}
	panic(fmt.Sprintf("texttest: unit %q: no such unit", s))
}
