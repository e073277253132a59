package cmd_test

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/internal/pipeline"
	"github.com/weirflow/weir/io/all"
)

// TestDocs checks every fenced YAML in the Markdown files: each is a pipeline
// file, or the sources and sinks of one.
func TestDocs(t *testing.T) {
	fence := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	found := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range fence.FindAllSubmatchIndex(text, -1) {
			line := 1 + strings.Count(string(text[:m[2]]), "\n")
			checkText(t, fmt.Sprintf("%s:%d", path, line), string(text[m[2]:m[3]]))
			found++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("no YAML found in any Markdown file")
	}
}

// checkText runs the static part of weir check on a pipeline file, or on a
// piece of one, which is made whole first.
func checkText(t *testing.T, where, text string) {
	t.Helper()
	f, err := pipeline.Parse(where, []byte(whole(t, where, text)), func(string) (string, bool) { return "1", true })
	if err == nil {
		err = pipeline.Builder{File: f, Registry: all.Connectors(), Log: slog.New(slog.DiscardHandler)}.Static()
	}
	if err != nil {
		t.Errorf("%s:\n%v", where, err)
	}
}

// whole adds what a piece of a pipeline file lacks.
func whole(t *testing.T, where, text string) string {
	t.Helper()
	var parts struct {
		Sources   map[string]yaml.Node
		Sinks     map[string]yaml.Node
		Pipelines map[string]yaml.Node
	}
	if err := yaml.Unmarshal([]byte(text), &parts); err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	if parts.Pipelines != nil {
		return text
	}
	names := func(kind, connector string, m map[string]yaml.Node) string {
		if m == nil {
			text += fmt.Sprintf("\n%s: {other-%s: {connector: %s}}\n", kind, kind, connector)
			return "other-" + kind
		}
		var list []string
		for name := range m {
			list = append(list, name)
		}
		return strings.Join(list, ", ")
	}
	sources, sinks := names("sources", "datagen", parts.Sources), names("sinks", "stdout", parts.Sinks)
	return text + fmt.Sprintf("\npipelines: {piece: {sources: [%s], sinks: [%s]}}\n", sources, sinks)
}
