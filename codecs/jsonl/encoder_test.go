package jsonl_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs/internal/texttest"
	"github.com/weirflow/weir/codecs/jsonl"
)

// build makes a batch of one column.
func build(t *testing.T, typ arrow.DataType, fill func(array.Builder)) arrow.RecordBatch {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: typ, Nullable: true}}, nil)
	b := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
	fill(b.Field(0))
	rows := b.NewRecordBatch()
	t.Cleanup(rows.Release)
	return rows
}

// TestEncodeOther writes types that no decoder makes.
func TestEncodeOther(t *testing.T) {
	dict := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	for _, test := range []struct {
		rows arrow.RecordBatch
		want string
	}{
		{build(t, dict, func(b array.Builder) {
			d := b.(*array.BinaryDictionaryBuilder)
			for _, s := range []string{"x", `"`, "x"} {
				if err := d.AppendString(s); err != nil {
					t.Fatal(err)
				}
			}
			d.AppendNull()
		}), `{"a":"x"}|{"a":"\""}|{"a":"x"}|{"a":null}|`},
		{build(t, arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Uint16), func(b array.Builder) {
			l := b.(*array.FixedSizeListBuilder)
			l.Append(true)
			l.ValueBuilder().(*array.Uint16Builder).AppendValues([]uint16{1, 65535}, nil)
			l.AppendNull()
		}), `{"a":[1,65535]}|{"a":null}|`},
		{build(t, arrow.BinaryTypes.StringView, func(b array.Builder) {
			b.(*array.StringViewBuilder).Append("a string that is not inlined")
		}), `{"a":"a string that is not inlined"}|`},
	} {
		e, err := jsonl.NewEncoder(test.rows.Schema())
		if err != nil {
			t.Fatal(err)
		}
		out, err := e.Append(nil, test.rows)
		var got strings.Builder
		for _, c := range out {
			if c == '\n' {
				c = '|'
			}
			got.WriteString(string(rune(c)))
		}
		if err != nil || got.String() != test.want {
			t.Errorf("got %s, %v\nwant %s", got.String(), err, test.want)
		}
	}
}

// TestEncodeErrors checks what cannot be written, and that nothing of it is.
func TestEncodeErrors(t *testing.T) {
	date := build(t, arrow.PrimitiveTypes.Date32, func(b array.Builder) {
		b.(*array.Date32Builder).AppendValues([]arrow.Date32{0, 1 << 30}, nil)
	})
	bad := build(t, arrow.BinaryTypes.String, func(b array.Builder) {
		b.(*array.StringBuilder).Append("\xff")
	})
	for _, test := range []struct {
		rows arrow.RecordBatch
		want string
	}{
		{date, "append json: row 2: column a: the year is not in 0001 to 9999"},
		{bad, "append json: row 1: column a: the string is not valid UTF-8"},
	} {
		e, err := jsonl.NewEncoder(test.rows.Schema())
		if err != nil {
			t.Fatal(err)
		}
		out, err := e.Append([]byte("before"), test.rows)
		if fmt.Sprint(err) != test.want || string(out) != "before" {
			t.Errorf("got %q, %v\nwant %s", out, err, test.want)
		}
	}
	e, err := jsonl.NewEncoder(texttest.Schema("b:int64"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Append(nil, date); !errors.Is(err, jsonl.ErrSchema) {
		t.Errorf("got %v", err)
	}
}

func ExampleEncoder() {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "price", Type: &arrow.Decimal128Type{Precision: 9, Scale: 2}, Nullable: true},
	}, nil)
	d, err := jsonl.NewDecoder(schema, jsonl.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := d.Decode([]byte(`{"price":9.5,"id":1}`), true); err != nil {
		fmt.Println(err)
	}
	rows := d.Flush()
	defer rows.Release()
	e, err := jsonl.NewEncoder(schema)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := e.Append(nil, rows)
	fmt.Printf("%s%v\n", text, err)
	// Output:
	// {"id":1,"price":9.50}
	// <nil>
}
