package state

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
)

// files lists the files under dir, in order.
func files(t *testing.T, fsys FS, dir string) []string {
	t.Helper()
	names, err := fsys.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	var all []string
	for _, name := range names {
		path := fsys.PathJoin(dir, name)
		info, err := fsys.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			all = append(all, files(t, fsys, path)...)
		} else if info.Size() > 0 {
			all = append(all, path)
		}
	}
	return all
}

// spoil changes one bit, one byte or one run of bytes of path, or cuts its
// end off. It says what it did.
func spoil(t *testing.T, fsys *vfs.MemFS, path string, r *rand.Rand) string {
	t.Helper()
	b, err := readFile(fsys, path)
	if err != nil {
		t.Fatal(err)
	}
	at, was := r.IntN(len(b)), slices.Clone(b)
	var how string
	switch r.IntN(8) {
	case 0:
		n := min(1+r.IntN(600), len(b)-at)
		clear(b[at : at+n])
		how = fmt.Sprintf("%d bytes zeroed", n)
	case 1:
		b[at] = byte(r.Uint32())
		how = "byte changed"
	case 2:
		b = b[:at]
		how = "cut off"
	default:
		bit := r.IntN(8)
		b[at] ^= 1 << bit
		how = fmt.Sprintf("bit %d flipped", bit)
	}
	if slices.Equal(b, was) {
		return ""
	}
	f, err := fsys.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s at %d of %d in %s", how, at, len(was), path)
}

// damageable makes a store of some hundred epochs, with several tables and
// logs, and returns copies of its disk: closed, and as left by kills.
func damageable(t *testing.T, seed uint64) (disks []*vfs.MemFS, wants []model) {
	t.Helper()
	mem := vfs.NewCrashableMem()
	o := Options{FS: mem, IngestAbove: 20_000, Memory: 512 << 10}
	s := mustOpen(t, "dir", o)
	want := model{}
	keep := func() {
		disks = append(disks, mem.CrashClone(vfs.CrashCloneCfg{
			UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(seed, 0)),
		}))
		wants = append(wants, want)
	}
	for epoch := uint64(1); epoch <= 120; epoch++ {
		w := s.Begin(epoch)
		epochOps(model{}, w, seed, epoch)
		mustCommit(t, w)
		want = model{}
		if epoch%15 == 0 {
			for e := uint64(1); e <= epoch; e++ {
				epochOps(want, nil, seed, e)
			}
			keep()
		}
	}
	want = wants[len(wants)-1]
	mustClose(t, s)
	keep()
	return disks, wants
}

// TestDamage alters one place in one file of a store. What is read is right,
// or the store says that it is damaged; it never panics, and never gives
// something else.
func TestDamage(t *testing.T) {
	seed := uint64(times(t, "WEIR_STATE_SEED", 5))
	r := rand.New(rand.NewPCG(seed, 1))
	disks, wants := damageable(t, seed)
	n, refused, harmless := times(t, "WEIR_STATE_DAMAGE", 60), 0, 0
	for range n {
		i := r.IntN(len(disks))
		disk := disks[i].CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: r})
		all := files(t, disk, "dir")
		how := spoil(t, disk, all[r.IntN(len(all))], r)
		if how == "" {
			continue
		}
		how = fmt.Sprintf("disk %d: %s", i, how)
		got, err := readAll(t, disk)
		switch {
		case errors.Is(err, ErrDamaged):
			refused++
			// A second attempt must not find the damage gone.
			// (A clone, because a stuck store keeps its lock.)
			disk = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: r})
			if again, err := readAll(t, disk); err == nil {
				if diff := cmp.Diff(wants[i], again); diff != "" {
					t.Errorf("%s: refused at first, wrong afterwards\n%s", how, short(diff))
				}
			}
		case err != nil:
			t.Errorf("%s: %v", how, err)
		default:
			harmless++
			if diff := cmp.Diff(wants[i], got); diff != "" {
				t.Errorf("%s: silently wrong\n%s", how, short(diff))
			}
		}
	}
	t.Logf("%d alterations: %d refused, %d harmless", n, refused, harmless)
}

func short(s string) string {
	lines := strings.SplitN(s, "\n", 12)
	return strings.Join(lines[:min(len(lines), 11)], "\n")
}

func readAll(t *testing.T, disk *vfs.MemFS) (model, error) {
	t.Helper()
	s, err := Open("dir", "orders", Options{FS: disk, Memory: 512 << 10})
	if err != nil {
		return nil, err
	}
	got, err := contents(s)
	return got, errors.Join(err, s.Close())
}
