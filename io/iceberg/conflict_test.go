package iceberg

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/iceberg/internal/catalog"
)

// admin commits what somebody else does to the table.
func (r *rig) admin(do func(tx *table.Transaction) error) {
	r.t.Helper()
	p, err := openPlace(r.cfg.Table, r.cfg.Warehouse, r.cfg.Catalog.defaults())
	if err != nil {
		r.t.Fatal(err)
	}
	tbl, err := p.load(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	tx := tbl.NewTransaction()
	if err := do(tx); err != nil {
		r.t.Fatal(err)
	}
	tc, err := tx.TableCommit()
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := p.Commit(r.t.Context(), p.id, tc.Requirements, tc.Updates); err != nil {
		r.t.Fatal(err)
	}
}

// refused checks that err is a conflict that says what to do.
func refused(t *testing.T, err error, words ...string) {
	t.Helper()
	if flow.KindOf(err) != flow.Conflict {
		t.Fatalf("kind %s, want conflict: %v", flow.KindOf(err), err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q is not in: %v", w, err)
		}
	}
}

func TestRolledBack(t *testing.T) {
	r := newRig(t, Config{})
	r.epoch(ids(t, 0, 10))
	first := r.load().CurrentSnapshot().SnapshotID
	r.epoch(ids(t, 10, 20))
	parts := r.prepare(ids(t, 20, 30))
	r.admin(func(tx *table.Transaction) error { return tx.RollbackToSnapshot(first) })
	refused(t, r.sink.Commit(t.Context(), r.last, parts), "rolled back")
	r.restart()
	refused(t, r.start(), "rolled back", "new state directory")
}

func TestRestoredOlderMarker(t *testing.T) {
	r := newRig(t, Config{})
	r.epoch(ids(t, 0, 10))
	old := r.load().Properties()["weir.p.lake"]
	r.epoch(ids(t, 10, 20))
	r.epoch(ids(t, 20, 30))
	r.admin(func(tx *table.Transaction) error { return tx.SetProperties(iceberg.Properties{"weir.p.lake": old}) })
	refused(t, r.start(), "behind")
	r.admin(func(tx *table.Transaction) error { return tx.RemoveProperties([]string{"weir.p.lake"}) })
	if err := r.start(); err != nil {
		t.Errorf("the summary of the snapshot says the same as the property did: %v", err)
	}
}

func TestOldStateDirectory(t *testing.T) {
	r := newRig(t, Config{})
	r.epoch(ids(t, 0, 10))
	old := r.last
	r.epoch(ids(t, 10, 20))
	r.last = old
	r.restart()
	refused(t, r.start(), "old copy")
	refused(t, r.sink.Commit(t.Context(), r.txn(1, 0), nil), "old copy")
}

// TestCopiedStateDirectory has two processes with copies of one state write an
// epoch of the same number.
func TestCopiedStateDirectory(t *testing.T) {
	r := newRig(t, Config{})
	r.epoch(ids(t, 0, 10))
	other := *r
	other.restart()
	parts := other.prepare(ids(t, 10, 15))
	r.epoch(ids(t, 10, 20))
	refused(t, other.sink.Commit(t.Context(), other.last, parts), "copy of this state directory")
	if got := scan(t, r.load()); len(got) != 20 {
		t.Errorf("%d rows", len(got))
	}
}

func TestLostState(t *testing.T) {
	r := newRig(t, Config{})
	r.epoch(ids(t, 0, 10))
	zombie := *r
	zombieParts := zombie.prepare(ids(t, 100, 110))

	r.inc, r.last, r.cfg.Create = "fedcba9876543210", flow.Txn{}, nil
	r.restart()
	refused(t, r.start(), "takeover: true")
	r.cfg.Takeover = true
	r.restart()
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
	r.epoch(ids(t, 10, 20))
	r.epoch(ids(t, 20, 30))
	refused(t, zombie.sink.Commit(t.Context(), zombie.last, zombieParts), "another state directory")
	if got := scan(t, r.load()); len(got) != 30 {
		t.Errorf("%d rows", len(got))
	}
}

func TestDroppedAndMadeAgain(t *testing.T) {
	r := newRig(t, Config{})
	r.epoch(ids(t, 0, 10))
	parts := r.prepare(ids(t, 10, 20))
	r.drop()
	refused(t, r.sink.Commit(t.Context(), r.last, parts), "dropped")
	refused(t, r.start(), "gone")
	other := newRig(t, Config{Warehouse: r.cfg.Warehouse})
	other.epoch(ids(t, 0, 5))
	refused(t, r.sink.Commit(t.Context(), r.last, parts), "made again")
	refused(t, r.start(), "made again")
}

func (r *rig) drop() {
	r.t.Helper()
	cat, done := officialCatalog(r.t, r.cfg.Warehouse)
	defer done()
	if err := cat.DropTable(r.t.Context(), strings.Split(r.cfg.Table, ".")); err != nil {
		r.t.Fatal(err)
	}
}

// TestForeignRetries is a table whose properties ask for retries: ours are
// still verified each time (IC-5), and the foreign rows are kept.
func TestForeignRetries(t *testing.T) {
	r := newRig(t, Config{Properties: map[string]string{table.CommitNumRetriesKey: "4"}})
	r.epoch(ids(t, 0, 10))
	parts := r.prepare(ids(t, 10, 20))

	// A zombie commits the same epoch between our look and our commit.
	mine := r.sink.(*sink)
	zombie := Sink(r.cfg)
	interrupted := 0
	mine.place.Catalog = between{mine.place.Catalog, func() {
		if interrupted++; interrupted == 1 {
			if err := zombie.Commit(t.Context(), r.last, parts); err != nil {
				t.Fatal(err)
			}
		}
	}}
	r.commit(parts)
	if got := scan(t, r.load()); len(got) != 20 {
		t.Errorf("%d rows, want 20", len(got))
	}
}

// between does something before each commit.
type between struct {
	catalog.Catalog
	do func()
}

func (b between) Commit(ctx context.Context, id table.Identifier, reqs []table.Requirement, updates []table.Update) (table.Metadata, error) {
	b.do()
	return b.Catalog.Commit(ctx, id, reqs, updates)
}

// TestExpired is a table whose snapshots were expired: the property is enough.
func TestExpired(t *testing.T) {
	r := newRig(t, Config{})
	r.epoch(ids(t, 0, 10))
	foreign := newRig(t, Config{Warehouse: r.cfg.Warehouse})
	foreign.name, foreign.inc = "other", "eeeeeeeeeeeeeeee"
	foreign.epoch(ids(t, 100, 110))
	r.admin(func(tx *table.Transaction) error {
		return tx.ExpireSnapshots(table.WithRetainLast(1), table.WithOlderThan(0))
	})
	if n := len(r.load().Metadata().Snapshots()); n != 1 {
		t.Fatalf("%d snapshots", n)
	}
	r.restart()
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
	r.epoch(ids(t, 10, 20))
	if got := scan(t, r.load()); len(got) != 30 {
		t.Errorf("%d rows, want 30", len(got))
	}
}

func TestKeepSnapshots(t *testing.T) {
	r := newRig(t, Config{KeepSnapshots: 3})
	for i := range 20 {
		r.epoch(ids(t, i*10, i*10+10))
	}
	if n := len(r.load().Metadata().Snapshots()); n >= 6 {
		t.Errorf("%d snapshots", n)
	}
	if got := scan(t, r.load()); len(got) != 200 {
		t.Errorf("%d rows", len(got))
	}
}

// TestFourWriters has four pipelines append to one table.
func TestFourWriters(t *testing.T) {
	dir := t.TempDir()
	newRig(t, Config{Warehouse: dir}).epoch(ids(t, 0, 1))
	var wg sync.WaitGroup
	errs := make(chan error, 4)
	for i := range 4 {
		wg.Go(func() { errs <- appendEpochs(t.Context(), dir, fmt.Sprint("sink", i), 1+i*250, 10) })
	}
	wg.Wait()
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	tbl := loadTable(t, dir, "shop.orders")
	seen := map[string]bool{}
	for _, row := range scan(t, tbl) {
		seen[row] = true
	}
	if len(seen) != 1001 || len(scan(t, tbl)) != 1001 {
		t.Errorf("%d rows, %d different; want 1001", len(scan(t, tbl)), len(seen))
	}
	if n := len(tbl.Metadata().Snapshots()); n != 41 {
		t.Errorf("%d snapshots, want 41", n)
	}
}

// appendEpochs appends 25 rows in each of n epochs, and commits each twice.
func appendEpochs(ctx context.Context, dir, name string, from, n int) error {
	s := Sink(Config{Table: "shop.orders", Warehouse: dir})
	w, err := s.Open(ctx, flow.Task{Of: 1, Pipeline: "p", Incarnation: "0123456789abcdef", Name: name, Epoch: 1, Alloc: memory.DefaultAllocator})
	if err != nil {
		return err
	}
	for e := range n {
		var rows []string
		for i := range 25 {
			rows = append(rows, fmt.Sprintf(`{"id":%d,"name":"x"}`, from+e*25+i))
		}
		b, err := parse("id:long name:string", "["+strings.Join(rows, ",")+"]")
		if err != nil {
			return err
		}
		if err := w.Write(ctx, b); err != nil {
			return err
		}
		finish, err := w.Prepare(ctx, flow.Epoch(e+1))
		if err != nil {
			return err
		}
		part, err := finish(ctx)
		if err != nil {
			return err
		}
		txn := flow.Txn{Pipeline: "p", Incarnation: "0123456789abcdef", Sink: name, Epoch: flow.Epoch(e + 1), Previous: flow.Epoch(e)}
		for range 2 {
			if err := s.Commit(ctx, txn, []Part{part}); err != nil {
				return err
			}
		}
	}
	return w.Close()
}

func TestStartOnMissing(t *testing.T) {
	no := false
	r := newRig(t, Config{Create: &no})
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
	err := r.writer().Write(t.Context(), ids(t, 0, 1))
	if flow.KindOf(err) != flow.BadConfig {
		t.Errorf("kind %s: %v", flow.KindOf(err), err)
	}
	if err := r.sink.(interface{ Check(context.Context) error }).Check(t.Context()); flow.KindOf(err) != flow.BadConfig {
		t.Errorf("check: %v", err)
	}
}

func TestClose(t *testing.T) {
	r := newRig(t, Config{Partition: []string{"name"}})
	r.epoch(ids(t, 0, 10))
	kept := r.prepare(ids(t, 10, 20))
	if err := r.writer().Write(t.Context(), ids(t, 20, 30)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.writer().Prepare(t.Context(), 3); err != nil { // sealed, not finished
		t.Fatal(err)
	}
	if err := r.writer().Write(t.Context(), ids(t, 30, 40)); err != nil {
		t.Fatal(err)
	}
	if err := r.writer().Close(); err != nil {
		t.Fatal(err)
	}
	r.commit(kept)
	if got := scan(t, r.load()); len(got) != 20 {
		t.Errorf("%d rows", len(got))
	}
	if n := dataFiles(t, r.cfg.Warehouse); n != 14 {
		t.Errorf("%d files on disk, want those of two epochs and seven partitions", n)
	}
}
