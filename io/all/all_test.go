package all_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/io/all"
	"github.com/weirflow/weir/io/connector"
)

const folder = "../../docs/connectors"

// TestDocs keeps docs/connectors equal to what the config structs say. A
// connector that is both source and sink has one page and two schemas.
func TestDocs(t *testing.T) {
	pages := map[string][]connector.Type{}
	var files []string
	for _, typ := range all.Connectors().Types() {
		pages[typ.Name] = append(pages[typ.Name], typ)
		schema, err := json.MarshalIndent(typ.Spec.Schema(), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		name := typ.Name + "." + string(typ.Role) + ".schema.json"
		files = append(files, name, typ.Name+".md")
		same(t, filepath.Join(folder, name), string(schema)+"\n")
	}
	for name, types := range pages {
		same(t, filepath.Join(folder, name+".md"), page(t, name, types))
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(files, e.Name()) {
			t.Errorf("%s/%s belongs to no connector", folder, e.Name())
		}
	}
}

func page(t *testing.T, name string, types []connector.Type) string {
	t.Helper()
	about, err := spec.PackageDoc(types[0].Docs)
	if err != nil {
		t.Fatal(err)
	}
	example, err := fs.ReadFile(types[0].Docs, "example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var sb strings.Builder
	sb.WriteString("# " + name + "\n\n" + about)
	for _, typ := range types {
		role := string(typ.Role)
		sb.WriteString("\n## As a " + role + "\n\nPromise: " + typ.Promise + ".\n\n" + typ.Spec.Markdown())
	}
	sb.WriteString("\n## Example\n\n```yaml\n" + string(example) + "```\n")
	return sb.String()
}

func same(t *testing.T, path, want string) {
	t.Helper()
	if os.Getenv("WEIR_REWRITE") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s is out of date; run: WEIR_REWRITE=1 go test ./io/all", path)
	}
}

// example is a piece of a pipeline file.
type example struct {
	Sources, Sinks map[string]struct {
		Connector string
		Config    yaml.Node
	}
}

// TestExamples decodes every example.yaml, and wants each connector in one.
func TestExamples(t *testing.T) {
	r := all.Connectors()
	for _, typ := range r.Types() {
		t.Run(typ.Name+" "+string(typ.Role), func(t *testing.T) {
			text, err := fs.ReadFile(typ.Docs, "example.yaml")
			if err != nil {
				t.Fatal(err)
			}
			var ex example
			if err := yaml.Unmarshal(text, &ex); err != nil {
				t.Fatal(err)
			}
			shown := false
			for name, s := range ex.Sources {
				src, err := r.FindSource(s.Connector)
				if err == nil {
					err = src.Check(&s.Config)
				}
				if err != nil {
					t.Errorf("source %s: %v", name, err)
				}
				shown = shown || typ.Role == connector.SourceRole && s.Connector == typ.Name
			}
			for name, s := range ex.Sinks {
				sink, err := r.FindSink(s.Connector)
				if err == nil {
					err = sink.Check(&s.Config)
				}
				if err != nil {
					t.Errorf("sink %s: %v", name, err)
				}
				shown = shown || typ.Role == connector.SinkRole && s.Connector == typ.Name
			}
			if !shown {
				t.Errorf("example.yaml has no %s %s", typ.Role, typ.Name)
			}
		})
	}
}

func BenchmarkConnectors(b *testing.B) {
	for b.Loop() {
		all.Connectors()
	}
}
