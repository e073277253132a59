package csv_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/cockroachdb/datadriven"

	"github.com/weirflow/weir/codecs"
	"github.com/weirflow/weir/codecs/csv"
	"github.com/weirflow/weir/codecs/internal/texttest"
)

// TestTables runs the tables in testdata, with the schema in their first
// line: "decode" prints the rows and the bad rows; "encode" the rows decoded
// and written again. "infer" prints a schema. A text whose every line begins
// with a Go string literal and has nothing behind it is what those say.
// Rewrite the results with: go test -run TestTables -rewrite.
func TestTables(t *testing.T) {
	datadriven.Walk(t, "testdata/tables", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			t.Helper()
			o := options(t, d)
			if d.Cmd == "infer" {
				s, err := csv.Infer(input(d.Input), o)
				if err != nil {
					return err.Error() + "\n"
				}
				return strings.TrimPrefix(s.String(), "schema:\n") + "\n"
			}
			schema, lines, _ := strings.Cut(d.Input, "\n")
			text := input(lines)
			if d.Cmd == "encode" {
				return encode(t, texttest.Schema(schema), o, text)
			}
			open := func(alloc memory.Allocator) (codecs.TextDecoder, error) {
				o := o
				o.Alloc = alloc
				return csv.NewDecoder(texttest.Schema(schema), o)
			}
			whole := texttest.Run(t, open, text, len(text), nil).String()
			for step := range min(len(text), 100) {
				if got := texttest.Run(t, open, text, step+1, nil).String(); got != whole {
					t.Errorf("in steps of %d bytes:\n%s\nas a whole:\n%s", step+1, got, whole)
				}
			}
			return whole
		})
	})
}

func options(t *testing.T, d *datadriven.TestData) (o csv.Options) {
	t.Helper()
	for _, arg := range d.CmdArgs {
		switch arg.Key {
		case "header":
			o.Header = true
		case "strict":
			o.Unknown = csv.UnknownError
		case "split":
			o.Split = true
		case "noquotes":
			o.NoQuotes = true
		case "null":
			o.Null = append(o.Null, arg.Vals...)
		case "columns":
			o.Columns = strings.Split(arg.Vals[0], ",")
		case "delimiter":
			o.Delimiter = arg.Vals[0][0]
		case "quote":
			o.Quote = arg.Vals[0][0]
		case "comment":
			o.Comment = arg.Vals[0][0]
		case "rows":
			arg.Scan(t, 0, &o.BatchRows)
		case "max":
			arg.Scan(t, 0, &o.MaxRowBytes)
		default:
			t.Fatalf("%s: no such argument", arg.Key)
		}
	}
	return o
}

func input(text string) []byte {
	var out []byte
	for line := range strings.Lines(text) {
		s, err := strconv.Unquote(strings.TrimSpace(line))
		if err != nil {
			return []byte(text + "\n")
		}
		out = append(out, s...)
	}
	return out
}

func encode(t *testing.T, schema *arrow.Schema, o csv.Options, text []byte) string {
	t.Helper()
	e, err := csv.NewEncoder(schema, o)
	if err != nil {
		return err.Error() + "\n"
	}
	out, err := e.Header(nil)
	if err != nil {
		t.Fatal(err)
	}
	open := func(alloc memory.Allocator) (codecs.TextDecoder, error) {
		o := o
		o.Alloc = alloc
		return csv.NewDecoder(schema, o)
	}
	r := texttest.Run(t, open, text, len(text), func(b arrow.RecordBatch) {
		half := b.NumRows() / 2
		for _, part := range []arrow.RecordBatch{b.NewSlice(0, half), b.NewSlice(half, b.NumRows())} {
			if out, err = e.Append(out, part); err != nil {
				out = append(out, err.Error()+"\n"...)
			}
			part.Release()
		}
	})
	for _, bad := range r.Errors {
		out = append(out, bad.Error()+"\n"...)
	}
	return string(out)
}

func TestNewDecoderErrors(t *testing.T) {
	twice := arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: arrow.BinaryTypes.String}, {Name: "a", Type: arrow.BinaryTypes.String},
	}, nil)
	ok := texttest.Schema("a:int64")
	for _, test := range []struct {
		schema *arrow.Schema
		opts   csv.Options
		want   string
	}{
		{twice, csv.Options{}, "make csv decoder: there are two columns a"},
		{texttest.Schema("a:list<int64>"), csv.Options{}, "make csv decoder: column a: a field cannot hold list<item: int64, nullable>; want utf8"},
		{texttest.Schema("a:float16"), csv.Options{}, "make csv decoder: column a: text has no values of type float16"},
		{ok, csv.Options{Delimiter: '"'}, `make csv decoder: delimiter '"', quote '"', comment '\x00': want different ones`},
		{ok, csv.Options{Delimiter: '\n'}, `make csv decoder: delimiter '\n': want an ASCII character that is no newline`},
		{ok, csv.Options{Quote: 0xe9}, `make csv decoder: quote 'é': want an ASCII character that is no newline`},
		{ok, csv.Options{MaxRowBytes: 1 << 30}, "make csv decoder: rows of at most 1073741824 bytes: want 1 to 1073741823"},
		{ok, csv.Options{Header: true, Columns: []string{"a"}}, `make csv decoder: columns ["a"]: text with a header names its own`},
		{ok, csv.Options{Columns: []string{"b"}}, `make csv decoder: the header has no column "a", the schema does: it has ["b"]`},
	} {
		_, err := csv.NewDecoder(test.schema, test.opts)
		if fmt.Sprint(err) != test.want {
			t.Errorf("got:  %v\nwant: %s", err, test.want)
		}
	}
}

// TestBroken checks that a decoder whose text cannot be read stays broken.
func TestBroken(t *testing.T) {
	d, err := csv.NewDecoder(texttest.Schema("a:utf8"), csv.Options{Split: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Release()
	text := []byte("x\n\"y\nz\"\n")
	n, err := d.Decode(text, true)
	if n != 2 || !errors.Is(err, csv.ErrSplit) {
		t.Fatalf("Decode = %d, %v", n, err)
	}
	if n, again := d.Decode(text[2:], true); n != 0 || !errors.Is(again, csv.ErrSplit) {
		t.Fatalf("Decode again = %d, %v", n, again)
	}
}

// TestLongRow checks that a long row in small pieces is not split anew with
// each of them: that would be 100 GB of work here.
func TestLongRow(t *testing.T) {
	const piece = 512
	for name, text := range map[string]string{
		"plain":  strings.Repeat("x,", 4<<20) + "x\n",
		"quoted": `"` + strings.Repeat("x\n", 4<<20) + "\"\n",
	} {
		d, err := csv.NewDecoder(texttest.Schema("a:utf8"), csv.Options{})
		if err != nil {
			t.Fatal(err)
		}
		bytes := []byte(text)
		for to := 0; to < len(text); to = min(to+piece, len(text)) {
			if n, err := d.Decode(bytes[:to:to], false); n != 0 || err != nil {
				t.Fatalf("%s: Decode of %d bytes = %d, %v", name, to, n, err)
			}
		}
		n, err := d.Decode(bytes, false)
		if _, bad := codecs.IsRow(err); n != len(text) || bad != (name == "plain") {
			t.Fatalf("%s: Decode = %d, %v", name, n, err)
		}
		d.Release()
	}
}

func TestHeader(t *testing.T) {
	for _, test := range []struct {
		text  string
		last  bool
		names string
		n     int
		known bool
	}{
		{"a,b\n1,2\n", false, "[a b]", 4, true},
		{"\xef\xbb\xbf\n\"a\nx\",b\r\n1,2\n", false, "[a\nx b]", 13, true},
		{"a,b", false, "[]", 0, false},
		{"a,b", true, "[a b]", 3, true},
		{"\xef\xbb", false, "[]", 0, false},
		{"", true, "[]", 0, true},
	} {
		names, n, known, err := csv.Header([]byte(test.text), test.last, csv.Options{})
		if err != nil || fmt.Sprint(names) != test.names || known != test.known || known && n != test.n {
			t.Errorf("Header(%q, %v) = %q, %d, %v, %v", test.text, test.last, names, n, known, err)
		}
	}
	if _, _, _, err := csv.Header([]byte("a\"b\n"), true, csv.Options{}); err == nil {
		t.Error("no error for a bad header")
	}
}

func TestSplittable(t *testing.T) {
	if !csv.Splittable([]byte("a,b\n"), csv.Options{}) || csv.Splittable([]byte("a,\"b\"\n"), csv.Options{}) {
		t.Error("Splittable looks at the quotes")
	}
	if !csv.Splittable([]byte("a,\"b\n"), csv.Options{NoQuotes: true}) {
		t.Error("Splittable sees quotes where there are none")
	}
	if n, ok := csv.SplitPoint([]byte("1,2\n3")); n != 4 || !ok {
		t.Errorf("SplitPoint = %d, %v", n, ok)
	}
}

func ExampleNewDecoder() {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	d, err := csv.NewDecoder(schema, csv.Options{Header: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Release()
	text := []byte("name,id\nann,1\nbob,2,3\n,2\n")
	for len(text) > 0 {
		n, err := d.Decode(text, true)
		if row, ok := codecs.IsRow(err); ok {
			fmt.Println(row)
		}
		text = text[n:]
	}
	rows := d.Flush()
	defer rows.Release()
	fmt.Println(rows.Column(0), rows.Column(1))
	// Output:
	// row 2 (byte 14): 3 fields, want 2
	// [1 2] ["ann" (null)]
}

func ExampleInfer() {
	schema, err := csv.Infer([]byte("zip,lat\n00501,40.9\n"), csv.Options{Header: true})
	fmt.Println(schema, err)
	// Output:
	// schema:
	//   fields: 2
	//     - zip: type=utf8, nullable
	//     - lat: type=float64, nullable <nil>
}
