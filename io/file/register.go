package file

import (
	"embed"

	"github.com/weirflow/weir/io/connector"
)

//go:embed doc.go config.go example.yaml
var docs embed.FS

// Register adds the file source and the file sink to r.
func Register(r *connector.Registry) {
	connector.AddSource(r, connector.Info[Config]{
		Name: "file", Defaults: sourceDefaults(), Docs: docs,
		Promise: "reads every row of every file once; goes on inside the file where it was",
	}, OpenSource)
	connector.AddSink(r, connector.Info[SinkConfig]{
		Name: "file", Defaults: sinkDefaults(), Docs: docs,
		Promise: "exactly once; files appear when their checkpoint is durable",
	}, OpenSink)
}
