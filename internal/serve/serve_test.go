package serve_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/live"
	"github.com/weirflow/weir/internal/serve"
)

func reports() []live.Report {
	at := time.Unix(1_700_000_000, 500_000_000).UTC()
	return []live.Report{{
		Pipeline: "orders", State: "running", Time: at, Started: at, Epoch: 7, LastCommit: &at,
		MemoryUsed: 100, MemoryLimit: 200, StateBytes: 300,
		Stages: []live.Stage{
			{Name: "pg", Kind: "source", Connector: "postgres", Rows: 10, Bytes: 80, Batches: 2, BlockedSeconds: 0.5, Done: 1, Total: 4},
			{Name: "lake", Kind: "sink", Connector: "iceberg", Rows: 8, Queue: 3, QueueBytes: 24, LagSeconds: 1.5},
		},
	}}
}

func open(t *testing.T, reports func() []live.Report) (*serve.Server, *serve.Metrics) {
	t.Helper()
	m, err := serve.NewMetrics(reports)
	if err != nil {
		t.Fatal(err)
	}
	s := serve.NewServer(reports, m)
	t.Cleanup(func() {
		if err := errors.Join(s.Close(t.Context()), m.Close(t.Context())); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return s, m
}

func get(t *testing.T, url, token string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestMetrics(t *testing.T) {
	s, m := open(t, reports)
	m.Phases("orders").EpochPhase("commit", 20*time.Millisecond)
	addr, err := s.Listen(t.Context(), "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	_, text := get(t, "http://"+addr+"/metrics", "")
	for _, want := range []string{
		`weir_rows_total{connector="postgres",kind="source",pipeline="orders",stage="pg"} 10`,
		`weir_rows_total{connector="iceberg",kind="sink",pipeline="orders",stage="lake"} 8`,
		`weir_blocked_seconds_total{connector="postgres",kind="source",pipeline="orders",stage="pg"} 0.5`,
		`weir_lag_seconds{connector="iceberg",kind="sink",pipeline="orders",stage="lake"} 1.5`,
		`weir_queue_bytes{connector="iceberg",kind="sink",pipeline="orders",stage="lake"} 24`,
		`weir_source_progress_ratio{connector="postgres",kind="source",pipeline="orders",stage="pg"} 0.25`,
		`weir_last_commit_timestamp_seconds{pipeline="orders"} 1.7000000005e+09`,
		`weir_pipeline_info{pipeline="orders",state="running"} 1`,
		`weir_epoch_phase_seconds_bucket{phase="commit",pipeline="orders",le="0.025"} 1`,
		`weir_epoch_phase_seconds_count{phase="commit",pipeline="orders"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no line %s in\n%s", want, text)
		}
	}
}

// TestMetricsDocs keeps the table in docs/metrics.md equal to what is served.
func TestMetricsDocs(t *testing.T) {
	s, m := open(t, reports)
	m.Phases("orders").EpochPhase("commit", time.Millisecond)
	addr, err := s.Listen(t.Context(), "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	_, text := get(t, "http://"+addr+"/metrics", "")
	var sb strings.Builder
	sb.WriteString("| Name | Type | Labels | What it is |\n|---|---|---|---|\n")
	help := regexp.MustCompile(`(?m)^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)\n\S+?\{(.*)\}`)
	label := regexp.MustCompile(`(\w+)="`)
	for _, m := range help.FindAllStringSubmatch(text, -1) {
		var labels []string
		for _, l := range label.FindAllStringSubmatch(m[4], -1) {
			if l[1] != "le" {
				labels = append(labels, l[1])
			}
		}
		fmt.Fprintf(&sb, "| `%s` | %s | %s | %s |\n", m[1], m[3], strings.Join(labels, ", "), m[2])
	}
	table := sb.String()
	const path, begin, end = "../../docs/metrics.md", "<!-- table -->\n", "<!-- end -->\n"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(page), begin)
	old, after, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatalf("%s has no %s and %s", path, begin, end)
	}
	if os.Getenv("WEIR_REWRITE") != "" {
		if err := os.WriteFile(path, []byte(before+begin+table+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(table, old); diff != "" {
		t.Errorf("%s is out of date; run WEIR_REWRITE=1 go test ./internal/serve\n%s", path, diff)
	}
}

func TestHealth(t *testing.T) {
	state := "starting"
	s, _ := open(t, func() []live.Report { return []live.Report{{Pipeline: "a", State: state}} })
	addr, err := s.Listen(t.Context(), "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		state        string
		alive, ready int
	}{{"starting", 200, 503}, {"running", 200, 200}, {"draining", 200, 503}, {"failed", 503, 503}} {
		state = c.state
		alive, _ := get(t, "http://"+addr+"/healthz", "")
		ready, text := get(t, "http://"+addr+"/readyz", "")
		if alive != c.alive || ready != c.ready {
			t.Errorf("%s: healthz %d, readyz %d, want %d, %d", c.state, alive, ready, c.alive, c.ready)
		}
		if want := `{"a":"` + c.state + `"}` + "\n"; text != want {
			t.Errorf("got %s, want %s", text, want)
		}
	}
}

func TestToken(t *testing.T) {
	s, _ := open(t, reports)
	for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "example.com:0"} {
		_, err := s.Listen(t.Context(), address, "")
		if flow.KindOf(err) != flow.BadConfig || !strings.Contains(fmt.Sprint(err), "metrics.token") {
			t.Errorf("listen on %s without a token: %v, want a bad_config that names the token", address, err)
		}
	}
	addr, err := s.Listen(t.Context(), "127.0.0.1:0", "sesame")
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]int{"": 401, "sesam": 401, "sesame": 200} {
		if got, text := get(t, "http://"+addr+"/status", token); got != want {
			t.Errorf("token %q: %d %s, want %d", token, got, text, want)
		}
	}
	if _, err := serve.Ask(t.Context(), addr, "sesame"); err != nil {
		t.Error(err)
	}
	if _, err := serve.Ask(t.Context(), addr, "wrong"); err == nil {
		t.Error("a wrong token was taken")
	}
}

// TestPlace finds a running process by its state folder, short path and long.
func TestPlace(t *testing.T) {
	for _, name := range []string{"s", strings.Repeat("long/", 30)} {
		state := filepath.Join(t.TempDir(), name)
		s, _ := open(t, reports)
		withdraw, err := s.Announce(t.Context(), state, []string{"orders"})
		if err != nil {
			t.Fatal(err)
		}
		place, err := serve.FindPlace(state, "orders")
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(place.Socket)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("socket %s: %v, %v; want mode 0600", place.Socket, info.Mode(), err)
		}
		got, err := serve.Ask(t.Context(), place.Socket, "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(reports(), got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		other, _ := open(t, reports)
		if _, err := other.Announce(t.Context(), state, []string{"orders"}); flow.KindOf(err) != flow.Conflict {
			t.Errorf("a second process announced itself: %v", err)
		}
		if err := errors.Join(s.Close(t.Context()), withdraw()); err != nil {
			t.Error(err)
		}
		if _, err := serve.FindPlace(state, "orders"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the place is still there: %v", err)
		}
		left, err := os.ReadDir(state)
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}

// TestKilled: what a killed process leaves does not keep the next one out.
func TestKilled(t *testing.T) {
	state := t.TempDir()
	socket := filepath.Join(state, "1.sock")
	place := fmt.Sprintf(`{"socket": %q, "pid": 1}`, socket)
	for path, text := range map[string]string{filepath.Join(state, "orders.run"): place, socket: ""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, _ := open(t, reports)
	withdraw, err := s.Announce(t.Context(), state, []string{"orders"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old socket is still there: %v", err)
	}
	if err := withdraw(); err != nil {
		t.Error(err)
	}
}
