package spec_test

import (
	"embed"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow/spec"
)

//go:embed config_test.go
var source embed.FS

// describe describes the test config.
func describe(tb testing.TB) spec.Field {
	tb.Helper()
	f, err := spec.Of(defaults(), docs())
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func parse(tb testing.TB, text string) *yaml.Node {
	tb.Helper()
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(text), &node); err != nil {
		tb.Fatal(err)
	}
	return &node
}

func TestDecode(t *testing.T) {
	cfg := defaults()
	before := defaults()
	err := describe(t).Decode(parse(t, `
name: orders
password: hunter2
count: 9223372036854775807
big: 18446744073709551615
wait: 1m30s
limit: 64MiB
mode: UPSERT
columns:
  - {name: id, type: BIGINT}
  - {name: at}
labels: {env: prod, n: 7}
extra: {a: 9007199254740993, b: [1, x, null], c: 1.5}
tls: {ca: /etc/ca.pem}
level: null
`), &cfg)
	if err != nil {
		t.Fatal(err)
	}
	want := before
	want.Name, want.Password, want.Count, want.Big = "orders", "hunter2", 9223372036854775807, 18446744073709551615
	want.Wait, want.Limit, want.Mode = spec.Duration(90e9), 64<<20, "upsert"
	want.Columns = []Column{{Name: "id", Type: "bigint", Nullable: true}, {Name: "at", Type: "text", Nullable: true}}
	want.Labels = map[string]string{"env": "prod", "n": "7"}
	want.Extra = map[string]any{"a": int64(9007199254740993), "b": []any{int64(1), "x", nil}, "c": 1.5}
	want.TLS = &TLS{Verify: true, CA: "/etc/ca.pem"}
	if diff := cmp.Diff(want, cfg, cmp.AllowUnexported(Config{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDecodeLeavesDefaultsAlone(t *testing.T) {
	first := defaults()
	cfg := first
	err := describe(t).Decode(parse(t, "{name: a, labels: {team: x}, ratio: 0.75, retry: {attempts: 2}}"), &cfg)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(defaults(), first, cmp.AllowUnexported(Config{})); diff != "" {
		t.Errorf("the defaults changed:\n%s", diff)
	}
	if *cfg.Ratio != 0.75 || cfg.Labels["team"] != "x" || cfg.Retry.Attempts != 2 || cfg.Retry.Wait != spec.Duration(100e6) {
		t.Errorf("got %+v", cfg)
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"all at once", "nam: a\ncount: 1.5\nmode: upset\nwait: 10\n", `
			line 1, column 1: nam: no such setting; did you mean name?
			line 1, column 1: name: must be set
			line 2, column 8: count: "1.5" is not a whole number
			line 3, column 7: mode: "upset" is not one of append, upsert; did you mean upsert?
			line 4, column 7: wait: "10" is not a duration; write a number and one of ns us ms s m h d, as in 10s or 1h30m`},
		{"twice", "name: a\nname: b\n", `line 2, column 1: name: is set twice; first on line 1`},
		{"alias twice", "name: a\ncount: 1\nrows: 2\n", `line 3, column 1: rows: is the same setting as count on line 2`},
		{"nested", "name: a\ncolumns:\n- {name: id, typ: x}\n- {}\n", `
			line 3, column 14: columns[0].typ: no such setting; did you mean type?
			line 4, column 3: columns[1].name: must be set`},
		{"null required", "name: null\n", `line 1, column 1: name: must be set`},
		{"empty required", "name: ''\n", `line 1, column 7: name: must not be empty`},
		{"bounds", "name: a\ncount: -1\nlimit: 2TiB\nlevel: 300\n", `
			line 2, column 8: count: -1 is below 0
			line 3, column 8: limit: 2TiB is above 1TiB
			line 4, column 8: level: 300 is above 10`},
		{"range", "name: a\nbig: -1\nsmall: 300\n", `
			line 2, column 6: big: -1 is not between 0 and 18446744073709551615
			line 3, column 8: small: 300 is not between -128 and 127`},
		{"octal", "name: a\ncount: 010\n", `line 2, column 8: count: "010" is not clear: write it without the leading 0, or 0o10 for octal`},
		{"shape", "name: [a]\ncolumns: x\nlabels: [1]\nretry: 3\n", `
			line 1, column 7: name: want text
			line 2, column 10: columns: want a list, as in [a, b]
			line 3, column 9: labels: want names with values, as in {a: b}
			line 4, column 8: retry: want settings, as in {name: value}`},
		{"secret stays secret", "name: a\npassword: [hunter2]\npin: hunter2\n", `
			line 2, column 11: password: want text
			line 3, column 6: pin: want a whole number (the value is secret and not shown)`},
		{"validate", "name: a\nretry:\n  attempts: 0\n  wait: 5s\n", `line 4, column 3: retry.wait: says nothing with attempts 0`},
		{"validate the whole", "count: 3\nname: count\n", `line 1, column 1: a name and a count`},
		{"list null", "name: a\ncolumns: [null]\n", `line 2, column 11: columns[0]: must not be null`},
		{"not settings", "[1]", `line 1, column 1: want settings, as in {name: value}`},
		{"nothing", "", `line 1, column 1: name: must be set`},
		{"self", "name: a\nextra: {x: &x [*x]}\n", `line 2, column 16: extra.x[0][0]: *x is inside itself`},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := defaults()
			err := describe(t).Decode(parse(t, c.text), &cfg)
			if err == nil {
				t.Fatal("accepted")
			}
			want := strings.ReplaceAll(strings.TrimSpace(c.want), "\t", "")
			if diff := cmp.Diff(want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestMergeKeys(t *testing.T) {
	cfg := defaults()
	err := describe(t).Decode(parse(t, `
extra: &base {wait: 3s}
<<: *base
wait: 9s
name: x
`), &cfg)
	if err != nil || cfg.Wait != spec.Duration(9e9) {
		t.Errorf("got wait %v, %v", cfg.Wait, err)
	}
}

func TestLaughs(t *testing.T) {
	var sb strings.Builder
	sb.WriteString("name: a\nextra:\n  a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := range 9 {
		a := string(rune('0' + i))
		b := string(rune('1' + i))
		sb.WriteString("  a" + b + ": &a" + b + " [" + strings.Repeat("*a"+a+" ,", 9) + "*a" + a + " ]\n")
	}
	cfg := defaults()
	err := describe(t).Decode(parse(t, sb.String()), &cfg)
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("got %v", err)
	}
	if n := len(describe(t).Redact(parse(t, sb.String()))); n > 64<<20 {
		t.Errorf("redacted form has %d bytes", n)
	}
}
