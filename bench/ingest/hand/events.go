package hand

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Events converts the generated events to Parquet.
func Events(in, out string) error {
	return convert(in, out, eventSchema(), 0, func(b *array.RecordBuilder) appender { return newEvents(b) })
}

func eventSchema() *arrow.Schema {
	str, i64, f64 := arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64
	field := func(name string, t arrow.DataType) arrow.Field {
		return arrow.Field{Name: name, Type: t, Nullable: true}
	}
	return arrow.NewSchema([]arrow.Field{
		field("event_id", str), field("ts", arrow.FixedWidthTypes.Timestamp_us), field("user_id", i64),
		field("session_id", str), field("event_type", str), field("url", str), field("country", str),
		field("price", f64), field("quantity", i64), field("score", f64), field("coupon", str),
		field("device", arrow.StructOf(
			field("os", str), field("browser", str), field("mobile", arrow.FixedWidthTypes.Boolean))),
		field("tags", arrow.ListOf(str)),
	}, nil)
}

// events are the builders of the columns.
type events struct {
	id, session, kind, url, country, coupon, os, browser, tag *array.StringBuilder
	ts                                                        *array.TimestampBuilder
	user, quantity                                            *array.Int64Builder
	price, score                                              *array.Float64Builder
	device                                                    *array.StructBuilder
	mobile                                                    *array.BooleanBuilder
	tags                                                      *array.ListBuilder
}

func newEvents(b *array.RecordBuilder) *events {
	str := func(i int) *array.StringBuilder { return b.Field(i).(*array.StringBuilder) }
	device, tags := b.Field(11).(*array.StructBuilder), b.Field(12).(*array.ListBuilder)
	return &events{
		id: str(0), session: str(3), kind: str(4), url: str(5), country: str(6), coupon: str(10),
		ts:   b.Field(1).(*array.TimestampBuilder),
		user: b.Field(2).(*array.Int64Builder), quantity: b.Field(8).(*array.Int64Builder),
		price: b.Field(7).(*array.Float64Builder), score: b.Field(9).(*array.Float64Builder),
		device: device, os: device.FieldBuilder(0).(*array.StringBuilder),
		browser: device.FieldBuilder(1).(*array.StringBuilder), mobile: device.FieldBuilder(2).(*array.BooleanBuilder),
		tags: tags, tag: tags.ValueBuilder().(*array.StringBuilder),
	}
}

// line appends an event whose keys are in the order of the schema; another
// order is an error.
func (e *events) line(b []byte) error {
	s := scanner{b: b}
	s.key(`{"event_id":`)
	e.id.BinaryBuilder.Append(s.bytes())
	s.key(`,"ts":`)
	e.ts.Append(timestamp(s.bytes()))
	s.key(`,"user_id":`)
	e.user.Append(s.integer())
	s.key(`,"session_id":`)
	e.session.BinaryBuilder.Append(s.bytes())
	s.key(`,"event_type":`)
	e.kind.BinaryBuilder.Append(s.bytes())
	s.key(`,"url":`)
	e.url.BinaryBuilder.Append(s.bytes())
	s.key(`,"country":`)
	e.country.BinaryBuilder.Append(s.bytes())
	s.key(`,"price":`)
	e.price.Append(s.float())
	s.key(`,"quantity":`)
	e.quantity.Append(s.integer())
	s.key(`,"score":`)
	e.score.Append(s.float())
	s.key(`,"coupon":`)
	if s.has("null") {
		e.coupon.AppendNull()
	} else {
		e.coupon.BinaryBuilder.Append(s.bytes())
	}
	e.nested(&s)
	return s.failed
}

func (e *events) nested(s *scanner) {
	s.key(`,"device":{"os":`)
	e.device.Append(true)
	e.os.BinaryBuilder.Append(s.bytes())
	s.key(`,"browser":`)
	e.browser.BinaryBuilder.Append(s.bytes())
	s.key(`,"mobile":`)
	mobile := s.has("true")
	if !mobile {
		s.key("false")
	}
	e.mobile.Append(mobile)
	s.key(`},"tags":[`)
	e.tags.Append(true)
	for s.failed == nil && !s.has("]") {
		s.has(",")
		e.tag.BinaryBuilder.Append(s.bytes())
	}
}

// scanner walks along one line. After a failure everything it gives is
// empty.
type scanner struct {
	b      []byte
	failed error
}

func (s *scanner) fail(want string) {
	if s.failed == nil {
		s.failed = fmt.Errorf("want %s, found %q", want, s.b)
	}
}

// has skips k if it is next.
func (s *scanner) has(k string) bool {
	if len(s.b) < len(k) || string(s.b[:len(k)]) != k {
		return false
	}
	s.b = s.b[len(k):]
	return true
}

func (s *scanner) key(k string) {
	if !s.has(k) {
		s.fail(k)
	}
}

// bytes is a string without escapes.
func (s *scanner) bytes() []byte {
	if len(s.b) > 0 && s.b[0] == '"' {
		if end := bytes.IndexByte(s.b[1:], '"'); end >= 0 {
			v := s.b[1 : 1+end]
			s.b = s.b[2+end:]
			return v
		}
	}
	s.fail("a string")
	return []byte("0000-00-00T00:00:00Z")
}

func (s *scanner) integer() int64 {
	n, i := int64(0), 0
	for i < len(s.b) && s.b[i]-'0' <= 9 {
		n = n*10 + int64(s.b[i]-'0')
		i++
	}
	s.b = s.b[i:]
	return n
}

// float is a number of digits and at most one point.
func (s *scanner) float() float64 {
	i, point, n := 0, -1, int64(0)
	for ; i < len(s.b); i++ {
		c := s.b[i]
		if c-'0' <= 9 {
			n = n*10 + int64(c-'0')
		} else if c == '.' && point < 0 {
			point = i
		} else {
			break
		}
	}
	digits := s.b[:i]
	s.b = s.b[i:]
	places := 0
	if point >= 0 {
		places = len(digits) - point - 1
	}
	if len(digits) > 15 {
		v, err := strconv.ParseFloat(string(digits), 64)
		s.failed = errors.Join(s.failed, err)
		return v
	}
	return float64(n) / [...]float64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14}[places]
}

// timestamp is 2025-01-01T00:00:01.310Z in microseconds.
func timestamp(b []byte) arrow.Timestamp {
	seconds := int64(days(b))*86400 + int64(two(b[11:])*3600+two(b[14:])*60+two(b[17:]))
	micros, unit := int64(0), int64(100_000)
	if len(b) > 20 && b[19] == '.' {
		for _, c := range b[20 : len(b)-1] {
			micros += int64(c-'0') * unit
			unit /= 10
		}
	}
	return arrow.Timestamp(seconds*1_000_000 + micros)
}
