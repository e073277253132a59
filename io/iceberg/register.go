package iceberg

import (
	"context"
	"embed"

	"github.com/weirflow/weir/io/connector"
)

//go:embed doc.go config.go sourceconfig.go example.yaml
var docs embed.FS

// Register adds the iceberg source and sink to r.
func Register(r *connector.Registry) {
	connector.AddSink(r, connector.Info[Config]{
		Name: "iceberg", Defaults: Config{}.defaults(), Docs: docs,
		Promise: "exactly once: each epoch is one snapshot, committed together with its marker",
	}, openSink)
	connector.AddSource(r, connector.Info[SourceConfig]{
		Name: "iceberg", Defaults: SourceConfig{}.defaults(), Docs: docs,
		Promise: "continues behind the last row stored, inside a file too",
	}, openSource)
}

func openSink(_ context.Context, cfg Config, env connector.Env) (connector.Sink, error) {
	cfg.Warehouse = cfg.Catalog.prepare(cfg.Warehouse, env)
	s := newSink(cfg)
	return connector.To(s), s.err
}

func openSource(_ context.Context, cfg SourceConfig, env connector.Env) (connector.Source, error) {
	cfg.Warehouse = cfg.Catalog.prepare(cfg.Warehouse, env)
	s := newSource(cfg)
	return connector.OfSplits(s), s.err
}

// prepare makes a local warehouse relative to the pipeline file, and says so
// when certificates are not checked.
func (c Catalog) prepare(warehouse string, env connector.Env) string {
	if c.Insecure && env.Log != nil {
		env.Log.Warn("the certificate of the catalog is not checked: insecure_skip_verify is set", "uri", c.URI)
	}
	if c.Type == "rest" {
		return warehouse
	}
	return atPath(env.Dir, warehouse)
}
