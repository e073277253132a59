package catalog

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLocalPath reads the names that Java, PyIceberg and weir give to files.
func TestLocalPath(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "name=%C3%BC+")
	if err := os.WriteFile(there, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		there:                        there,
		"file:" + there:              there,
		"file://" + there:            there,
		"file://localhost" + there:   there,
		"file:/none/a%20b":           "/none/a%20b",
		"file:///none/a%20b/c%25C3":  "/none/a b/c%C3",
		FileURL("/none/a b/ü 50%/c"): "/none/a b/ü 50%/c",
		"/none/a%20b":                "/none/a%20b",
	} {
		got, err := LocalPath(name)
		if err != nil || got != want {
			t.Errorf("LocalPath(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
	if got, err := LocalPath("file://host/a"); err == nil {
		t.Errorf("LocalPath of another host = %q", got)
	}
}
