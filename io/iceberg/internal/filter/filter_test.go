package filter

import (
	"testing"

	"github.com/apache/iceberg-go"
)

func testSchema() *iceberg.Schema {
	p := iceberg.PrimitiveTypes
	return iceberg.NewSchema(0,
		iceberg.NestedField{ID: 1, Name: "n", Type: p.Int64}, iceberg.NestedField{ID: 2, Name: "s", Type: p.String},
		iceberg.NestedField{ID: 3, Name: "ts", Type: p.TimestampTz}, iceberg.NestedField{ID: 4, Name: "b", Type: p.Bool},
		iceberg.NestedField{ID: 5, Name: "d", Type: iceberg.DecimalTypeOf(9, 2)})
}

func TestBind(t *testing.T) {
	for text, want := range map[string]string{
		"n = 1":                       "Equal(term=Reference(name='n'), literal=1)",
		"b = true":                    "Equal(term=Reference(name='b'), literal=true)",
		"d = 1.25":                    "Equal(term=Reference(name='d'), literal=1.25)",
		"ts = '2024-01-31 12:00:00Z'": "Equal(term=Reference(name='ts'), literal=2024-01-31 12:00:00.000000)",
	} {
		f, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		e, err := f.Bind(testSchema())
		if err != nil {
			t.Fatal(err)
		}
		if e.String() != want {
			t.Errorf("%s: %s, want %s", text, e, want)
		}
	}
}

func TestAfter(t *testing.T) {
	for prefix, want := range map[string]string{
		"": "", "a": "b", "az": "a{", "é": "ê", "a\U0010ffff": "b", "\U0010ffff": "", "\ud7ff": "\ue000", "\x7f": "\u0080",
	} {
		if got := after(prefix); got != want {
			t.Errorf("after %q: %q, want %q", prefix, got, want)
		}
	}
}

// FuzzParse checks that no text makes the reader fall over, and that what it
// accepts is bound or refused with an error.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"n > 10 and s = 'JFK'", "not (n in (1, 2) or s like 'a%')", "ts between '2024-01-01' and '2024-02-01'",
		`"n" is not null`, "d <> -1.5e3", "b = false", "s = 'it''s'", "n = 99999999999999999999", "((((", "'", "\"", "n = \x00",
	} {
		f.Add(s)
	}
	s := testSchema()
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := Parse(text)
		if err != nil {
			return
		}
		if e, err := parsed.Bind(s); err == nil {
			if _, err := iceberg.BindExpr(s, e, true); err != nil {
				t.Errorf("%q: iceberg refuses %s: %v", text, e, err)
			}
		}
	})
}
