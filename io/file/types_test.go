package file

import (
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
)

type memStats struct{ total uint64 }

func (m *memStats) read() {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	m.total = s.TotalAlloc
}

func TestTypes(t *testing.T) {
	for text, want := range map[string]string{
		"int":                          "int32",
		"decimal( 12 , 2 )":            "decimal(12,2)",
		"timestamp":                    "timestamp[us]",
		"timestamp[ms,UTC]":            "timestamp[ms, UTC]",
		"timestamp[ns, Europe/Berlin]": "timestamp[ns, Europe/Berlin]",
		"timestamp[us, +02:00]":        "timestamp[us, +02:00]",
		"time":                         "time[us]",
		"time[s]":                      "time[s]",
		"fixed(16)":                    "fixed(16)",
		"uuid":                         "uuid",
		"list<list<int64>>":            "list<list<int64>>",
		"map<string,list<date>>":       "map<string, list<date>>",
		`struct<a:int64,"b c": struct<d: binary>>`: `struct<a: int64, "b c": struct<d: binary>>`,
	} {
		got, err := parseType(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if name := typeName(got); name != want {
			t.Errorf("%s: %s, want %s", text, name, want)
		}
	}
	for text, want := range map[string]string{
		"":                        "want a type at column 1",
		"integer":                 `"integer" is not a type`,
		"decimal(39,2)":           `precision "39" is not a number from 1 to 38`,
		"decimal(4,5)":            `scale "5" is not a number from 0 to 4`,
		"decimal(4":               `want ',' at column 10`,
		"timestamp[us, Mars/X]":   `"Mars/X" is not a time zone`,
		"timestamp[minutes]":      `"minutes" is not one of the units`,
		"list<int64":              `want '>' at column 11`,
		"list<int64>>":            `">" is left over`,
		"struct<>":                "want a field name at column 8",
		"struct<a:int64,a:int64>": `two fields are named "a"`,
		`struct<"a:int64>`:        "want the closing quote",
		strings.Repeat("list<", 40) + "int64" + strings.Repeat(">", 40): "nested deeper than 32",
	} {
		if _, err := parseType(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func FuzzType(f *testing.F) {
	for _, s := range []string{"int64", "decimal(12,2)", "timestamp[us, UTC]", "map<string, list<struct<a: int64>>>", `struct<"x\n": uuid>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		typ, err := parseType(text)
		if err != nil {
			return
		}
		again, err := parseType(typeName(typ))
		if err != nil || !arrow.TypeEqual(typ, again) {
			t.Errorf("%q is %s, which is read as %v, %v", text, typeName(typ), again, err)
		}
	})
}

func FuzzSplitID(f *testing.F) {
	f.Add("data/a.jsonl@10-0123456789abcdef#64:3")
	f.Add("a@b#c@0-0123456789abcdef")
	f.Fuzz(func(t *testing.T, text string) {
		name, id, grid, index, err := parseSplitID(text)
		if err != nil {
			return
		}
		again := splitID(name, id, grid, index)
		name2, id2, grid2, index2, err := parseSplitID(again)
		if err != nil || name2 != name || id2 != id || grid2 != grid || grid != 0 && index2 != index {
			t.Errorf("%q became %q: %v", text, again, err)
		}
	})
}

func FuzzLogEntry(f *testing.F) {
	f.Add("00000000000000000001.json", []byte(`{"format":1,"number":1,"epoch":3,"files":[{"path":"a","rows":1,"bytes":2}]}`))
	f.Add("00000000000000000001-00000000000000000064.jsonl", []byte("{}"))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		first, last, ok := parseLogName(name)
		if ok {
			want := looseName(first)
			if first != last {
				want = fold{first, last}.name()
			}
			if name != want {
				t.Errorf("%q was read as %q", name, want)
			}
		}
		if e, err := parseEntry(name, text, 1); err == nil && (e.Format != logFormat || e.Number != 1) {
			t.Errorf("took %+v", e)
		}
		if inc, e, ok := parseStaged(name); ok && (inc == "" && e == 0 && len(name) < 10) {
			t.Errorf("%q is staged", name)
		}
	})
}

func FuzzEscape(f *testing.F) {
	f.Add("SFO")
	f.Add("../../etc")
	f.Add("\x00")
	f.Add(nullFolder)
	f.Fuzz(func(t *testing.T, value string) {
		name := escapeValue(value)
		if strings.ContainsAny(name, "/\\\x00:*?\"<>|=\n ") || name == nullFolder {
			t.Errorf("%q became %q", value, name)
		}
	})
}
