package engine

import (
	"sync"
	"sync/atomic"
)

// gate is a mutex for the entrance of a lane. Whoever waits for it waits on a
// condition, which a bubble of testing/synctest understands, and is served
// next, in the order of arrival: a source that enters without pause does not
// keep a barrier out.
type gate struct {
	state  atomic.Int32 // open, held, or held and wanted
	mu     sync.Mutex
	wake   *sync.Cond
	last   uint64 // number of the last who came to wait
	served uint64 // number of the last to whom the gate was passed on
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
	g.last++
	for mine := g.last; g.served < mine; {
		g.wake.Wait()
	}
	if g.served == g.last {
		g.state.Store(gateHeld)
	}
}

// Unlock opens the gate, or passes it on to the one who has waited longest.
func (g *gate) Unlock() {
	if g.state.CompareAndSwap(gateHeld, gateOpen) {
		return
	}
	g.mu.Lock()
	g.served++
	g.mu.Unlock()
	g.wake.Broadcast()
}
