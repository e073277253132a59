package engine

import (
	"sync"
	"sync/atomic"
)

// gate is a mutex for the entrance of a lane. Whoever waits for it waits on a
// condition, which a bubble of testing/synctest understands, and is served
// next: a source that enters without pause does not keep a barrier out.
type gate struct {
	state  atomic.Int32 // open, held, or held and wanted
	mu     sync.Mutex
	wake   *sync.Cond
	wanted int  // goroutines that wait
	given  bool // the gate was passed on to one of them
}

const (
	gateOpen int32 = iota
	gateHeld
	gateWanted
)

func newGate() *gate {
	g := &gate{}
	g.wake = sync.NewCond(&g.mu)
	return g
}

// TryLock takes the gate if it is open.
func (g *gate) TryLock() bool { return g.state.CompareAndSwap(gateOpen, gateHeld) }

// Lock takes the gate.
func (g *gate) Lock() {
	if g.TryLock() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for !g.state.CompareAndSwap(gateHeld, gateWanted) && g.state.Load() != gateWanted {
		if g.TryLock() {
			return
		}
	}
	for g.wanted++; !g.given; {
		g.wake.Wait()
	}
	g.given = false
	if g.wanted--; g.wanted == 0 {
		g.state.Store(gateHeld)
	}
}

// Unlock opens the gate, or passes it on to one who waits.
func (g *gate) Unlock() {
	if g.state.CompareAndSwap(gateHeld, gateOpen) {
		return
	}
	g.mu.Lock()
	g.given = true
	g.mu.Unlock()
	g.wake.Signal()
}
