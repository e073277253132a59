package file

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/io/connector"
)

// TestText runs testdata/text: files written out, and what a run gives.
//
//	file NAME        the lines that follow are the file; <BOM> <CR> and <NUL> stand for themselves
//	read [settings]  reads all files; one line a row, and the error
func TestText(t *testing.T) {
	datadriven.Walk(t, "testdata/text", func(t *testing.T, path string) {
		dir := t.TempDir()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "file":
				name := filepath.Join(dir, d.CmdArgs[0].Key)
				content := strings.NewReplacer("<BOM>", "\ufeff", "<CR>", "\r", "<NUL>", "\x00", "<UTF16>", "\xff\xfe").Replace(d.Input)
				if !d.HasArg("cut") {
					content += "\n"
				}
				if d.HasArg("empty") {
					content = ""
				}
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
				return ""
			case "link":
				if err := os.Symlink(d.CmdArgs[1].Key, filepath.Join(dir, d.CmdArgs[0].Key)); err != nil {
					t.Fatal(err)
				}
				return ""
			case "read":
				return readText(t, dir, d)
			default:
				t.Fatalf("no command %s", d.Cmd)
				return ""
			}
		})
	})
}

func readText(t *testing.T, dir string, d *datadriven.TestData) string {
	t.Helper()
	cfg := Config{MaxRow: 1 << 10}
	for _, a := range d.CmdArgs {
		switch v := strings.Join(a.Vals, ","); a.Key {
		case "path":
			cfg.Path = v
		case "paths":
			cfg.Paths = a.Vals
		case "format":
			cfg.Format = v
		case "on_error":
			cfg.OnError = v
		case "split":
			if err := cfg.SplitSize.UnmarshalText([]byte(v)); err != nil {
				t.Fatal(err)
			}
		case "columns":
			cfg.Columns = a.Vals
		case "no_header":
			cfg.CSV.NoHeader = true
		case "delimiter":
			cfg.CSV.Delimiter = v
		case "unknown":
			cfg.Unknown = v
		case "null":
			cfg.CSV.Null = v
		case "schema":
			for _, c := range a.Vals {
				name, typ, _ := strings.Cut(c, ":")
				typ, required := strings.CutSuffix(typ, "!")
				cfg.Schema = append(cfg.Schema, Column{name, typ, required})
			}
		default:
			t.Fatalf("no setting %s", a.Key)
		}
	}
	rows, err := tryFiles(t, newFiles(cfg, connector.Env{Dir: dir}))
	if err != nil {
		rows = append(rows, fmt.Sprintf("error (%v): %s", flow.KindOf(err), strings.ReplaceAll(err.Error(), dir, "DIR")))
	}
	return strings.Join(rows, "\n")
}

// TestLinesInSplits finds the line of a bad row whatever the splits are.
func TestLinesInSplits(t *testing.T) {
	var text, csv strings.Builder
	csv.WriteString("a,b\n")
	for i := range 2000 {
		v := fmt.Sprint(i)
		if i == 1500 {
			v = "x"
		}
		fmt.Fprintf(&text, "{\"a\":%q}\n", v)
		fmt.Fprintf(&csv, "%s,\"p\nq\"\n", v)
	}
	dir := write(t, map[string][]byte{"a.jsonl": []byte(text.String()), "a.csv": []byte(csv.String())})
	for name, want := range map[string]int64{"a.jsonl": 1501, "a.csv": 3002} {
		for _, size := range []spec.Size{1 << 10, 5000, 64 << 20} {
			_, err := tryAll(t, Config{
				Path: filepath.Join(dir, name), SplitSize: size, Schema: []Column{{"a", "int64", false}},
			})
			bad, ok := errors.AsType[*RowError](err)
			if !ok || bad.Line != want || bad.Column != "a" || flow.KindOf(err) != flow.BadRow {
				t.Errorf("%s in splits of %d: %v", name, size, err)
			}
		}
	}
}

// TestDeadLetters checks that rows and rejected rows are the input, each once,
// behind any position.
func TestDeadLetters(t *testing.T) {
	var text strings.Builder
	for i := range 200_000 {
		if i%1000 == 7 {
			fmt.Fprintf(&text, "{\"a\":\"bad %d\"}\n", i)
		} else {
			fmt.Fprintf(&text, "{\"a\":%d}\n", i)
		}
	}
	dir := write(t, map[string][]byte{"a.jsonl": []byte(text.String())})
	f := Source(Config{
		Path: filepath.Join(dir, "a.jsonl"), Schema: []Column{{"a", "int64", false}},
		OnError: "dead_letter", SplitSize: 1 << 20,
	})
	total := 0
	for _, s := range splitsOf(t, f) {
		whole, err := runSplit(t, f, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		total += len(flat(whole))
		for i, g := range whole {
			rest, err := runSplit(t, f, s, &g.pos)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(flat(rest), flat(whole[i+1:])) {
				t.Fatalf("behind %v: %s", g.pos, cmp.Diff(flat(whole[i+1:]), flat(rest)))
			}
		}
	}
	if total != 200_000 {
		t.Errorf("%d rows and dead letters", total)
	}
}

// TestDamaged reads compressed files that are cut off or not what their names
// say: an error, never rows that look whole.
func TestDamaged(t *testing.T) {
	files := table(t, 2000)
	for name, content := range files {
		k := kindOf(name)
		if k.compression == none {
			continue
		}
		cut := write(t, map[string][]byte{name: content[:len(content)*2/3]})
		if rows, err := tryAll(t, Config{Path: filepath.Join(cut, name), Schema: columns3}); err == nil {
			t.Errorf("%s cut off: %d rows and no error", name, len(rows))
		}
		junk := write(t, map[string][]byte{name: bytes.Repeat([]byte("no such thing\n"), 100)})
		_, err := tryAll(t, Config{Path: filepath.Join(junk, name), Schema: columns3})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s of junk: %v", name, err)
		}
	}
}

// TestBomb reads a small file that is large without its compression, and the
// memory for it stays small.
func TestBomb(t *testing.T) {
	for _, z := range []struct{ ending, name string }{{".gz", "gzip"}, {".zst", "zstd"}, {".lz4", "lz4"}, {".sz", "snappy"}} {
		var out bytes.Buffer
		w, err := compress(&out, z.name, 0)
		if err != nil {
			t.Fatal(err)
		}
		for range 256 { // 256 MiB of one row
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		dir := write(t, map[string][]byte{"a.jsonl" + z.ending: out.Bytes()})
		var before, after memStats
		before.read()
		_, err = tryAll(t, Config{Path: filepath.Join(dir, "a.jsonl"+z.ending), Schema: columns3, MaxRow: 1 << 20})
		after.read()
		if flow.KindOf(err) != flow.BadRow {
			t.Errorf("%s: %v", z.name, err)
		}
		if n := after.total - before.total; n > 64<<20 {
			t.Errorf("%s: %d MiB were allocated", z.name, n>>20)
		}
	}
}
