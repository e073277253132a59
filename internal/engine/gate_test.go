package engine

import (
	"runtime"
	"slices"
	"sync"
	"testing"
)

// TestGateServesWhoWaits opens a gate for which another waits, and asks for
// it again at once: the other comes first.
func TestGateServesWhoWaits(t *testing.T) {
	for range 200 {
		g := newGate()
		var got []string
		g.Lock()
		var wg sync.WaitGroup
		wg.Go(func() { g.Lock(); got = append(got, "barrier"); g.Unlock() })
		for waits := false; !waits; runtime.Gosched() {
			g.mu.Lock()
			waits = g.last == 1
			g.mu.Unlock()
		}
		g.Unlock()
		g.Lock()
		got = append(got, "source")
		g.Unlock()
		wg.Wait()
		if want := []string{"barrier", "source"}; !slices.Equal(got, want) {
			t.Fatalf("served %v, want %v", got, want)
		}
	}
}

// TestGateExcludes lets several goroutines through, one at a time.
func TestGateExcludes(t *testing.T) {
	g, n := newGate(), 0
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 5000 {
				if i%3 != 0 || !g.TryLock() {
					g.Lock()
				}
				n++
				g.Unlock()
			}
		})
	}
	wg.Wait()
	if n != 20_000 {
		t.Fatalf("counted %d of 20000", n)
	}
}
