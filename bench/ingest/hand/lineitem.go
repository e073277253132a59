package hand

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// Lineitem converts the generated lineitem rows to Parquet.
func Lineitem(in, out string) error {
	return convert(in, out, lineitemSchema(), 1, func(b *array.RecordBuilder) appender { return newLineitem(b) })
}

func lineitemSchema() *arrow.Schema {
	i64, i32, day := arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Int32, arrow.FixedWidthTypes.Date32
	str, dec := arrow.BinaryTypes.String, &arrow.Decimal128Type{Precision: 15, Scale: 2}
	fields := make([]arrow.Field, 0, 16)
	add := func(t arrow.DataType, names ...string) {
		for _, name := range names {
			fields = append(fields, arrow.Field{Name: "l_" + name, Type: t})
		}
	}
	add(i64, "orderkey")
	add(i32, "partkey", "suppkey", "linenumber")
	add(dec, "quantity", "extendedprice", "discount", "tax")
	add(str, "returnflag", "linestatus")
	add(day, "shipdate", "commitdate", "receiptdate")
	add(str, "shipinstruct", "shipmode", "comment")
	return arrow.NewSchema(fields, nil)
}

// lineitem are the builders of the columns.
type lineitem struct {
	order  *array.Int64Builder
	ints   [3]*array.Int32Builder
	prices [4]*array.Decimal128Builder
	dates  [3]*array.Date32Builder
	texts  [5]*array.StringBuilder
}

func newLineitem(b *array.RecordBuilder) *lineitem {
	l := &lineitem{order: b.Field(0).(*array.Int64Builder)}
	for i := range l.ints {
		l.ints[i] = b.Field(1 + i).(*array.Int32Builder)
	}
	for i := range l.prices {
		l.prices[i] = b.Field(4 + i).(*array.Decimal128Builder)
	}
	for i := range l.dates {
		l.dates[i] = b.Field(10 + i).(*array.Date32Builder)
	}
	for i, column := range []int{8, 9, 13, 14, 15} {
		l.texts[i] = b.Field(column).(*array.StringBuilder)
	}
	return l
}

// line appends a line without quotes.
func (l *lineitem) line(b []byte) error {
	var f [16][]byte
	n, begin := 0, 0
	for i, c := range b {
		if c == ',' && n < 15 {
			f[n] = b[begin:i]
			n, begin = n+1, i+1
		}
	}
	if n != 15 {
		return fmt.Errorf("%d fields, want 16, in %q", n+1, b)
	}
	f[15] = b[begin:]
	l.order.Append(number(f[0]))
	for i := range l.ints {
		l.ints[i].Append(int32(number(f[1+i])))
	}
	for i := range l.prices {
		l.prices[i].Append(decimal128.FromI64(hundredths(f[4+i])))
	}
	for i := range l.dates {
		l.dates[i].Append(arrow.Date32(days(f[10+i])))
	}
	for i, column := range [...]int{8, 9, 13, 14, 15} {
		l.texts[i].BinaryBuilder.Append(f[column])
	}
	return nil
}

func number(b []byte) int64 {
	n := int64(0)
	for _, c := range b {
		n = n*10 + int64(c-'0')
	}
	return n
}

// hundredths is a number with two decimals, such as 12.30.
func hundredths(b []byte) int64 {
	n := int64(0)
	for _, c := range b {
		if c != '.' {
			n = n*10 + int64(c-'0')
		}
	}
	return n
}
