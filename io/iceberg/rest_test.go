package iceberg

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/io/iceberg/internal/catalog"
)

// lakeServer is a REST catalog over the SQLite one, with faults on request.
type lakeServer struct {
	*httptest.Server
	under   *catalog.SQLite
	fault   atomic.Pointer[func(w http.ResponseWriter, apply func() (int, any))]
	late    chan struct{} // a late apply is over
	commits atomic.Int64
	token   atomic.Int64
}

func newLakeServer(t *testing.T) *lakeServer {
	t.Helper()
	dir := t.TempDir()
	s := &lakeServer{late: make(chan struct{}, 1), under: &catalog.SQLite{File: filepath.Join(dir, "catalog.db"), Name: "default", Warehouse: catalog.FileURL(dir)}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/config", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, map[string]any{"defaults": map[string]string{}, "overrides": map[string]string{"prefix": "my/lake"}})
	})
	mux.HandleFunc("POST /v1/oauth/tokens", func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("client_secret") != "s3cret" {
			answer(w, 401, failure("no such client"))
			return
		}
		s.token.Add(1)
		answer(w, 200, map[string]any{"access_token": "token", "expires_in": 3600})
	})
	const root = "/v1/my/lake/namespaces"
	mux.HandleFunc("GET "+root, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, map[string]any{"namespaces": [][]string{{"shop"}}})
	})
	mux.HandleFunc("POST "+root, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, map[string]any{}) })
	mux.HandleFunc("GET "+root+"/{ns}/tables", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, map[string]any{"identifiers": []any{map[string]any{"namespace": []string{"shop"}, "name": "orders"}}})
	})
	mux.HandleFunc("GET "+root+"/{ns}/tables/{name}", func(w http.ResponseWriter, r *http.Request) {
		t, err := s.under.Load(r.Context(), ident(r))
		reply(w, t, err)
	})
	mux.HandleFunc("POST "+root+"/{ns}/tables", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Name   string                 `json:"name"`
			Schema *iceberg.Schema        `json:"schema"`
			Spec   *iceberg.PartitionSpec `json:"partition-spec"`
			Props  iceberg.Properties     `json:"properties"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			answer(w, 400, failure(err.Error()))
			return
		}
		t, err := s.under.Create(r.Context(), table.Identifier{r.PathValue("ns"), in.Name}, catalog.New{Schema: in.Schema, Spec: in.Spec, Properties: in.Props})
		reply(w, t, err)
	})
	mux.HandleFunc("POST "+root+"/{ns}/tables/{name}", s.commit)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *lakeServer) commit(w http.ResponseWriter, r *http.Request) {
	s.commits.Add(1)
	var in struct {
		Requirements table.Requirements `json:"requirements"`
		Updates      table.Updates      `json:"updates"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		answer(w, 400, failure(err.Error()))
		return
	}
	id := ident(r)
	ctx := context.WithoutCancel(r.Context())
	apply := func() (int, any) {
		meta, err := s.under.Commit(ctx, id, in.Requirements, in.Updates)
		if err != nil {
			return 409, failure(err.Error())
		}
		return 200, map[string]any{"metadata-location": "", "metadata": meta}
	}
	if f := s.fault.Swap(nil); f != nil {
		(*f)(w, apply)
		return
	}
	code, body := apply()
	answer(w, code, body)
}

func ident(r *http.Request) table.Identifier {
	return table.Identifier{r.PathValue("ns"), r.PathValue("name")}
}

func answer(w http.ResponseWriter, code int, body any) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

func failure(text string) any {
	return map[string]any{"error": map[string]any{"message": text, "type": "Fault", "code": 0}}
}

func reply(w http.ResponseWriter, t *table.Table, err error) {
	switch {
	case errors.Is(err, catalog.ErrNoTable):
		answer(w, 404, failure(err.Error()))
	case err != nil:
		answer(w, 500, failure(err.Error()))
	default:
		answer(w, 200, map[string]any{"metadata-location": t.MetadataLocation(), "metadata": t.Metadata()})
	}
}

func cut(w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = c.Close()
	}
}

// faults are what may happen to one commit request.
func (s *lakeServer) faults() map[string]func(w http.ResponseWriter, apply func() (int, any)) {
	later := func(after time.Duration, apply func() (int, any)) {
		time.AfterFunc(after, func() { apply(); s.late <- struct{}{} })
	}
	return map[string]func(w http.ResponseWriter, apply func() (int, any)){
		"409 without reason": func(w http.ResponseWriter, _ func() (int, any)) { answer(w, 409, failure("changed")) },
		"500 before apply":   func(w http.ResponseWriter, _ func() (int, any)) { answer(w, 500, failure("oops")) },
		"503 before apply":   func(w http.ResponseWriter, _ func() (int, any)) { answer(w, 503, failure("busy")) },
		"429":                func(w http.ResponseWriter, _ func() (int, any)) { answer(w, 429, failure("slow down")) },
		"401 once":           func(w http.ResponseWriter, _ func() (int, any)) { answer(w, 401, failure("expired")) },
		"500 after apply":    func(w http.ResponseWriter, apply func() (int, any)) { apply(); answer(w, 500, failure("oops")) },
		"502 page after apply": func(w http.ResponseWriter, apply func() (int, any)) {
			apply()
			w.WriteHeader(502)
			_, _ = w.Write([]byte("<html>"))
		},
		"cut after apply":  func(w http.ResponseWriter, apply func() (int, any)) { apply(); cut(w) },
		"cut before apply": func(w http.ResponseWriter, _ func() (int, any)) { cut(w) },
		"garbled after apply": func(w http.ResponseWriter, apply func() (int, any)) {
			apply()
			w.WriteHeader(200)
			_, _ = w.Write([]byte("{"))
		},
		"500 then late apply": func(w http.ResponseWriter, apply func() (int, any)) {
			later(100*time.Millisecond, apply)
			answer(w, 500, failure("oops"))
		},
		"500 then soon apply": func(w http.ResponseWriter, apply func() (int, any)) {
			later(2*time.Millisecond, apply)
			answer(w, 500, failure("oops"))
		},
		"hang then apply": func(w http.ResponseWriter, apply func() (int, any)) {
			later(1200*time.Millisecond, apply)
			time.Sleep(1500 * time.Millisecond)
			cut(w)
		},
		"applied twice": func(w http.ResponseWriter, apply func() (int, any)) {
			apply()
			code, body := apply()
			answer(w, code, body)
		},
	}
}

func restConfig(s *lakeServer) Config {
	return Config{Catalog: Catalog{Type: "rest", URI: s.URL, Credential: "me:s3cret", Timeout: spec.Duration(time.Second)}}
}

func TestFaults(t *testing.T) {
	for name := range newLakeServer(t).faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newLakeServer(t)
			r := newRig(t, restConfig(s))
			if err := r.start(); err != nil {
				t.Fatal(err)
			}
			r.epoch(ids(t, 0, 10))
			f := s.faults()[name]
			s.fault.Store(&f)
			r.epoch(ids(t, 10, 20))
			if strings.Contains(name, " then ") {
				<-s.late
			}
			if err := r.start(); err != nil {
				t.Errorf("start after the fault: %v", err)
			}
			r.epoch(ids(t, 20, 30))
			s.exactly(t, 30, 3)
		})
	}
}

// exactly checks the rows and snapshots of the table, that its files are
// there, and that no other data files are.
func (s *lakeServer) exactly(t *testing.T, rows, snapshots int) {
	t.Helper()
	tbl, err := s.under.Load(t.Context(), table.Identifier{"shop", "orders"})
	if err != nil {
		t.Fatal(err)
	}
	if got := scan(t, tbl); len(got) != rows {
		t.Errorf("%d rows, want %d", len(got), rows)
	}
	if n := len(tbl.Metadata().Snapshots()); n != snapshots {
		t.Errorf("%d snapshots, want %d", n, snapshots)
	}
	tasks, err := tbl.Scan().PlanFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	onDisk, err := filepath.Glob(filepath.Join(strings.TrimPrefix(tbl.Location(), "file://"), "data", "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if len(onDisk) != len(tasks) {
		t.Errorf("%d data files on disk, %d in the table", len(onDisk), len(tasks))
	}
	for _, f := range tasks {
		if _, err := os.Stat(strings.TrimPrefix(f.File.FilePath(), "file://")); err != nil {
			t.Error(err)
		}
	}
}

// TestCanceledCommit ends the context while the catalog is at work: Commit
// looks whether it was made before it gives up.
func TestCanceledCommit(t *testing.T) {
	for _, made := range []bool{true, false} {
		s := newLakeServer(t)
		r := newRig(t, restConfig(s))
		parts := r.prepare(ids(t, 0, 10))
		ctx, cancel := context.WithCancel(t.Context())
		f := func(w http.ResponseWriter, apply func() (int, any)) {
			if made {
				apply()
			}
			cancel()
			time.Sleep(50 * time.Millisecond)
			cut(w)
		}
		s.fault.Store(&f)
		err := r.sink.Commit(ctx, r.last, parts)
		if made && err != nil || !made && flow.KindOf(err) != flow.Transient {
			t.Errorf("made %t: kind %s, %v", made, flow.KindOf(err), err)
		}
		r.commit(parts)
		s.exactly(t, 10, 1)
	}
}

// TestAwayForLong is a catalog that fails more often than one Commit tries.
func TestAwayForLong(t *testing.T) {
	s := newLakeServer(t)
	r := newRig(t, restConfig(s))
	parts := r.prepare(ids(t, 0, 10))
	mine, away := r.sink.(*sink), true
	mine.place.Catalog = failing{mine.place.Catalog, &away}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := mine.Commit(ctx, r.last, parts); flow.KindOf(err) != flow.Transient && flow.KindOf(err) != flow.Canceled {
		t.Errorf("kind %s: %v", flow.KindOf(err), err)
	}
	away = false
	r.commit(parts)
	s.exactly(t, 10, 1)
}

// failing is a catalog that is away while *away.
type failing struct {
	catalog.Catalog
	away *bool
}

func (f failing) Load(ctx context.Context, id table.Identifier) (*table.Table, error) {
	if *f.away {
		return nil, flow.Mark(flow.Transient, errors.New("away"))
	}
	return f.Catalog.Load(ctx, id)
}

func TestWrongSecret(t *testing.T) {
	s := newLakeServer(t)
	cfg := restConfig(s)
	cfg.Catalog.Credential = "me:wr0ng-canary"
	err := newRig(t, cfg).start()
	if flow.KindOf(err) != flow.BadConfig {
		t.Errorf("kind %s: %v", flow.KindOf(err), err)
	}
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("the secret is in the error: %v", err)
	}
}
