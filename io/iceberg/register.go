package iceberg

import (
	"context"
	"embed"

	"github.com/weirflow/weir/io/connector"
)

//go:embed doc.go config.go example.yaml
var docs embed.FS

// Register adds the iceberg sink to r.
func Register(r *connector.Registry) {
	connector.AddSink(r, connector.Info[Config]{
		Name: "iceberg", Defaults: Config{}.defaults(), Docs: docs,
	}, openSink)
}

func openSink(_ context.Context, cfg Config, env connector.Env) (connector.Sink, error) {
	if cfg.Catalog.Type != "rest" {
		cfg.Warehouse = atPath(env.Dir, cfg.Warehouse)
	}
	s := newSink(cfg)
	return connector.To[Part](s), s.err
}
