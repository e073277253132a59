package pipeline

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/flow/spec"
)

// TestSettingsDocs keeps the table in docs/pipeline-files.md equal to the
// layout.
func TestSettingsDocs(t *testing.T) {
	form, err := spec.Of(emptyLayout(), layoutDocs)
	if err != nil {
		t.Fatal(err)
	}
	const path, begin, end = "../../docs/pipeline-files.md", "<!-- table -->\n", "<!-- end -->\n"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(page), begin)
	old, after, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatalf("%s has no %s and %s", path, begin, end)
	}
	if os.Getenv("WEIR_REWRITE") != "" {
		if err := os.WriteFile(path, []byte(before+begin+form.Markdown()+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(form.Markdown(), old); diff != "" {
		t.Errorf("%s is out of date; run WEIR_REWRITE=1 go test ./internal/pipeline\n%s", path, diff)
	}
}
