package jsonl_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/cockroachdb/datadriven"

	"github.com/weirflow/weir/codecs"
	"github.com/weirflow/weir/codecs/internal/texttest"
	"github.com/weirflow/weir/codecs/jsonl"
)

// TestTables runs the tables in testdata, with the schema in their first
// line: "decode" prints the rows and the bad rows; "encode" the rows decoded
// and written again. "infer" prints a schema. Lines that begin with a Go string literal are
// what it says. Rewrite the results with: go test -run TestTables -rewrite.
func TestTables(t *testing.T) {
	datadriven.Walk(t, "testdata/tables", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			t.Helper()
			o := options(t, d)
			if d.Cmd == "infer" {
				text := input(t, d.Input)
				s, err := jsonl.Infer(text, o)
				if err != nil {
					return err.Error() + "\n"
				}
				return strings.TrimPrefix(s.String(), "schema:\n") + "\n"
			}
			schema, lines, _ := strings.Cut(d.Input, "\n")
			text := input(t, lines)
			if d.Cmd == "encode" {
				return encode(t, texttest.Schema(schema), text)
			}
			open := func(alloc memory.Allocator) (codecs.TextDecoder, error) {
				o := o
				o.Alloc = alloc
				return jsonl.NewDecoder(texttest.Schema(schema), o)
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

func options(t *testing.T, d *datadriven.TestData) (o jsonl.Options) {
	t.Helper()
	for _, arg := range d.CmdArgs {
		switch arg.Key {
		case "rows":
			arg.Scan(t, 0, &o.BatchRows)
		case "max":
			arg.Scan(t, 0, &o.MaxRowBytes)
		case "lines":
			o.Lines = true
		case "strict":
			o.Unknown = jsonl.UnknownError
		default:
			t.Fatalf("%s: no such argument", arg.Key)
		}
	}
	return o
}

// input takes lines that are Go string literals for what they say.
func input(t *testing.T, text string) []byte {
	t.Helper()
	var out []byte
	for line := range strings.Lines(text + "\n") {
		if !strings.HasPrefix(line, "`") && !strings.HasPrefix(line, `"`) {
			out = append(out, line...)
			continue
		}
		s, err := strconv.Unquote(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		out = append(out, s...)
	}
	return out
}

func encode(t *testing.T, schema *arrow.Schema, text []byte) string {
	t.Helper()
	e, err := jsonl.NewEncoder(schema)
	if err != nil {
		return err.Error() + "\n"
	}
	var out []byte
	open := func(alloc memory.Allocator) (codecs.TextDecoder, error) {
		return jsonl.NewDecoder(schema, jsonl.Options{Alloc: alloc})
	}
	r := texttest.Run(t, open, text, len(text), func(b arrow.RecordBatch) {
		// A slice in the middle has to be written as the rows that it is.
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
	badRaw := arrow.NewSchema([]arrow.Field{{
		Name: "a", Type: arrow.PrimitiveTypes.Int64,
		Metadata: arrow.NewMetadata([]string{jsonl.RawKey}, []string{"yes"}),
	}}, nil)
	ok := texttest.Schema("a:int64")
	for _, test := range []struct {
		schema *arrow.Schema
		opts   jsonl.Options
		want   string
	}{
		{twice, jsonl.Options{}, "make json decoder: column a: there are two of that name"},
		{badRaw, jsonl.Options{}, "make json decoder: column a: metadata weir.json=yes: want raw, on a utf8 column"},
		{texttest.Schema("a:list<float16>"), jsonl.Options{}, "make json decoder: a: column item: text has no values of type float16"},
		{ok, jsonl.Options{MaxRowBytes: -1}, "make json decoder: rows of at most -1 bytes: want 1 to 1073741823"},
		{ok, jsonl.Options{BatchBytes: 1 << 31}, "make json decoder: limits of a batch: 65536 rows, 2147483648 bytes: want at most 1073741823 bytes"},
	} {
		_, err := jsonl.NewDecoder(test.schema, test.opts)
		if fmt.Sprint(err) != test.want {
			t.Errorf("got:  %v\nwant: %s", err, test.want)
		}
	}
}

// TestBatchBytes checks that a batch is full by its size, also where few
// bytes of text make many of columns.
func TestBatchBytes(t *testing.T) {
	schema := texttest.Schema("a:list<struct<a:int64,b:int64,c:int64,d:int64,e:int64,f:int64,g:int64>>")
	text := []byte(strings.Repeat(`{"a":[{},{},{},{},{},{},{},{},{},{}]}`+"\n", 3_000))
	const most = 1 << 17
	open := func(alloc memory.Allocator) (codecs.TextDecoder, error) {
		return jsonl.NewDecoder(schema, jsonl.Options{Alloc: alloc, BatchBytes: most})
	}
	rows := 0
	r := texttest.Run(t, open, text, len(text), func(b arrow.RecordBatch) {
		rows += int(b.NumRows())
		if size := b.NumRows() * 10 * 7 * 8; size > most*3/2 {
			t.Errorf("a batch of %d rows is %d bytes, want about %d", b.NumRows(), size, most)
		}
	})
	if rows != 3_000 || len(r.Errors) != 0 || len(r.Batches) != 9 {
		t.Errorf("%d rows, %d errors, %d batches", rows, len(r.Errors), len(r.Batches))
	}
}

// TestLongRow checks that a long row in small pieces is not looked at anew
// with each of them: that would be 60 GB of work here.
func TestLongRow(t *testing.T) {
	const piece = 512
	row := `{"a":"` + strings.Repeat("x,", 4<<20) + `"}`
	for name, text := range map[string]string{"line": row + "\n", "array": "[" + row + "]"} {
		d, err := jsonl.NewDecoder(texttest.Schema("a:utf8"), jsonl.Options{})
		if err != nil {
			t.Fatal(err)
		}
		data := []byte(text)
		if name == "array" {
			if n, err := d.Decode(data[:1], false); n != 1 || err != nil {
				t.Fatalf("Decode = %d, %v", n, err)
			}
			data = data[1:]
		}
		for to := 0; to < len(data)-1; to = min(to+piece, len(data)-1) {
			if n, err := d.Decode(data[:min(to, len(row)-1)], false); n != 0 || err != nil {
				t.Fatalf("%s: Decode of %d bytes = %d, %v", name, to, n, err)
			}
		}
		if n, err := d.Decode(data, true); n != len(data) || err != nil || d.Rows() != 1 {
			t.Fatalf("%s: Decode = %d, %v", name, n, err)
		}
		d.Release()
	}
}

func TestSplittable(t *testing.T) {
	for text, want := range map[string]bool{
		"{}\n": true, "\xef\xbb\xbf {}": true, "  [{": false, "\xef\xbb\xbf[": false, "": false,
	} {
		if got := jsonl.Splittable([]byte(text)); got != want {
			t.Errorf("Splittable(%q) = %v", text, got)
		}
	}
	if n, ok := jsonl.SplitPoint([]byte("1}\n{")); n != 3 || !ok {
		t.Errorf("SplitPoint = %d, %v", n, ok)
	}
	if _, ok := jsonl.SplitPoint([]byte(`{"a":1}`)); ok {
		t.Error("SplitPoint found a row")
	}
}

func ExampleNewDecoder() {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	d, err := jsonl.NewDecoder(schema, jsonl.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Release()
	text := []byte("{\"id\":1,\"name\":\"ann\"}\n{\"id\":1.5}\n{\"id\":2}\n")
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
	// row 2 (byte 28): column id: "1.5": not a whole number
	// [1 2] ["ann" (null)]
}

func ExampleInfer() {
	schema, err := jsonl.Infer([]byte(`{"id":1,"at":"2025-01-01T00:00:00Z"}`), jsonl.Options{})
	fmt.Println(schema, err)
	// Output:
	// schema:
	//   fields: 2
	//     - id: type=int64, nullable
	//     - at: type=timestamp[us, tz=UTC], nullable <nil>
}
