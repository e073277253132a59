package iceberg

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/connector"
)

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	no := false
	for name, c := range map[string]struct {
		cfg  Config
		want string // in the error; "" for none
	}{
		"new folder":       {Config{Table: "a.b", Warehouse: filepath.Join(dir, "x", "y")}, ""},
		"no namespace":     {Config{Table: "b", Warehouse: dir}, "namespace.table"},
		"path in the name": {Config{Table: "a../b", Warehouse: dir}, "namespace.table"},
		"file as folder":   {Config{Table: "a.b", Warehouse: file}, "not a directory"},
		"object store":     {Config{Table: "a.b", Warehouse: "s3://bucket/lake"}, "local folder"},
		"wrong partition":  {Config{Table: "a.b", Warehouse: dir, Partition: []string{"weekly(day)"}}, "weekly"},
		"not there":        {Config{Table: "a.b", Warehouse: dir, Create: &no}, "create: true"},
		"no uri":           {Config{Table: "a.b", Catalog: Catalog{Type: "rest"}}, "needs uri"},
		"two secrets":      {Config{Table: "a.b", Catalog: Catalog{Type: "rest", URI: "http://x", Token: "canary", Credential: "canary"}}, "one is enough"},
	} {
		s := newSink(c.cfg)
		err := s.Check(t.Context())
		if c.want == "" && err == nil {
			continue
		}
		if flow.KindOf(err) != flow.BadConfig || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: kind %s: %v", name, flow.KindOf(err), err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "x")); !os.IsNotExist(err) {
		t.Error("check made a folder")
	}
}

func TestCheckREST(t *testing.T) {
	s := newLakeServer(t)
	r := newRig(t, restConfig(s))
	sk := r.sink.(*sink)
	if err := sk.Check(t.Context()); err != nil {
		t.Error(err)
	}
	r.epoch(ids(t, 0, 3))
	if err := sk.Check(t.Context()); err != nil {
		t.Error(err)
	}
	streams, err := newSource(SourceConfig{Table: "shop.orders", Catalog: r.cfg.Catalog}).Discover(t.Context())
	if err != nil || len(streams) != 1 || streams[0].Rows != 3 {
		t.Errorf("%v, %v", streams, err)
	}
	if n := s.token.Load(); n > 4 {
		t.Errorf("%d tokens were fetched", n)
	}
	s.Close()
	if err := sk.Start(t.Context(), flow.Txn{}); flow.KindOf(err) != flow.Transient {
		t.Errorf("a catalog that is away: kind %s, %v", flow.KindOf(err), err)
	}
}

// TestPipelineFile opens the sink from the settings of a pipeline file.
func TestPipelineFile(t *testing.T) {
	r := connector.NewRegistry()
	Register(r)
	typ, err := r.FindSink("iceberg")
	if err != nil {
		t.Fatal(err)
	}
	dir, log := t.TempDir(), &bytes.Buffer{}
	open := func(text string) error {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		_, err := typ.Open(t.Context(), doc.Content[0], connector.Env{Dir: dir, Log: slog.New(slog.NewTextHandler(log, nil))})
		return err
	}
	if err := open(`{table: shop.orders}`); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{`{}`, `{table: orders}`, `{table: a.b, schema: loose}`, `{table: a.b, mode: upsert}`, `{table: a.b, catalog: {type: rest}}`, `{table: a.b, target_file_size: 5}`} {
		if err := open(bad); flow.KindOf(err) != flow.BadConfig {
			t.Errorf("%s: kind %s: %v", bad, flow.KindOf(err), err)
		}
	}
	if err := open(`{table: a.b, catalog: {type: rest, uri: "https://lake", insecure_skip_verify: true}}`); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "insecure_skip_verify") {
		t.Error("that the certificate is not checked was not logged")
	}
	if d := cmp.Diff(dir+"/lake", atPath(dir, "./lake")); d != "" {
		t.Error(d)
	}
}
