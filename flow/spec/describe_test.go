package spec_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow/spec"
)

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("WEIR_REWRITE") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("%s is out of date (WEIR_REWRITE=1 writes it):\n%s", path, got)
	}
}

func TestSchema(t *testing.T) {
	text, err := json.MarshalIndent(describe(t).Schema(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "config.schema.json", string(text)+"\n")
}

func TestMarkdown(t *testing.T) { golden(t, "config.md", describe(t).Markdown()) }

func TestRedact(t *testing.T) {
	secret := "hunter2"
	node := parse(t, `
name: orders
password: hunter2
pin: 12342
tokens: {a: hunter2, b: hunter2}
urls: ["postgres://me:hunter2@db:5432/x?sslmode=off", "https://x/?a=1&access_token=hunter2#f", "host=db user=me password=hunter2"]
extra: &x {deep: [{url: "amqp://u:hunter2@h/"}]}
pasword: hunter2
retry: {pasword: {x: [hunter2]}}
labels: {copy: *x}
columns: [{name: id, secrt: hunter2}]
`)
	text := describe(t).Redact(node)
	if strings.Contains(text, secret) || strings.Contains(text, "12342") {
		t.Errorf("a secret is in\n%s", text)
	}
	for _, want := range []string{"name: orders", "me:[redacted]@db:5432/x?sslmode=off", "user=me", "a=1", "name: id"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	cfg := defaults()
	cfg.Name, cfg.Password, cfg.Pin = "orders", secret, 12342
	cfg.Tokens = map[string]string{"a": secret}
	cfg.URLs = []string{"kafka://me:hunter2@broker"}
	cfg.Extra = map[string]any{"list": []any{"mysql://u:hunter2@h", nil, 1.5, true}}
	text = describe(t).Redact(cfg)
	if strings.Contains(text, secret) || strings.Contains(text, "12342") {
		t.Errorf("a secret is in\n%s", text)
	}
	golden(t, "redacted.yaml", text)
}

// Redact of a value can be read back, and gives the value, less its secrets.
func TestRedactReadsBack(t *testing.T) {
	cfg := defaults()
	cfg.Name, cfg.Big, cfg.Extra = "true", 1<<63, map[string]any{"a": "1", "b": int64(1), "c": []any{nil, 0.5}}
	cfg.Columns = []Column{{Name: "null", Type: "bigint"}}
	back := defaults()
	if err := describe(t).Decode(parse(t, describe(t).Redact(cfg)), &back); err != nil {
		t.Fatal(err)
	}
	back.Password, back.Pin = cfg.Password, cfg.Pin
	if describe(t).Redact(back) != describe(t).Redact(cfg) {
		t.Errorf("%s\nbecame\n%s", describe(t).Redact(cfg), describe(t).Redact(back))
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "10s": 10 * time.Second, "1m30s": 90 * time.Second, "1.5h": 90 * time.Minute,
		"7d": 168 * time.Hour, "1d12h": 36 * time.Hour, "100us": 100 * time.Microsecond, "5µs": 5 * time.Microsecond,
		"2562047h": 2562047 * time.Hour,
	} {
		var d spec.Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%s: got %v, %v", text, d, err)
		}
		var back spec.Duration
		if err := back.UnmarshalText([]byte(d.String())); err != nil || back != d {
			t.Errorf("%s: written as %s, read as %v, %v", text, d, back, err)
		}
	}
	for _, text := range []string{"", "10", "-1s", "s", "1..5s", "1s 2s", "1S", "1y", "200000d", "9999999999h", ".5s", "5.s", "1e3s"} {
		var d spec.Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %v", text, d)
		}
	}
	for d, want := range map[spec.Duration]string{
		0: "0s", spec.Duration(time.Hour): "1h", spec.Duration(90 * time.Second): "1m30s",
		spec.Duration(time.Hour + 30*time.Second): "1h0m30s", spec.Duration(10 * time.Minute): "10m",
	} {
		if d.String() != want {
			t.Errorf("got %s, want %s", d, want)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]spec.Size{
		"0": 0, "1000": 1000, "12B": 12, "1KB": 1000, "1KiB": 1024, "64MiB": 64 << 20, "64 mib": 64 << 20, "1.5GiB": 3 << 29,
		"2GB": 2_000_000_000, "0.5KB": 500, "7PiB": 7 << 50,
	} {
		var s spec.Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%s: got %d, %v", text, s, err)
		}
		var back spec.Size
		if err := back.UnmarshalText([]byte(s.String())); err != nil || back != s {
			t.Errorf("%s: written as %s, read as %d, %v", text, s, back, err)
		}
	}
	for _, text := range []string{"", "-1", "1K", "1.5", "1.0001KB", "MiB", "1MiB2", "9999999999GB", "1e3", "1  KB"} {
		var s spec.Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %d", text, s)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"seed", "batch_size", "max_events", "postgres-cdc", "datagen"}
	for word, want := range map[string]string{
		"sede": "seed", "batchsize": "batch_size", "batch-size": "batch_size", "Max_Event": "max_events",
		"postgres_cdc": "postgres-cdc", "dategen": "datagen", "xyz": "", "": "", "a": "",
	} {
		if got := spec.Nearest(word, known); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
}

func TestPackageDoc(t *testing.T) {
	docs := fstest.MapFS{"doc.go": {Data: []byte("// Package x makes y. It is z.\n//\n// More.\npackage x\n")}}
	if text, err := spec.PackageDoc(docs); err != nil || text != "Package x makes y. It is z.\n\nMore.\n" {
		t.Errorf("got %q, %v", text, err)
	}
	if text, err := spec.Synopsis(docs); err != nil || text != "makes y" {
		t.Errorf("got %q, %v", text, err)
	}
}

// far is of a package of its own, as far as the comments go.
type far struct {
	// With a comment.
	A int `json:"a"`
}

// Docs is the source of far.
func (far) Docs() fs.FS { return docs() }

func TestOfRefuses(t *testing.T) {
	source := fstest.MapFS{"x.go": {Data: []byte("package x\n\ntype T struct {\n\t// A comment.\n\tA, B, C int\n}\n")}}
	type loop struct {
		A []struct{ X *time.Location } `json:"a"`
	}
	for name, c := range map[string]struct {
		config any
		want   string
	}{
		"not a struct": {7, "not a struct"},
		"no name":      {struct{ A int }{}, "has no json name"},
		"no comment": {struct {
			A int `json:"a"`
		}{}, "has no comment"},
		"no form": {loop{}, "no comment"},
	} {
		if _, err := spec.Of(c.config, source); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	_, err := spec.Of(defaults(), fstest.MapFS{"x.go": {Data: []byte("package")}})
	if err == nil || !strings.Contains(err.Error(), "read comments: x.go:1") {
		t.Errorf("got %v", err)
	}
	if _, err := spec.Of(far{}, docs()); err == nil || !strings.Contains(err.Error(), "far.A has no comment") {
		t.Errorf("got %v", err)
	}
}

func TestTagWords(t *testing.T) {
	source := fstest.MapFS{"x.go": {Data: []byte("package x\n\ntype T struct {\n\t// A comment.\n\tA int\n}\n")}}
	type T struct {
		A int `json:"a" weir:"minn=1"`
	}
	if _, err := spec.Of(T{}, source); err == nil || !strings.Contains(err.Error(), `unknown word "minn" in weir tag`) {
		t.Errorf("got %v", err)
	}
	func() {
		type T struct {
			A int `json:"a" weir:"min=x"`
		}
		if _, err := spec.Of(T{}, source); err == nil || !strings.Contains(err.Error(), `bound "x": not a number`) {
			t.Errorf("got %v", err)
		}
	}()
	func() {
		type T struct {
			A bool `json:"a" weir:"oneof=x|y"`
		}
		if _, err := spec.Of(T{}, source); err == nil || !strings.Contains(err.Error(), "oneof is for strings") {
			t.Errorf("got %v", err)
		}
	}()
	func() {
		type T struct {
			A int    `json:"a"`
			B string `json:"b" weir:"alias=a"`
		}
		source := fstest.MapFS{"x.go": {Data: []byte("package x\n\ntype T struct {\n\t// A.\n\tA int\n\t// B.\n\tB int\n}\n")}}
		if _, err := spec.Of(T{}, source); err == nil || !strings.Contains(err.Error(), "are both named a") {
			t.Errorf("got %v", err)
		}
	}()
}

func TestProblemsKeepTheirPlace(t *testing.T) {
	cfg := defaults()
	err := describe(t).Decode(parse(t, "nam: x\nname: y\ncount: z\n"), &cfg)
	all := spec.Problems(fmt.Errorf("file x.yaml: %w", err))
	if len(all) != 2 || all[0].Line != 1 || all[1].Line != 3 || all[1].Column != 8 || all[1].Path != "count" {
		t.Errorf("got %v", all)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"name: a", "name: a\ncount: 0x10\nwait: 1h\nlimit: 1KiB\n", "{name: a, columns: [{name: x}], extra: {a: [1, {b: null}]}}",
		"a: &a {name: x}\n<<: *a\n", "name: a\nextra: &x [*x]\n", "- 1", "name: !!int a", "? [a]\n: b", "name: a\nratio: .nan\nbig: 1_000",
		"name: a\npassword: &p hunter2hunter2\nextra: {p: *p}\n", "name: |\n  a\n  b\n", "name: a\ncount: !!float 1\n",
	} {
		f.Add(seed)
	}
	field := describe(f)
	f.Fuzz(func(t *testing.T, text string) {
		var node yaml.Node
		if yaml.Unmarshal([]byte(text), &node) != nil {
			return
		}
		field.Redact(&node)
		cfg := defaults()
		if err := field.Decode(&node, &cfg); err != nil {
			if len(spec.Problems(err)) == 0 {
				t.Errorf("an error without a place: %v", err)
			}
			return
		}
		cfg.Password, cfg.Pin, cfg.Tokens = "", 0, nil
		first := field.Redact(cfg)
		if first != spec.RedactText(first) {
			return // a password in a URL does not come back
		}
		back := defaults()
		if err := field.Decode(parse(t, first), &back); err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		back.Password, back.Pin, back.Tokens = "", 0, nil
		if second := field.Redact(back); first != second {
			t.Errorf("%s\nbecame\n%s", first, second)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	for b.Loop() {
		describe(b)
	}
}
