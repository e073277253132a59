package rowtext_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/internal/rowtext"
)

func ExampleFormat() {
	rows, err := rowtext.Parse(`
id:int64! name:utf8    at:timestamp[us,UTC]
1         ann          2026-01-01T00:00:00Z
2         "bob m"      null
3         "null"       2026-01-01T00:00:01.5Z`)
	if err != nil {
		panic(err)
	}
	fmt.Print(rowtext.Format(rows))
	// Output:
	// id:int64! name:utf8 at:timestamp[us,UTC]
	// 1         ann       2026-01-01T00:00:00Z
	// 2         "bob m"   null
	// 3         "null"    2026-01-01T00:00:01.5Z
}

// Every type reads back what it wrote.
const table = `
op i:int8 u:uint64             f:float64 b:bool bin:binary fix:fixed[2] d:date32   t:time64[us]   dec:decimal(12,2) l:list<int64> s:struct<a:int64,b:list<utf8>> m:map<utf8,int64>          odd:utf8
I  -1     18446744073709551615 0.1       true   "a b"      ab           2026-01-31 10:00:00.5     12.30             [1,2]         "{\"a\":1,\"b\":[\"x y\"]}"  "[{\"key\":\"k\",\"value\":2}]" ""
B  null   null                 null      null   null       null         null       null           null              null          null                           null                       null
D  2      0                    -0.5      false  "\xff"     "\n "        1969-12-31 00:00:00       -0.01             [null]        "{\"a\":null,\"b\":null}"      []                         日本
`

func TestRoundTrip(t *testing.T) {
	rows, ops, err := rowtext.ParseChanges[byte](table)
	if err != nil {
		t.Fatal(err)
	}
	text := rowtext.FormatChanges(rows, ops)
	again, ops2, err := rowtext.ParseChanges[byte](text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if !rows.Schema().Equal(again.Schema()) {
		t.Errorf("schema %v came back as %v", rows.Schema(), again.Schema())
	}
	if diff := cmp.Diff(text, rowtext.FormatChanges(again, ops2)); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{`"\xff"`, "18446744073709551615", "日本", "2026-01-31", "12.30"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"id":                         `line 1: "id" is not name:type`,
		"id:int65":                   `line 1: column id: no type is called "int65"`,
		"id:int64\nx":                `line 2: column id: `,
		"id:int64!\nnull":            `line 2: column id: null is not allowed`,
		"id:int64\n1 2":              `line 2: 2 cells, want 1`,
		"id:utf8\n\"x":               `line 2: cell 1: a quote without end`,
		"op id:utf8\nX x":            `line 2: want I, B, U or D first`,
		"id:decimal(99,2)\n1":        `not like decimal(12,2)`,
		"id:map<utf8>\n[]":           `a map has a key and an item`,
		"id:fixed[2]\nabc":           `line 2: column id: 3 bytes, want 2`,
		"id:struct<a>\nnull":         `"a" is not name:type`,
		"id:list<struct<a:b>>\nnull": `no type is called "b"`,
	} {
		_, _, err := rowtext.ParseChanges[byte](text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(table)
	f.Add("a:utf8\n\"\\x00\"")
	f.Add("a:map<utf8,list<int8>>\n[]")
	f.Fuzz(func(t *testing.T, text string) {
		rows, ops, err := rowtext.ParseChanges[byte](text)
		if err != nil {
			return
		}
		first := rowtext.FormatChanges(rows, ops)
		again, ops, err := rowtext.ParseChanges[byte](first)
		if err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		if second := rowtext.FormatChanges(again, ops); first != second {
			t.Errorf("%s\nbecame\n%s", first, second)
		}
	})
}
