package live_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/internal/live"
)

var start = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

// sample is a pipeline with a bounded source and a sink that is behind.
func sample(after time.Duration, rows int64) live.Report {
	committed := start.Add(after - 1500*time.Millisecond)
	return live.Report{
		Pipeline: "flights", State: "running", Time: start.Add(after), Started: start, Epoch: 3, LastCommit: &committed,
		MemoryUsed: 34 << 20, MemoryLimit: 256 << 20, StateBytes: 12345,
		Stages: []live.Stage{
			{Name: "flights", Kind: "source", Connector: "file", Rows: rows, Bytes: rows * 40, Done: rows * 2, Total: 6_000_000, BlockedSeconds: 0.4},
			{Name: "flights.map", Kind: "operator", Rows: rows},
			{Name: "lake", Kind: "sink", Connector: "iceberg", Rows: rows / 2, Bytes: rows * 20, Queue: 2, QueueBytes: 3 << 20, LagSeconds: 1.25, Detail: "4 files"},
		},
	}
}

func TestText(t *testing.T) {
	var meter live.Meter
	var running live.Report
	for i := range 13 {
		running = sample(time.Duration(i)*time.Second, int64(i)*100_000)
		meter.Fill(&running)
	}
	ended := sample(60*time.Second, 3_000_000)
	ended.State = "stopped"
	for i := range ended.Stages {
		ended.Stages[i].Finished = true
	}
	live.Average(&ended)
	failed := live.Report{Pipeline: "orders", State: "failed", Time: start, Started: start, Error: "sink lake: create table: no such catalog"}

	golden(t, "view.txt", live.Text([]live.Report{running, failed}, 0))
	golden(t, "narrow.txt", live.Text([]live.Report{running}, 60))
	golden(t, "ended.txt", live.Text([]live.Report{ended}, 0))
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("WEIR_REWRITE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (rewrite with WEIR_REWRITE=1) -want +got:\n%s", path, diff)
	}
}

// TestMeter runs a source on the fake clock: full speed, then a stop, and the
// rate follows within its window.
func TestMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var meter live.Meter
		begin := time.Now()
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		rows := int64(0)
		var last live.Stage
		step := func(n int64) {
			<-tick.C
			rows += n
			r := live.Report{Time: time.Now(), Started: begin, Stages: []live.Stage{{Name: "in", Rows: rows, Bytes: rows * 8, Done: rows, Total: 1_000_000}}}
			meter.Fill(&r)
			last = r.Stages[0]
		}
		step(500)
		if last.RowsPerSecond != 1000 || last.SecondsLeft != -1 {
			t.Errorf("the first report gives %v rows/s and %v s left, want 1000 since the start and -1", last.RowsPerSecond, last.SecondsLeft)
		}
		for range 20 {
			step(500)
		}
		if last.RowsPerSecond != 1000 || last.BytesPerSecond != 8000 {
			t.Errorf("got %v rows/s, %v bytes/s, want 1000, 8000", last.RowsPerSecond, last.BytesPerSecond)
		}
		if want := (1_000_000 - 10_500) / 1000.0; last.SecondsLeft != want {
			t.Errorf("got %v s left, want %v", last.SecondsLeft, want)
		}
		for range 11 {
			step(0)
		}
		if last.RowsPerSecond != 0 {
			t.Errorf("a source that stands still for longer than the window has %v rows/s", last.RowsPerSecond)
		}
		for range 80 {
			<-tick.C // longer than any window
		}
		step(800)
		if want := 800 / 40.5; last.RowsPerSecond != want {
			t.Errorf("after a pause got %v rows/s, want %v", last.RowsPerSecond, want)
		}
	})
}

func TestScreen(t *testing.T) {
	var sb strings.Builder
	screen := live.NewScreen(&sb)
	if err := screen.Draw("a\nb\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(screen, "log line"); err != nil {
		t.Fatal(err)
	}
	if err := screen.Draw("c\n"); err != nil {
		t.Fatal(err)
	}
	want := "a\nb\n" + "\x1b[2A\r\x1b[Jlog line\na\nb\n" + "\x1b[2A\r\x1b[Jc\n"
	if diff := cmp.Diff(want, sb.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestUnits(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{live.Count(0), "0"},
		{live.Count(999), "999"},
		{live.Count(1000), "1,000"},
		{live.Count(-1234567), "-1,234,567"},
		{live.Bytes(1023), "1023 B"},
		{live.Bytes(1536), "1.5 KiB"},
		{live.Bytes(3 << 40), "3.0 TiB"},
		{live.Duration(-time.Second), "0.0s"},
		{live.Duration(9990 * time.Millisecond), "9.9s"},
		{live.Duration(59999 * time.Millisecond), "59s"},
		{live.Duration(184 * time.Second), "3m04s"},
		{live.Duration(130 * time.Minute), "2h10m"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
