package blocked

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	budget  = 128 << 20
	reserve = 64 << 20
)

// pipelineFile is a source at full speed in front of a pipe that nobody reads.
const pipelineFile = `
sources:
  rows: {connector: datagen, config: {pattern: orders, events_per_second: 0, batch_size: 10000}}
sinks:
  out: {connector: stdout, config: {format: json}}
pipelines:
  blocked: {source: rows, sink: out, memory: 128MiB, checkpoint: 1s}
`

// TestBlockedSink runs weir with a standard output that is not read, for 5 s
// or WEIR_BLOCKED_SECONDS: its resident memory must stay under the memory
// limit and 64 MiB. Then everything that was written must be whole rows.
func TestBlockedSink(t *testing.T) {
	dir := t.TempDir()
	weir := filepath.Join(dir, "weir")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", weir, "./cmd/weir")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	file := filepath.Join(dir, "p.yaml")
	if err := os.WriteFile(file, []byte(pipelineFile), 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), weir, "run", file)
	run.Stderr = os.Stderr
	pipe, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	peak := watch(t, run.Process.Pid)
	t.Logf("peak RSS %.1f MiB, budget %d MiB + %d", float64(peak)/(1<<20), budget>>20, reserve>>20)
	if peak > budget+reserve {
		t.Errorf("resident memory rose to %d bytes", peak)
	}
	if err := run.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for lines := bufio.NewScanner(pipe); lines.Scan(); rows++ {
		if line := lines.Text(); !strings.HasPrefix(line, "{") || !strings.HasSuffix(line, "}") {
			t.Fatalf("row %d is torn: %s", rows, line)
		}
	}
	if err := run.Wait(); err != nil {
		t.Errorf("drain: %v", err)
	}
	if rows == 0 {
		t.Error("nothing was written")
	}
}

// watch returns the most memory that the process has resident in a while.
func watch(t *testing.T, pid int) int64 {
	t.Helper()
	seconds := 5
	if s := os.Getenv("WEIR_BLOCKED_SECONDS"); s != "" {
		seconds, _ = strconv.Atoi(s)
	}
	peak := int64(0)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range seconds * 10 {
		<-tick.C
		peak = max(peak, resident(t, pid))
	}
	return peak
}

func resident(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skipf("resident memory can not be read here: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}
