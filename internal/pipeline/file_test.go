package pipeline_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/pipeline"
)

// TestParse runs testdata/parse.txt: a file, and what is meant by it or what
// is wrong with it. The variable HOME_DIR is /home/w, PORT is 5432, EMPTY is
// set to nothing.
func TestParse(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"HOME_DIR": "/home/w", "PORT": "5432", "EMPTY": "", "TRICK": "a: {b}"}[name]
		return v, ok
	}
	datadriven.RunTest(t, "testdata/parse.txt", func(t *testing.T, d *datadriven.TestData) string {
		f, err := pipeline.Parse("p.yaml", []byte(d.Input), env)
		if err != nil {
			if kind := flow.KindOf(err); kind != flow.BadConfig {
				t.Errorf("%s: %v is %v, not bad_config", d.Pos, err, kind)
			}
			return err.Error() + "\n"
		}
		return show(t, f)
	})
}

func show(t *testing.T, f *pipeline.File) string {
	t.Helper()
	var sb strings.Builder
	for _, part := range append(f.Sources, f.Sinks...) {
		text, err := yaml.Marshal(part.Config)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&sb, "%d: %s = %s\n%s", part.Line, part.At(), part.Connector, text)
	}
	for _, p := range f.Pipelines {
		fmt.Fprintf(&sb, "%d: pipeline %s:", p.Line, p.Name)
		for _, part := range append(p.Sources, p.Sinks...) {
			fmt.Fprintf(&sb, " %s", part.At())
		}
		fmt.Fprintf(&sb, "; state %s, checkpoint %v, %d MiB, parallel %d\n", p.State, p.Checkpoint, p.Memory>>20, p.Parallel)
	}
	if f.Listen != "" {
		fmt.Fprintf(&sb, "metrics on %s\n", f.Listen)
	}
	return sb.String()
}

func TestLoadMissing(t *testing.T) {
	_, err := pipeline.Load("testdata/none.yaml", os.LookupEnv)
	if flow.KindOf(err) != flow.BadConfig {
		t.Errorf("a file that is not there is %v (%v), want bad_config", flow.KindOf(err), err)
	}
}

// FuzzParse: no text makes the loader panic, and what it takes has every name
// resolved.
func FuzzParse(f *testing.F) {
	f.Add("sources: {a: {connector: x, config: {b: ${C:-d}}}}\nsinks: {k: {type: y}}\npipelines: {p: {source: a, sink: k}}")
	f.Add("x-a: &a {connector: x}\nsources: {a: *a, b: {<<: *a, config: 1}}\nsinks: {k: *a}\npipelines: {p: {sources: [a, b], sinks: [k]}}")
	f.Add("a: &a [*a]\n---\nb")
	f.Add("sources:\npipelines: {p: }\nmetrics: {listen: ':1'}")
	f.Add("? {a: b}\n: c\n\"\\uE0000\\uE001\": ${A}$${B}")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := pipeline.Parse("p.yaml", []byte(text), func(name string) (string, bool) { return name, len(name)%2 == 0 })
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a text")
			}
			return
		}
		for _, p := range file.Pipelines {
			if len(p.Sources) == 0 || len(p.Sinks) == 0 || p.Memory < 16<<20 || p.Parallel < 1 {
				t.Errorf("pipeline %+v is not whole", p)
			}
			for _, part := range append(p.Sources, p.Sinks...) {
				if part.Config == nil || part.Connector == "" {
					t.Errorf("%s is not whole", part.At())
				}
			}
		}
	})
}
