package state

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustOpen(tb testing.TB, dir string, o Options) *Store {
	tb.Helper()
	s, err := Open(dir, "orders", o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func mustClose(tb testing.TB, s *Store) {
	tb.Helper()
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
}

func mustCommit(tb testing.TB, w *Write) {
	tb.Helper()
	if err := w.Commit(); err != nil {
		tb.Fatal(err)
	}
}

// TestEpochs writes two epochs through the log and through tables, and reads
// everything back before and after the store is opened again.
func TestEpochs(t *testing.T) {
	for _, above := range []int64{1 << 20, 1} {
		t.Run(fmt.Sprintf("IngestAbove=%d", above), func(t *testing.T) {
			dir, o := t.TempDir(), Options{IngestAbove: above}
			s := mustOpen(t, dir, o)
			incarnation := s.Incarnation()
			w := s.Begin(1)
			w.Position("pg", "", []byte("0/1"))
			w.Position("files", "a.csv", nil)
			w.Position("files", "b.csv", []byte("7"))
			w.Token("lake", [][]byte{[]byte("one"), {}})
			w.Set("dedup", 3, []byte("x"), []byte("1"))
			w.Set("dedup", 4, []byte("y"), nil)
			w.Set("dedup", 4, []byte("z"), []byte("3"))
			w.SetOpSchema("dedup", "int64")
			w.SetFingerprint("f1")
			mustCommit(t, w)
			w = s.Begin(2)
			w.Done("files", "a.csv")
			w.Delete("dedup", 3, []byte("x"))
			w.Set("dedup", 4, []byte("yy"), []byte("lost"))
			w.DeleteRange("dedup", 4, []byte("y"), []byte("z"))
			w.Set("dedup", 4, []byte("ya"), []byte("4"))
			mustCommit(t, w)
			for range 2 {
				check(t, s, incarnation)
				mustClose(t, s)
				s = mustOpen(t, dir, o)
			}
			mustClose(t, s)
		})
	}
}

func check(t *testing.T, s *Store, incarnation string) {
	t.Helper()
	want := Manifest{
		Epoch: 2, Incarnation: incarnation, Pipeline: "orders",
		KeyGroups: 256, Fingerprint: "f1", Format: 1, previous: 1,
	}
	if diff := cmp.Diff(want, s.Manifest(), cmp.AllowUnexported(Manifest{})); diff != "" {
		t.Error(diff)
	}
	positions, err := s.Positions("files")
	if diff := cmp.Diff(map[string][]byte{"b.csv": []byte("7")}, positions); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if pos, done, ok, err := s.Position("files", "a.csv"); pos != nil || !done || !ok || err != nil {
		t.Error(pos, done, ok, err)
	}
	if pos, done, ok, err := s.Position("pg", ""); string(pos) != "0/1" || done || !ok || err != nil {
		t.Error(pos, done, ok, err)
	}
	if _, _, ok, err := s.Position("pg", "other"); ok || err != nil {
		t.Error(ok, err)
	}
	c, ok, err := s.LastCommit("lake")
	wantCommit := Commit{Epoch: 1, Incarnation: incarnation, Parts: [][]byte{[]byte("one"), {}}}
	if diff := cmp.Diff(wantCommit, c); diff != "" || !ok || err != nil {
		t.Error(diff, ok, err)
	}
	if text, ok, err := s.OpSchema("dedup"); text != "int64" || !ok || err != nil {
		t.Error(text, ok, err)
	}
	var found []string
	err = s.Scan("dedup", 0, 255, func(group uint8, key, val []byte) error {
		found = append(found, fmt.Sprintf("%d %s=%s", group, key, val))
		return nil
	})
	if diff := cmp.Diff([]string{"4 ya=4", "4 z=3"}, found); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if diff := cmp.Diff([]string{"dedup"}, s.Operators()); diff != "" {
		t.Error(diff)
	}
	if has, err := s.HasState("dedup"); !has || err != nil {
		t.Error(has, err)
	}
	if has, err := s.HasState("other"); has || err != nil {
		t.Error(has, err)
	}
	if v, ok, err := s.Get("dedup", 4, []byte("ya")); string(v) != "4" || !ok || err != nil {
		t.Error(v, ok, err)
	}
	if _, ok, err := s.Get("dedup", 3, []byte("x")); ok || err != nil {
		t.Error(ok, err)
	}
}

// TestTokens follows the commits of a sink that has something to commit in
// some epochs only.
func TestTokens(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Options{})
	defer mustClose(t, s)
	for epoch := uint64(1); epoch <= 7; epoch++ {
		w := s.Begin(epoch)
		if epoch%3 == 0 {
			w.Token("lake", [][]byte{[]byte("a")})
			w.Token("lake", [][]byte{fmt.Append(nil, epoch)})
		}
		mustCommit(t, w)
	}
	c, ok, err := s.LastCommit("lake")
	want := Commit{Epoch: 6, Previous: 3, Incarnation: s.Incarnation(), Parts: [][]byte{[]byte("a"), []byte("6")}}
	if diff := cmp.Diff(want, c); diff != "" || !ok || err != nil {
		t.Error(diff, ok, err)
	}
	if _, ok, err := s.LastCommit("other"); ok || err != nil {
		t.Error(ok, err)
	}
}

// TestWrongCalls: a call that cannot be carried out is the epoch's error, and
// the store goes on.
func TestWrongCalls(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Options{})
	defer mustClose(t, s)
	mustCommit(t, s.Begin(5))
	for name, call := range map[string]func(*Write){
		"no name":  func(w *Write) { w.Set("", 0, nil, nil) },
		"long key": func(w *Write) { w.Set("op", 0, make([]byte, MaxKey+1), nil) },
		"long split": func(w *Write) {
			w.Done("source", string(make([]byte, MaxKey+1)))
		},
		"long name": func(w *Write) { w.Token(string(make([]byte, MaxName+1)), [][]byte{nil}) },
	} {
		w := s.Begin(6)
		call(w)
		if err := w.Commit(); err == nil {
			t.Errorf("%s: committed", name)
		}
	}
	if err := s.Begin(5).Commit(); err == nil {
		t.Error("an epoch was committed twice")
	}
	open := s.Begin(6)
	if err := s.Begin(7).Commit(); err == nil {
		t.Error("two epochs were open at once")
	}
	open.Set("op", 1, []byte("k"), []byte("v"))
	open.Discard()
	if err := open.Commit(); err == nil {
		t.Error("a discarded epoch was committed")
	}
	if _, ok, err := s.Get("op", 1, []byte("k")); ok || err != nil {
		t.Error(ok, err)
	}
	mustCommit(t, s.Begin(6))
	if err := s.Scan("op", 3, 256, nil); err == nil {
		t.Error("group 256 was scanned")
	}
	if got := s.Manifest().Epoch; got != 6 {
		t.Error(got)
	}
}

func TestClosed(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Options{})
	mustCommit(t, s.Begin(1))
	mustClose(t, s)
	mustClose(t, s)
	if _, _, err := s.Get("op", 0, nil); err == nil {
		t.Error("a closed store was read")
	}
	if err := s.Begin(2).Commit(); err == nil || errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}
