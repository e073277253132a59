package core

import (
	"testing"
)

// TestRun checks that every case gives the right answer, on little input, and
// that every figure has a peer. What they cost is for make bench.
func TestRun(t *testing.T) {
	all, err := Run(t.Context(), Options{Repeats: 1, Scale: 0.01})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, c := range all {
		if names[c.Name] {
			t.Errorf("two comparisons are named %q", c.Name)
		}
		names[c.Name] = true
		if c.PeerName == "" || c.Target == "" || c.Unit == "" {
			t.Errorf("incomplete: %+v", c)
		}
	}
	if len(all) != 13 {
		t.Errorf("%d comparisons, want 13", len(all))
	}
}
