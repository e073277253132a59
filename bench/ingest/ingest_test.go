package ingest

import (
	"context"
	"os"
	"testing"
)

// TestMain makes this test binary its own child process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		if err := Child(context.Background(), os.Args[2:]); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

// TestRun races on a little input: every contestant must work, and weir must
// write what DuckDB writes.
func TestRun(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	all, err := Run(t.Context(), Options{Scale: 0.005, Rounds: 1, Child: self, Data: t.TempDir(), Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, c := range all {
		if names[c.Name] || c.PeerName == "" || c.Target == "" || c.Weir <= 0 || c.Peer <= 0 {
			t.Errorf("incomplete or double: %+v", c)
		}
		names[c.Name] = true
	}
	if len(all) != 12 {
		t.Errorf("%d comparisons, want 12", len(all))
	}
}
