package state

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// times returns how often a random test repeats: a few in the normal run,
// more by an environment variable.
func times(t *testing.T, variable string, normal int) int {
	text := os.Getenv(variable)
	if text == "" {
		return normal
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// A powerCut copies the disk as a power failure would leave it, at one of the
// operations on it: synced data, and a random part of the rest.
type powerCut struct {
	mem   *vfs.MemFS
	acked *atomic.Uint64
	r     *rand.Rand

	mu    sync.Mutex
	left  int // operations until the failure
	after *vfs.MemFS
	epoch uint64 // acknowledged before the failure
}

func (p *powerCut) String() string { return "power cut" }

func (p *powerCut) MaybeError(errorfs.Op) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left--
	if p.left == 0 {
		p.cut()
	}
	return nil
}

func (p *powerCut) cut() {
	if p.after == nil {
		p.epoch = p.acked.Load()
		percent := []int{0, 50, 100}[p.r.IntN(3)]
		p.after = p.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: p.r})
	}
}

// TestPowerFailure cuts the power at random operations on the disk, again and
// again on the same store. Every epoch that was acknowledged is there, whole;
// of the one that was not, all or nothing.
func TestPowerFailure(t *testing.T) {
	seed := uint64(times(t, "WEIR_STATE_SEED", 11))
	r := rand.New(rand.NewPCG(seed, 0))
	mem := vfs.NewCrashableMem()
	var acked atomic.Uint64
	want := model{}
	n, unacked := times(t, "WEIR_STATE_POWER", 200), 0
	for crash := range n {
		if crash%100 == 0 { // a new store now and then
			mem, want = vfs.NewCrashableMem(), model{}
			acked.Store(0)
		}
		cut := &powerCut{mem: mem, acked: &acked, r: r, left: 1 + r.IntN(400)}
		o := Options{FS: errorfs.Wrap(mem, cut), IngestAbove: 1500, Memory: 512 << 10}
		last := runUntilCut(t, o, cut, &acked, crash)

		mem = cut.after
		s, err := Open("dir", "orders", Options{FS: mem, Memory: 512 << 10})
		if err != nil {
			t.Fatalf("crash %d, epoch %d acknowledged: %v", crash, cut.epoch, err)
		}
		found := s.Manifest().Epoch
		if found < cut.epoch || found > last {
			t.Fatalf("crash %d: epoch %d found, %d acknowledged, %d the last begun", crash, found, cut.epoch, last)
		}
		if found > cut.epoch {
			unacked++
		}
		want = advance(want, found)
		sameContents(t, s, want, fmt.Sprintf("crash %d, epoch %d", crash, found))
		mustClose(t, s)
		acked.Store(found)
	}
	t.Logf("%d power failures, 0 epochs lost or torn; %d times the epoch that was being committed survived", n, unacked)
}

// runUntilCut opens the store and commits epochs until the power fails.
func runUntilCut(t *testing.T, o Options, cut *powerCut, acked *atomic.Uint64, crash int) (last uint64) {
	t.Helper()
	s, err := Open("dir", "orders", o)
	if err != nil {
		t.Fatalf("crash %d: %v", crash, err)
	}
	last = s.Manifest().Epoch
	failed := func() bool {
		cut.mu.Lock()
		defer cut.mu.Unlock()
		return cut.after != nil
	}
	for range 40 {
		if failed() {
			break
		}
		last++
		w := s.Begin(last)
		epochOps(model{}, w, 1, last)
		mustCommit(t, w)
		acked.Store(last)
	}
	cut.mu.Lock()
	cut.cut() // at rest, if it did not come before
	cut.mu.Unlock()
	mustClose(t, s)
	return last
}

// advance returns the model of an epoch, from that of an earlier one.
func advance(m model, epoch uint64) model {
	at, err := strconv.ParseUint(m["epoch"], 10, 64)
	if err != nil {
		at = 0
	}
	m = maps.Clone(m)
	for at < epoch {
		at++
		epochOps(m, nil, 1, at)
	}
	return m
}
