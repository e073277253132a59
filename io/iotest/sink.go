package iotest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/mem"
	"github.com/weirflow/weir/io/connector"
)

// Place is somewhere for a sink to write to.
type Place struct {
	// Config is what stands behind "config:" in a pipeline file.
	Config string

	// Read returns the ids of all rows that are visible there, in any order,
	// through a reader that is not the sink's own code. The exam writes rows
	// of the columns id (int64, not null), name (string) and amount
	// (float64). nil is for a sink that nothing can be read back from.
	Read func(t *testing.T) []int64
}

// Sink examines the sink registered under name. place is called once for each
// test and returns an empty place of its own.
//
// A sink that promises exactly once must show each row once, whatever step it
// crashed behind, must show nothing before Commit, and must refuse the markers
// of a stranger and of another time. One that promises less must lose nothing.
func Sink(t *testing.T, register func(*connector.Registry), name string, place func(t *testing.T) Place) {
	t.Helper()
	typ := find(t, register, name, (*connector.Registry).FindSink)
	x := sinkExam{typ: typ, place: place}
	t.Run("UnknownSettingIsRefused", func(t *testing.T) { unknownIsRefused(t, typ.Check, place(t).Config) })
	t.Run("CommitShowsTheRows", x.commits)
	t.Run("CommitTwice", x.twice)
	t.Run("EpochWithoutRows", x.empty)
	t.Run("TwoWriters", x.two)
	t.Run("FinishBesideTheNextEpoch", x.overlaps)
	for _, crash := range steps() {
		t.Run("CrashAfter"+string(crash), func(t *testing.T) { x.crash(t, crash) })
	}
	t.Run("InterruptedCommits", x.interrupted)
	t.Run("InAPipeline", x.inPipeline)
	t.Run("AbandonedRowsStayHidden", x.abandoned)
	t.Run("StrangersAreRefused", x.strangers)
	t.Run("LeavesNothingOpen", x.closes)
	t.Run("KeepsNoBatch", x.keepsNone)
}

type sinkExam struct {
	typ   *connector.SinkType
	place func(t *testing.T) Place
}

// pipe is a pipeline as a sink sees it: an incarnation, and the epochs so far.
type pipe struct {
	exam        sinkExam
	at          Place
	sink        connector.BareSink
	incarnation string
	last        flow.Txn // the newest commit that the state knows of
	alloc       memory.Allocator
}

const (
	ours   = "5f0c2d1e-0000-4000-8000-000000000001"
	theirs = "5f0c2d1e-0000-4000-8000-000000000002"
)

func (x sinkExam) newPipe(t *testing.T) *pipe {
	t.Helper()
	p := &pipe{exam: x, at: x.place(t), incarnation: ours, alloc: memory.DefaultAllocator}
	p.open(t)
	if err := p.start(t); err != nil {
		t.Fatalf("start: %v", err)
	}
	return p
}

// open makes a fresh sink, as a new process would.
func (p *pipe) open(t *testing.T) {
	t.Helper()
	s, err := p.exam.typ.Open(t.Context(), settings(t, p.at.Config), env(t, nil))
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	p.sink = s.Bare()
}

func (p *pipe) start(t *testing.T) error {
	t.Helper()
	last := p.last
	if last.Epoch == 0 {
		last = p.txn(0)
	}
	return p.sink.Start(t.Context(), last)
}

// txn is the commit of epoch e.
func (p *pipe) txn(e flow.Epoch) flow.Txn {
	t := flow.Txn{Pipeline: "exam", Incarnation: p.incarnation, Sink: "sink", Epoch: e, Previous: p.last.Epoch}
	if p.last.Epoch == e {
		t.Previous = p.last.Previous
	}
	return t
}

func (p *pipe) writer(t *testing.T, e flow.Epoch, index, of int) flow.Writer[flow.Batch, json.RawMessage] {
	t.Helper()
	w, err := p.sink.Open(t.Context(), flow.Task{
		Index: index, Of: of, Pipeline: "exam", Incarnation: p.incarnation, Name: "sink",
		Epoch: e, Memory: 64 << 20, Alloc: p.alloc, Log: env(t, nil).Log,
	})
	if err != nil {
		t.Fatalf("open a writer: %v", err)
	}
	return w
}

// perEpoch rows are written in each epoch, in two batches.
const perEpoch = 10

// idsOf are the ids of the rows of epoch e.
func idsOf(e flow.Epoch) []int64 {
	ids := make([]int64, perEpoch)
	for i := range ids {
		ids[i] = int64(e)*100 + int64(i)
	}
	return ids
}

func (p *pipe) write(t *testing.T, w flow.Writer[flow.Batch, json.RawMessage], ids []int64) {
	t.Helper()
	b := batch(p.alloc, ids)
	defer b.Release() // the writer has borrowed it
	if err := w.Write(t.Context(), b); err != nil {
		t.Fatalf("write: %v", err)
	}
}

func batch(alloc memory.Allocator, ids []int64) flow.Batch {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "amount", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	}, nil)
	rb := array.NewRecordBuilder(alloc, schema)
	defer rb.Release()
	for i, id := range ids {
		rb.Field(0).(*array.Int64Builder).Append(id)
		if i%5 == 4 {
			rb.Field(1).AppendNull()
		} else {
			rb.Field(1).(*array.StringBuilder).Append(fmt.Sprintf("name %d", id))
		}
		rb.Field(2).(*array.Float64Builder).Append(float64(id) / 4)
	}
	return flow.Batch{RecordBatch: rb.NewRecordBatch(), Stream: "exam"}
}

// seal prepares and finishes.
func (p *pipe) seal(t *testing.T, w flow.Writer[flow.Batch, json.RawMessage], e flow.Epoch) json.RawMessage {
	t.Helper()
	finish, err := w.Prepare(t.Context(), e)
	if err != nil {
		t.Fatalf("prepare: %v", err)
	}
	token, err := finish(t.Context())
	if err != nil {
		t.Fatalf("finish: %v", err)
	}
	return token
}

// commit commits, and remembers it as the state would: before.
func (p *pipe) commit(t *testing.T, e flow.Epoch, parts ...json.RawMessage) {
	t.Helper()
	p.last = p.txn(e)
	if err := p.sink.Commit(t.Context(), p.last, parts); err != nil {
		t.Fatalf("commit epoch %d: %v", e, err)
	}
}

// epoch writes and commits one epoch through w.
func (p *pipe) epoch(t *testing.T, w flow.Writer[flow.Batch, json.RawMessage], e flow.Epoch) json.RawMessage {
	t.Helper()
	ids := idsOf(e)
	p.write(t, w, ids[:perEpoch/2])
	p.write(t, w, ids[perEpoch/2:])
	token := p.seal(t, w, e)
	p.commit(t, e, token)
	return token
}

func closeWriter(t *testing.T, w flow.Writer[flow.Batch, json.RawMessage]) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// exactly reports whether the sink promises more than at least once.
func (p *pipe) exactly() bool {
	g, _ := p.sink.Guarantee()
	return g != flow.AtLeastOnce
}

// want compares what is visible with the rows of the epochs.
func (p *pipe) want(t *testing.T, epochs ...flow.Epoch) {
	t.Helper()
	var want []int64
	for _, e := range epochs {
		want = append(want, idsOf(e)...)
	}
	p.wantIDs(t, want)
}

func (p *pipe) wantIDs(t *testing.T, want []int64) {
	t.Helper()
	if p.at.Read == nil {
		return
	}
	got := p.at.Read(t)
	slices.Sort(got)
	slices.Sort(want)
	if !p.exactly() {
		got, want = slices.Compact(got), slices.Compact(want)
		got = slices.DeleteFunc(got, func(id int64) bool { return !slices.Contains(want, id) })
	}
	if !slices.Equal(got, want) {
		t.Errorf("visible are the ids\n\t%v\nwant\n\t%v", got, want)
	}
}

func (x sinkExam) commits(t *testing.T) {
	p := x.newPipe(t)
	w := p.writer(t, 1, 0, 1)
	defer closeWriter(t, w)
	for e := flow.Epoch(1); e <= 3; e++ {
		var before []flow.Epoch
		for i := flow.Epoch(1); i < e; i++ {
			before = append(before, i)
		}
		p.write(t, w, idsOf(e))
		token := p.seal(t, w, e)
		p.want(t, before...)
		p.commit(t, e, token)
		p.want(t, append(before, e)...)
	}
}

func (x sinkExam) twice(t *testing.T) {
	p := x.newPipe(t)
	w := p.writer(t, 1, 0, 1)
	p.epoch(t, w, 1)
	token := p.epoch(t, w, 2)
	p.commit(t, 2, token)
	closeWriter(t, w)
	p.open(t)
	if err := p.start(t); err != nil {
		t.Fatalf("start again: %v", err)
	}
	p.commit(t, 2, token)
	p.want(t, 1, 2)
	w = p.writer(t, 3, 0, 1)
	defer closeWriter(t, w)
	p.epoch(t, w, 3)
	p.want(t, 1, 2, 3)
}

// empty has an epoch without rows: it is sealed like any other and, as the
// engine does it, not committed.
func (x sinkExam) empty(t *testing.T) {
	p := x.newPipe(t)
	w := p.writer(t, 1, 0, 1)
	defer closeWriter(t, w)
	p.seal(t, w, 1)
	p.epoch(t, w, 2)
	p.seal(t, w, 3)
	p.seal(t, w, 4)
	p.epoch(t, w, 5)
	p.want(t, 2, 5)
}

func (x sinkExam) two(t *testing.T) {
	p := x.newPipe(t)
	a, b := p.writer(t, 1, 0, 2), p.writer(t, 1, 1, 2)
	defer closeWriter(t, a)
	defer closeWriter(t, b)
	p.write(t, a, idsOf(1))
	p.write(t, b, idsOf(2))
	p.commit(t, 1, p.seal(t, a, 1), p.seal(t, b, 1))
	p.want(t, 1, 2)
	p.write(t, b, idsOf(3)) // one of them alone
	p.commit(t, 2, p.seal(t, a, 2), p.seal(t, b, 2))
	p.want(t, 1, 2, 3)
}

// overlaps writes the next epoch before the last one is finished.
func (x sinkExam) overlaps(t *testing.T) {
	p := x.newPipe(t)
	w := p.writer(t, 1, 0, 1)
	defer closeWriter(t, w)
	p.write(t, w, idsOf(1))
	finish, err := w.Prepare(t.Context(), 1)
	if err != nil {
		t.Fatalf("prepare: %v", err)
	}
	p.write(t, w, idsOf(2))
	token, err := finish(t.Context())
	if err != nil {
		t.Fatalf("finish: %v", err)
	}
	p.commit(t, 1, token)
	p.want(t, 1)
	p.commit(t, 2, p.seal(t, w, 2))
	p.want(t, 1, 2)
}

// keepsNone frees and poisons each batch as soon as Write has returned.
func (x sinkExam) keepsNone(t *testing.T) {
	p := x.newPipe(t)
	poisoned := mem.Poison(mem.NewPool(mem.Options{}))
	checked := mem.Checked(poisoned)
	p.alloc = checked
	w := p.writer(t, 1, 0, 1)
	p.epoch(t, w, 1)
	p.epoch(t, w, 2)
	p.write(t, w, idsOf(3)) // never sealed
	closeWriter(t, w)
	p.want(t, 1, 2)
	checked.AssertEmpty(t)
	poisoned.AssertClean(t)
}

// closes ends writers in the middle of things.
func (x sinkExam) closes(t *testing.T) {
	p := x.newPipe(t)
	before := openFiles(t)
	noGoroutines(t, func() {
		w := p.writer(t, 1, 0, 1)
		p.write(t, w, idsOf(1))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		b := batch(p.alloc, idsOf(2))
		// With the context ended, an error is as good as none.
		if err := w.Write(ctx, b); err != nil {
			t.Logf("write: %v", err)
		}
		b.Release()
		finish, err := w.Prepare(ctx, 1)
		if err == nil {
			_, err = finish(ctx)
		}
		if err != nil {
			t.Logf("prepare and finish: %v", err)
		}
		closeWriter(t, w)
	})
	if after := openFiles(t); len(after) > len(before) {
		t.Errorf("open files, before %v, after %v", before, after)
	}
}
