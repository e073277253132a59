// Package iotest is the exam every connector sits. A connector's own test
// calls [Source] or [Sink] once for each kind of configuration, and adds only
// what is peculiar to it.
//
// The exam drives the typed connector alone, as the engine would: sources
// with an emitter that forwards, sinks through open, write, prepare, finish
// and commit, and it crashes between every two of these steps.
package iotest

import (
	"io"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/mem"
	"github.com/weirflow/weir/internal/rowtext"
	"github.com/weirflow/weir/io/connector"
)

// find gets the connector that register adds under name.
func find[X any](
	t *testing.T, register func(*connector.Registry), name string,
	get func(*connector.Registry, string) (X, error),
) X {
	t.Helper()
	r := connector.NewRegistry()
	register(r)
	typ, err := get(r, name)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

func settings(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// unknown is text with a setting that no connector has.
func unknown(t *testing.T, text string) *yaml.Node {
	t.Helper()
	node := settings(t, text)
	if node == nil {
		node = settings(t, "{}")
	}
	extra := settings(t, "{no_such_setting: 1}")
	node.Content = append(node.Content, extra.Content...)
	return node
}

func env(t *testing.T, alloc memory.Allocator) connector.Env {
	t.Helper()
	return connector.Env{Log: slog.New(slog.NewTextHandler(testLog{t}, nil)), Dir: t.TempDir(), Alloc: alloc, Stdout: io.Discard}
}

// testLog shows what a connector logs when its test fails.
type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	if l.t.Context().Err() == nil { // the test has not ended
		l.t.Log(strings.TrimSuffix(string(p), "\n"))
	}
	return len(p), nil
}

// strict is an allocator that finds memory not given back, given back twice,
// or used after that.
func strict(t *testing.T) memory.Allocator {
	t.Helper()
	poisoned := mem.Poison(mem.NewPool(mem.Options{}))
	checked := mem.Checked(poisoned)
	t.Cleanup(func() {
		checked.AssertEmpty(t)
		poisoned.AssertClean(t)
	})
	return checked
}

// lines are the rows of b as text, one string each, with the kind of change
// and the stream.
func lines(b flow.Batch) []string {
	table := strings.Split(strings.TrimSuffix(rowtext.FormatChanges(b.RecordBatch, b.Ops), "\n"), "\n")
	all := make([]string, 0, len(table)-1)
	for _, line := range table[1:] {
		all = append(all, b.Stream+" "+strings.Join(strings.Fields(line), " "))
	}
	return all
}

// patience is how long something may take that should happen at once.
const patience = 3 * time.Second

// noGoroutines fails t when f leaves a goroutine behind.
func noGoroutines(t *testing.T, f func()) {
	t.Helper()
	before := runtime.NumGoroutine()
	f()
	deadline, poll := time.NewTimer(patience), time.NewTicker(time.Millisecond)
	defer deadline.Stop()
	defer poll.Stop()
	for runtime.NumGoroutine() > before {
		select {
		case <-poll.C:
		case <-deadline.C:
			stacks := make([]byte, 1<<20)
			n := runtime.Stack(stacks, true)
			t.Errorf("%d goroutines became %d:\n%s", before, runtime.NumGoroutine(), stacks[:n])
			return
		}
	}
}
