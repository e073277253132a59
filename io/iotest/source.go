package iotest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/connector"
)

// mostResumes bounds the runs of ResumeAfterEveryBatch.
const mostResumes = 50

// Source examines the source registered under name, opened with config (as it
// stands behind "config:" in a pipeline file). With these settings the source
// must end, and give at least two batches, the same in every run.
func Source(t *testing.T, register func(*connector.Registry), name, config string) {
	t.Helper()
	typ := find(t, register, name, (*connector.Registry).FindSource)
	x := sourceExam{typ: typ, config: config}
	t.Run("UnknownSettingIsRefused", func(t *testing.T) { unknownIsRefused(t, typ.Check, config) })
	t.Run("ResumeAfterEveryBatch", x.resume)
	t.Run("StopsWhenContextEnds", x.stops)
	t.Run("StopsAtTheFirstErrorBehindIt", x.fails)
	t.Run("LeavesNoGoroutine", func(t *testing.T) {
		noGoroutines(t, func() { x.read(t, nil, memory.DefaultAllocator) })
	})
	t.Run("KeepsNoBatch", func(t *testing.T) { x.read(t, nil, strict(t)) })
	t.Run("SchemaIsAsDiscovered", x.discovered)
	t.Run("InAPipeline", x.inPipeline)
	t.Run("CheckPasses", func(t *testing.T) {
		if err := connector.Check(t.Context(), x.open(t, nil)); err != nil {
			t.Errorf("check: %v", err)
		}
	})
}

func unknownIsRefused(t *testing.T, check func(*yaml.Node) error, config string) {
	t.Helper()
	if err := check(settings(t, config)); err != nil {
		t.Fatalf("the configuration of the exam is wrong: %v", err)
	}
	err := check(unknown(t, config))
	if flow.KindOf(err) != flow.BadConfig {
		t.Fatalf("a setting that does not exist: got %v, want an error of kind BadConfig", err)
	}
}

type sourceExam struct {
	typ    *connector.SourceType
	config string
}

func (x sourceExam) open(t *testing.T, alloc memory.Allocator) connector.Source {
	t.Helper()
	s, err := x.typ.Open(t.Context(), settings(t, x.config), env(t, alloc))
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return s
}

// taken is one batch: its rows, and the position behind it.
type taken struct {
	rows []string
	pos  json.RawMessage
}

// read runs the source to its end.
func (x sourceExam) read(t *testing.T, from *json.RawMessage, alloc memory.Allocator) []taken {
	t.Helper()
	var all []taken
	err := x.open(t, alloc).Bare().Run(t.Context(), from, flow.ForwardTo(func(
		bs []flow.Batch, next json.RawMessage,
	) error {
		part := taken{pos: next}
		for _, b := range bs {
			part.rows = append(part.rows, lines(b)...)
			b.Release()
		}
		all = append(all, part)
		return nil
	}))
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return all
}

func rowsOf(parts []taken) []string {
	var all []string
	for _, p := range parts {
		all = append(all, p.rows...)
	}
	return all
}

func (x sourceExam) resume(t *testing.T) {
	whole := x.read(t, nil, nil)
	if len(whole) < 2 || len(rowsOf(whole)) == 0 {
		t.Fatalf("the exam needs a configuration that gives two batches; it gave %d", len(whole))
	}
	step := max(1, len(whole)/mostResumes)
	for i := 0; i < len(whole); i += step {
		got, want := rowsOf(x.read(t, &whole[i].pos, nil)), rowsOf(whole[i+1:])
		if at := firstDifference(got, want); at >= 0 {
			t.Fatalf("resumed from %s, behind batch %d: row %d is\n\t%s\nwant\n\t%s\n(%d rows, want %d)",
				whole[i].pos, i+1, at+1, rowAt(got, at), rowAt(want, at), len(got), len(want))
		}
	}
}

// firstDifference is -1 when there is none.
func firstDifference(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

func rowAt(rows []string, i int) string {
	if i < len(rows) {
		return rows[i]
	}
	return "(none)"
}

func (x sourceExam) stops(t *testing.T) {
	s := x.open(t, nil).Bare()
	ctx, cancel := context.WithCancel(t.Context())
	batches := 0
	noGoroutines(t, func() {
		err := s.Run(ctx, nil, flow.ForwardTo(func(
			bs []flow.Batch, _ json.RawMessage,
		) error {
			for _, b := range bs {
				b.Release()
			}
			batches++
			cancel()
			return nil
		}))
		if err == nil {
			t.Error("Run gave nil after its context had ended, as if the input had")
		} else if flow.KindOf(err) != flow.Canceled {
			t.Errorf("Run gave %v after its context had ended; want an error that is context.Canceled", err)
		}
	})
	cancel()
	if batches > 16 {
		t.Errorf("%d batches came after the context had ended", batches-1)
	}
}

func (x sourceExam) fails(t *testing.T) {
	stop := errors.New("stop")
	noGoroutines(t, func() {
		err := x.open(t, nil).Bare().Run(t.Context(), nil, flow.ForwardTo(func(
			bs []flow.Batch, _ json.RawMessage,
		) error {
			for _, b := range bs {
				b.Release()
			}
			return stop
		}))
		if !errors.Is(err, stop) {
			t.Errorf("Run gave %v; want the error of Emit", err)
		}
	})
}

func (x sourceExam) discovered(t *testing.T) {
	s := x.open(t, nil)
	streams, ok, err := connector.Discover(t.Context(), s)
	if err != nil {
		t.Fatalf("discover: %v", err)
	}
	if !ok {
		t.Skip("the source does not discover")
	}
	var met []string
	err = s.Bare().Run(t.Context(), nil, flow.ForwardTo(func(bs []flow.Batch, _ json.RawMessage) error {
		for _, b := range bs {
			if slices.Contains(met, b.Stream) {
				b.Release()
				continue
			}
			met = append(met, b.Stream)
			sameSchema(t, streams, b.Stream, b.Schema())
			b.Release()
		}
		return nil
	}))
	if err != nil {
		t.Fatalf("run: %v", err)
	}
}

func sameSchema(t *testing.T, streams []connector.Stream, name string, got *arrow.Schema) {
	t.Helper()
	i := slices.IndexFunc(streams, func(s connector.Stream) bool { return s.Name == name })
	if i < 0 {
		t.Errorf("rows came of stream %q, which Discover does not have", name)
		return
	}
	if !got.Equal(streams[i].Schema) {
		t.Errorf("stream %q has schema\n%v\nDiscover said\n%v", name, got, streams[i].Schema)
	}
	for _, k := range streams[i].Keys {
		if !got.HasField(k) {
			t.Errorf("stream %q has no column %s, which Discover calls a key", name, k)
		}
	}
}
