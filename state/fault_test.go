package state

import (
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestChain drops links of the chain of epochs, as a lost part of a log
// would, near its start, in the middle and at its end; and lets the store drop
// old links by itself.
func TestChain(t *testing.T) {
	for _, c := range []struct {
		epochs []uint64
		lost   uint64 // 0: none
		whole  bool
	}{
		{[]uint64{1, 2, 3, 4}, 0, true},
		{[]uint64{1, 2, 3, 4}, 1, false},
		{[]uint64{1, 2, 3, 4}, 3, false},
		{[]uint64{1, 2, 3, 4}, 4, false},
		{[]uint64{5, 9, 40_000}, 0, true},
		{[]uint64{5, 9, 40_000}, 40_000, false},
		{[]uint64{7_231, 7_232, 40_000, 40_001}, 0, true},
		{[]uint64{7_231, 7_232, 40_000, 40_001}, 7_232, false},
		{[]uint64{9_000, 40_000, 40_001, 80_000}, 0, true},
	} {
		fsys := vfs.NewMem()
		s := mustOpen(t, "dir", Options{FS: fsys})
		for _, e := range c.epochs {
			mustCommit(t, s.Begin(e))
		}
		if c.lost > 0 {
			if err := s.db.Delete(epochKey(c.lost), pebble.Sync); err != nil {
				t.Fatal(err)
			}
		}
		mustClose(t, s)
		s, err := Open("dir", "orders", Options{FS: fsys})
		if c.whole != (err == nil) || (err != nil && !errors.Is(err, ErrDamaged)) {
			t.Errorf("%v without %d: %v", c.epochs, c.lost, err)
		}
		if err == nil {
			mustClose(t, s)
		}
	}
}

// TestDiskFull lets the disk run full at any write. The commit fails with the
// system's reason, the store takes no further epoch, and after room was made
// everything that was acknowledged is there.
func TestDiskFull(t *testing.T) {
	seed := uint64(times(t, "WEIR_STATE_SEED", 3))
	r := rand.New(rand.NewPCG(seed, 0))
	failures := 0
	for range times(t, "WEIR_STATE_FULL", 30) {
		mem := vfs.NewCrashableMem()
		var left atomic.Int64
		left.Store(1 << 40)
		full := errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && left.Add(-1) < 0 {
				return syscall.ENOSPC
			}
			return nil
		})
		s := mustOpen(t, "dir", Options{FS: errorfs.Wrap(mem, full), IngestAbove: 1500, Memory: 512 << 10})
		left.Store(r.Int64N(300))
		acked := uint64(0)
		for epoch := uint64(1); epoch <= 30; epoch++ {
			w := s.Begin(epoch)
			epochOps(model{}, w, seed, epoch)
			if err := w.Commit(); err != nil {
				failures++
				if !errors.Is(err, syscall.ENOSPC) || errors.Is(err, ErrDamaged) {
					t.Fatalf("epoch %d: %v", epoch, err)
				}
				if err := s.Begin(epoch).Commit(); !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("epoch %d, again: %v", epoch, err)
				}
				break
			}
			acked = epoch
		}
		after := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: r})
		left.Store(1 << 40)
		_ = s.Close() // whatever it says: the store may have failed

		s = mustOpen(t, "dir", Options{FS: after, Memory: 512 << 10})
		found := s.Manifest().Epoch
		if found != acked && found != acked+1 {
			t.Fatalf("epoch %d found, %d acknowledged", found, acked)
		}
		want := model{}
		for e := uint64(1); e <= found; e++ {
			epochOps(want, nil, seed, e)
		}
		sameContents(t, s, want, "after the disk was full")
		mustClose(t, s)
	}
	if failures == 0 {
		t.Error("the disk was never full")
	}
	t.Logf("%d full disks", failures)
}
