package state

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
)

// A model is what a store must hold, as plain text.
type model map[string]string

// epochOps makes the content of an epoch from its number, and writes it to
// the model and, unless w is nil, to the store. Keys come from a small set,
// so that epochs overwrite, delete and range over each other.
func epochOps(m model, w *Write, seed, epoch uint64) {
	r := rand.New(rand.NewPCG(seed, epoch))
	steps := r.IntN(30)
	if r.IntN(8) == 0 {
		steps = 500
	}
	for range steps {
		op, group := fmt.Sprintf("op%d", r.IntN(3)), uint8(r.IntN(4)*85)
		key := fmt.Appendf(nil, "%0*d", 1+r.IntN(12), r.IntN(200))
		val := make([]byte, r.IntN(100))
		for i := range val {
			val[i] = byte(r.Uint32())
		}
		switch r.IntN(12) {
		case 0:
			from, to := fmt.Appendf(nil, "%d", r.IntN(100)), fmt.Appendf(nil, "%d", r.IntN(100))
			if r.IntN(10) == 0 {
				to = nil
			}
			deleteRange(m, w, op, group, from, to)
		case 1, 2, 3:
			delete(m, stateName(op, group, key))
			if w != nil {
				w.Delete(op, group, key)
			}
		default:
			m[stateName(op, group, key)] = string(val)
			if w != nil {
				w.Set(op, group, key, val)
			}
		}
	}
	split := fmt.Sprint(r.IntN(5))
	done := r.IntN(3) == 0
	m["position "+split] = fmt.Sprint(epoch, done)
	m["epoch"] = fmt.Sprint(epoch)
	if w != nil && done {
		w.Done("source", split)
		w.Position("at", split, fmt.Append(nil, epoch))
	} else if w != nil {
		w.Position("source", split, fmt.Append(nil, epoch))
		w.Position("at", split, fmt.Append(nil, epoch))
	}
	if r.IntN(2) == 0 {
		m["commit"] = fmt.Sprint(epoch, m["committed"], string(rune('a'+epoch%26)))
		m["committed"] = fmt.Sprint(epoch)
		if w != nil {
			w.Token("sink", [][]byte{{byte('a' + epoch%26)}})
		}
	}
}

func stateName(op string, group uint8, key []byte) string {
	return fmt.Sprintf("state %s %03d %s", op, group, key)
}

func deleteRange(m model, w *Write, op string, group uint8, from, to []byte) {
	lower, upper := stateName(op, group, from), stateName(op, group, to)
	prefix := stateName(op, group, nil)
	maps.DeleteFunc(m, func(k, _ string) bool {
		return len(k) >= len(prefix) && k[:len(prefix)] == prefix && k >= lower && (to == nil || k < upper)
	})
	if w != nil {
		w.DeleteRange(op, group, from, to)
	}
}

// contents reads everything in s through its exported methods, each key of
// the state both by a scan and on its own.
func contents(s *Store) (model, error) {
	m := model{}
	if e := s.Manifest().Epoch; e > 0 {
		m["epoch"] = fmt.Sprint(e)
	}
	for i := range 3 {
		op := fmt.Sprintf("op%d", i)
		err := s.Scan(op, 0, KeyGroups-1, func(group uint8, key, val []byte) error {
			m[stateName(op, group, key)] = string(val)
			single, ok, err := s.Get(op, group, key)
			if err == nil && (!ok || string(single) != string(val)) {
				err = fmt.Errorf("Get gives %q, %v where Scan gives %q", single, ok, val)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	at, err := s.Positions("at")
	if err != nil {
		return nil, err
	}
	for split, epoch := range at {
		pos, done, ok, err := s.Position("source", split)
		if err != nil {
			return nil, err
		}
		if !ok || (!done && string(pos) != string(epoch)) {
			return nil, fmt.Errorf("split %s: position %q, done %v, ok %v; want %s", split, pos, done, ok, epoch)
		}
		m["position "+split] = fmt.Sprint(string(epoch), " ", done)
	}
	c, ok, err := s.LastCommit("sink")
	if err != nil || !ok {
		return m, err
	}
	previous := ""
	if c.Previous > 0 {
		previous = fmt.Sprint(c.Previous)
	}
	m["committed"] = fmt.Sprint(c.Epoch)
	m["commit"] = fmt.Sprint(c.Epoch, previous, string(c.Parts[0]))
	return m, nil
}

func sameContents(t *testing.T, s *Store, want model, what string) {
	t.Helper()
	got, err := contents(s)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Fatalf("%s: %v\n%s", what, err, diff)
	}
}

// TestBothPaths: the log and the tables leave the same state behind, whatever
// mixture of them the epochs go through.
func TestBothPaths(t *testing.T) {
	for seed := range uint64(3) {
		want := model{}
		sizes := []int64{1, 300, 2000, 1 << 30}
		stores := make([]*Store, len(sizes))
		for i, above := range sizes {
			stores[i] = mustOpen(t, "dir", Options{FS: vfs.NewMem(), IngestAbove: above, Memory: 512 << 10})
		}
		for epoch := uint64(1); epoch <= 60; epoch++ {
			epochOps(want, nil, seed, epoch)
			for _, s := range stores {
				w := s.Begin(epoch)
				epochOps(model{}, w, seed, epoch)
				mustCommit(t, w)
			}
		}
		for i, s := range stores {
			sameContents(t, s, want, fmt.Sprintf("seed %d, IngestAbove %d", seed, sizes[i]))
			mustClose(t, s)
		}
	}
}
