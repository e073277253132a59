package state

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, fsys FS, dir, name, content string) {
	t.Helper()
	if err := makeDir(fsys, dir); err != nil {
		t.Fatal(err)
	}
	if err := placeFile(fsys, dir, name, []byte(content)); err != nil {
		t.Fatal(err)
	}
}

// TestRefusals: every directory that is not this pipeline's own, whole and of
// a known format is refused with its own error, which says what is wrong.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(t *testing.T, fsys FS)
		kind error
		text string // of the error
	}{
		{"another pipeline", func(t *testing.T, fsys FS) {
			s, err := Open("dir", "invoices", Options{FS: fsys})
			if err != nil {
				t.Fatal(err)
			}
			mustClose(t, s)
		}, ErrForeign, `dir is the state of pipeline "invoices", not of "orders"`},
		{"other files", func(t *testing.T, fsys FS) {
			write(t, fsys, "dir", "thesis.tex", "")
		}, ErrForeign, `dir holds "thesis.tex" but no file WEIR`},
		{"a newer format", func(t *testing.T, fsys FS) {
			text, err := identity{Pipeline: "orders", format: 2}.encode()
			if err != nil {
				t.Fatal(err)
			}
			write(t, fsys, "dir", identityFile, string(text))
		}, ErrNewer, "has format 2, this program knows formats up to 1"},
		{"an altered identity", func(t *testing.T, fsys FS) {
			mustClose(t, mustOpen(t, "dir", Options{FS: fsys}))
			b, err := readFile(fsys, "dir/"+identityFile)
			if err != nil {
				t.Fatal(err)
			}
			write(t, fsys, "dir", identityFile, strings.Replace(string(b), "orders", "0rders", 1))
		}, ErrDamaged, "damaged at WEIR"},
		{"in use", func(t *testing.T, fsys FS) {
			s := mustOpen(t, "dir", Options{FS: fsys})
			t.Cleanup(func() { mustClose(t, s) })
		}, ErrLocked, "is open already"},
		{"a savepoint", func(t *testing.T, fsys FS) {
			s := mustOpen(t, "from", Options{FS: fsys})
			if err := s.Savepoint("dir"); err != nil {
				t.Fatal(err)
			}
			mustClose(t, s)
		}, ErrForeign, "dir is a savepoint"},
		{"database gone", func(t *testing.T, fsys FS) {
			mustClose(t, mustOpen(t, "dir", Options{FS: fsys}))
			if err := fsys.RemoveAll("dir/db"); err != nil {
				t.Fatal(err)
			}
		}, ErrDamaged, "the manifest is missing"},
		{"mark gone", func(t *testing.T, fsys FS) {
			s := mustOpen(t, "dir", Options{FS: fsys})
			mustCommit(t, s.Begin(1))
			mustClose(t, s)
			if err := fsys.Remove("dir/" + markFile); err != nil {
				t.Fatal(err)
			}
		}, ErrDamaged, "damaged at EPOCH"},
		{"an old mark", func(t *testing.T, fsys FS) {
			s := mustOpen(t, "dir", Options{FS: fsys})
			mustCommit(t, s.Begin(1))
			b, err := readFile(fsys, "dir/"+markFile)
			if err != nil {
				t.Fatal(err)
			}
			mustCommit(t, s.Begin(2))
			mustCommit(t, s.Begin(3))
			mustClose(t, s)
			write(t, fsys, "dir", markFile, string(b))
		}, ErrDamaged, "put together from different copies"},
		{"an old database", func(t *testing.T, fsys FS) {
			s := mustOpen(t, "dir", Options{FS: fsys})
			mustCommit(t, s.Begin(1))
			if err := s.Savepoint("old"); err != nil {
				t.Fatal(err)
			}
			mustCommit(t, s.Begin(2))
			mustClose(t, s)
			if err := errors.Join(fsys.RemoveAll("dir/db"), fsys.Rename("old/db", "dir/db")); err != nil {
				t.Fatal(err)
			}
		}, ErrDamaged, "epoch 2 was committed, the last one found is 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := vfs.NewMem()
			c.make(t, fsys)
			_, err := Open("dir", "orders", Options{FS: fsys})
			if !errors.Is(err, c.kind) || !strings.Contains(fmt.Sprint(err), c.text) {
				t.Errorf("got:  %v\nwant: %v: ...%s...", err, c.kind, c.text)
			}
		})
	}
}

// TestSavepoint goes on from a savepoint beside the store that it was made
// of, and twice over.
func TestSavepoint(t *testing.T) {
	fsys := vfs.NewMem()
	o := Options{FS: fsys, IngestAbove: 1000, Memory: 512 << 10}
	s := mustOpen(t, "a", o)
	want := model{}
	for epoch := uint64(1); epoch <= 30; epoch++ {
		epochOps(want, nil, 1, epoch)
		w := s.Begin(epoch)
		epochOps(model{}, w, 1, epoch)
		mustCommit(t, w)
	}
	if err := s.Savepoint("point"); err != nil {
		t.Fatal(err)
	}
	w := s.Begin(31)
	w.DeleteOp("op1")
	mustCommit(t, w)
	first := s.Incarnation()
	mustClose(t, s)

	for _, dir := range []string{"b", "c"} {
		if err := Restore("point", dir, o); err != nil {
			t.Fatal(err)
		}
	}
	s = mustOpen(t, "b", o)
	sameContents(t, s, want, "restored")
	m := s.Manifest()
	if diff := cmp.Diff([]Ancestor{{first, 30}}, m.Ancestors); diff != "" || m.Incarnation == first {
		t.Error(m.Incarnation, diff)
	}
	c, _, err := s.LastCommit("sink")
	if c.Incarnation != first || err != nil {
		t.Error(c, err)
	}
	w = s.Begin(31)
	w.Token("sink", [][]byte{{1}})
	mustCommit(t, w)
	if c, _, err = s.LastCommit("sink"); c.Incarnation != m.Incarnation || err != nil {
		t.Error(c, err)
	}
	if err := s.Savepoint("point2"); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	if err := Restore("point2", "d", o); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, "d", o)
	if diff := cmp.Diff([]Ancestor{{first, 30}, {m.Incarnation, 31}}, s.Manifest().Ancestors); diff != "" {
		t.Error(diff)
	}
	mustClose(t, s)
	if err := Restore("point", "d", o); !errors.Is(err, ErrForeign) {
		t.Errorf("restored over a store: %v", err)
	}
	if err := Restore("d", "e", o); !errors.Is(err, ErrForeign) {
		t.Errorf("restored from a store: %v", err)
	}
}
