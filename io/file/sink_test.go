package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/flow"
)

// memoryDir is a folder where a sync costs nothing, if the system has one.
func memoryDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "weir-file-") //nolint:usetesting // TempDir is on a disk
	if err != nil {
		return tb.TempDir()
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	})
	return dir
}

var errCrash = errors.New("crash")

// pipe is a pipeline with one sink, as a state directory remembers it.
type pipe struct {
	cfg         SinkConfig
	incarnation string
	last        flow.Txn
	tokens      []Part // of last
	before      func(step, name string) error
}

func (p *pipe) txn(e flow.Epoch) flow.Txn {
	return flow.Txn{Pipeline: "p", Incarnation: p.incarnation, Sink: "out", Epoch: e, Previous: p.last.Epoch}
}

// sink is what a new process has.
func (p *pipe) sink() *Folder {
	s := Sink(p.cfg)
	s.before = p.before
	return s
}

// start does what the engine does first: Start, and the last commit again.
func (p *pipe) start(t *testing.T, s *Folder) error {
	t.Helper()
	last := p.last
	if last.Epoch == 0 {
		last = p.txn(0)
	}
	if err := s.Start(t.Context(), last); err != nil {
		return err
	}
	if p.last.Epoch > 0 {
		return s.Commit(t.Context(), p.last, p.tokens)
	}
	return nil
}

// epoch writes rows, and commits them unless something crashes: then the
// state knows of them or not, as the place of the crash has it.
func (p *pipe) epoch(t *testing.T, s *Folder, e flow.Epoch, batches ...flow.Batch) error {
	t.Helper()
	w, err := s.Open(t.Context(), flow.Task{
		Pipeline: "p", Incarnation: p.incarnation, Name: "out", Epoch: e, Memory: 64 << 20, Alloc: memory.DefaultAllocator,
	})
	if err != nil {
		return err
	}
	for _, b := range batches {
		if err := w.Write(t.Context(), b); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	finish, err := w.Prepare(t.Context(), e)
	if err != nil {
		return errors.Join(err, w.Close())
	}
	token, err := finish(t.Context())
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	p.last, p.tokens = p.txn(e), []Part{token}
	return s.Commit(t.Context(), p.last, p.tokens)
}

func ids(from, n int64) flow.Batch {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "part", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	rb := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rb.Release()
	for i := from; i < from+n; i++ {
		rb.Field(0).(*array.Int64Builder).Append(i)
		rb.Field(1).(*array.StringBuilder).Append(fmt.Sprintf("p%d", i%3))
	}
	return flow.Batch{RecordBatch: rb.NewRecordBatch()}
}

func upTo(n int64) (all []int64) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

// TestCrashAtEveryStep stops the sink before each single operation on the
// disk, and goes on with a new process: every row is there once, in the
// folder and in the log.
func TestCrashAtEveryStep(t *testing.T) {
	const epochs = 3
	for at := 1; ; at++ {
		dir := filepath.Join(memoryDir(t), "out")
		p := &pipe{cfg: SinkConfig{Dir: dir, Format: "jsonl", Partition: []string{"part"}}, incarnation: "aaaa-bbbb"}
		n, crashed := 0, ""
		p.before = func(step, name string) error {
			if crashed != "" {
				return errCrash // nothing works any more
			}
			if n++; n == at {
				crashed = step + " " + name
				return errCrash
			}
			return nil
		}
		s := p.sink()
		err := p.start(t, s)
		e := flow.Epoch(1)
		for ; e <= epochs && err == nil; e++ {
			err = p.epoch(t, s, e, ids(int64(e-1)*10, 10))
		}
		if crashed == "" {
			if err != nil {
				t.Fatal(err)
			}
			if at < 60 {
				t.Errorf("only %d steps", at-1)
			}
			return
		}
		if !errors.Is(err, errCrash) {
			t.Fatalf("crash before %q: %v", crashed, err)
		}
		p.before = nil
		s = p.sink()
		if err := p.start(t, s); err != nil {
			t.Fatalf("start after a crash before %q: %v", crashed, err)
		}
		for e = p.last.Epoch + 1; e <= epochs; e++ {
			if err := p.epoch(t, s, e, ids(int64(e-1)*10, 10)); err != nil {
				t.Fatalf("epoch %d after a crash before %q: %v", e, crashed, err)
			}
		}
		got := visible(t, dir)
		slices.Sort(got)
		if !slices.Equal(got, upTo(epochs*10)) {
			t.Fatalf("after a crash before %q: %s", crashed, cmp.Diff(upTo(epochs*10), got))
		}
		sameAsLog(t, dir)
		nothingStaged(t, dir)
	}
}

func nothingStaged(t *testing.T, dir string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, ownFolder, "*", "*", tempPrefix+"*"))
	if err != nil {
		t.Fatal(err)
	}
	staged, err := filepath.Glob(filepath.Join(dir, ownFolder, "staging", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if left = append(left, staged...); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// TestLogCompacts commits so often that the log is folded, with crashes on
// the way, and finds every entry.
func TestLogCompacts(t *testing.T) {
	dir := memoryDir(t)
	p := &pipe{cfg: SinkConfig{Dir: dir, Format: "csv"}, incarnation: "a"}
	s := p.sink()
	if err := p.start(t, s); err != nil {
		t.Fatal(err)
	}
	const epochs = 2*logFold + 2*logKeep
	for e := flow.Epoch(1); e <= epochs; e++ {
		n := 0
		s.before = func(step, name string) error {
			if n++; e > logFold && step == "remove" && n%5 == 0 && strings.Contains(name, "commits") {
				return errCrash
			}
			return nil
		}
		if err := p.epoch(t, s, e, ids(int64(e-1), 1)); err != nil {
			s = p.sink()
			if err := p.start(t, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := visible(t, dir)
	slices.Sort(got)
	if !slices.Equal(got, upTo(epochs)) {
		t.Error(cmp.Diff(upTo(epochs), got))
	}
	sameAsLog(t, dir)
	folds, err := filepath.Glob(filepath.Join(dir, ownFolder, "commits", "*", "*.jsonl"))
	if err != nil || len(folds) != 2 {
		t.Errorf("folds: %v %v", folds, err)
	}
}

func TestTakeover(t *testing.T) {
	dir := memoryDir(t)
	old := &pipe{cfg: SinkConfig{Dir: dir, Format: "csv"}, incarnation: "old"}
	zombie := old.sink()
	if err := old.start(t, zombie); err != nil {
		t.Fatal(err)
	}
	if err := old.epoch(t, zombie, 1, ids(0, 5)); err != nil {
		t.Fatal(err)
	}
	p := &pipe{cfg: old.cfg, incarnation: "new"}
	if err := p.start(t, p.sink()); flow.KindOf(err) != flow.Conflict {
		t.Fatalf("another incarnation: %v", err)
	}
	p.cfg.Takeover = true
	s := p.sink()
	if err := p.start(t, s); err != nil {
		t.Fatal(err)
	}
	if err := old.epoch(t, zombie, 2, ids(100, 5)); flow.KindOf(err) != flow.Conflict {
		t.Fatalf("the old one goes on: %v", err)
	}
	if err := p.epoch(t, s, 1, ids(5, 5)); err != nil {
		t.Fatal(err)
	}
	got := visible(t, dir)
	slices.Sort(got)
	if !slices.Equal(got, upTo(10)) {
		t.Error(got)
	}
	sameAsLog(t, dir)
}

// TestRace has a zombie that looked at the log before another wrote to it.
func TestRace(t *testing.T) {
	dir := memoryDir(t)
	a := &pipe{cfg: SinkConfig{Dir: dir, Format: "csv"}, incarnation: "a"}
	b := &pipe{cfg: SinkConfig{Dir: dir, Format: "csv"}, incarnation: "b"}
	sa, sb := a.sink(), b.sink()
	if err := a.start(t, sa); err != nil {
		t.Fatal(err)
	}
	sa.before = func(step, name string) error {
		if step != "link" {
			return nil
		}
		sa.before = nil
		if err := b.start(t, sb); err != nil {
			return err
		}
		return b.epoch(t, sb, 1, ids(0, 5))
	}
	if err := a.epoch(t, sa, 1, ids(100, 5)); flow.KindOf(err) != flow.Conflict {
		t.Fatalf("got %v", err)
	}
	got := visible(t, dir)
	slices.Sort(got)
	if !slices.Equal(got, upTo(5)) {
		t.Error(got)
	}
	sameAsLog(t, dir)
}

// TestSameCommitTwice has two processes with copies of one state make the same
// commit: the one that comes second must not take its files away again.
func TestSameCommitTwice(t *testing.T) {
	dir := memoryDir(t)
	a := &pipe{cfg: SinkConfig{Dir: dir, Format: "csv"}, incarnation: "a"}
	sa := a.sink()
	if err := a.start(t, sa); err != nil {
		t.Fatal(err)
	}
	sa.before = func(step, name string) error {
		if step != "link" {
			return nil
		}
		sa.before = nil
		return a.start(t, a.sink())
	}
	if err := a.epoch(t, sa, 1, ids(0, 5)); flow.KindOf(err) != flow.Conflict {
		t.Fatalf("got %v", err)
	}
	got := visible(t, dir)
	slices.Sort(got)
	if !slices.Equal(got, upTo(5)) {
		t.Error(got)
	}
	sameAsLog(t, dir)
}

// TestSameEpochTwice has a process with a copy of the state write another
// epoch of the same number: it must not pass for the one that is in the log.
func TestSameEpochTwice(t *testing.T) {
	dir := memoryDir(t)
	a := &pipe{cfg: SinkConfig{Dir: dir, Format: "csv"}, incarnation: "a"}
	forked := *a
	if err := a.epoch(t, a.sink(), 1, ids(0, 5)); err != nil {
		t.Fatal(err)
	}
	if err := forked.epoch(t, forked.sink(), 1, ids(0, 6)); flow.KindOf(err) != flow.Conflict {
		t.Errorf("got %v", err)
	}
	if err := a.epoch(t, a.sink(), 2, ids(5, 5)); err != nil {
		t.Error(err)
	}
	if err := forked.epoch(t, forked.sink(), 1, ids(0, 6)); flow.KindOf(err) != flow.Conflict {
		t.Errorf("behind: got %v", err)
	}
	got := visible(t, dir)
	slices.Sort(got)
	if !slices.Equal(got, upTo(10)) {
		t.Error(got)
	}
	sameAsLog(t, dir)
}

// TestLostFiles checks that what was lost outside is not passed over.
func TestLostFiles(t *testing.T) {
	dir := memoryDir(t)
	p := &pipe{cfg: SinkConfig{Dir: dir, Format: "csv"}, incarnation: "a"}
	p.before = func(step, _ string) error {
		if step == "rename" {
			return errCrash
		}
		return nil
	}
	s := p.sink()
	if err := p.epoch(t, s, 1, ids(0, 5)); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	staged, err := filepath.Glob(filepath.Join(dir, ownFolder, "staging", "*", "*"))
	if err != nil || len(staged) != 1 {
		t.Fatal(staged, err)
	}
	if err := os.Remove(staged[0]); err != nil {
		t.Fatal(err)
	}
	p.before = nil
	if err := p.start(t, p.sink()); flow.KindOf(err) != flow.Conflict {
		t.Errorf("a staged file is gone: %v", err)
	}
}

func TestBadTokens(t *testing.T) {
	dir := memoryDir(t)
	p := &pipe{cfg: SinkConfig{Dir: dir, Format: "csv"}, incarnation: "a"}
	s := p.sink()
	if err := p.start(t, s); err != nil {
		t.Fatal(err)
	}
	staging := foldersOf("p", "out").staging
	for _, f := range []Staged{
		{Staged: "/etc/passwd", Path: "x"},
		{Staged: staging + "/../../../x", Path: "x"},
		{Staged: staging + "/x", Path: "../x"},
		{Staged: staging + "/x", Path: "/tmp/x"},
	} {
		if err := s.Commit(t.Context(), p.txn(1), []Part{{Files: []Staged{f}}}); flow.KindOf(err) != flow.Conflict {
			t.Errorf("%v: %v", f, err)
		}
	}
}
