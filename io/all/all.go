// Package all lists the connectors built into the weir command. To build a
// smaller weir, write a main of your own that registers fewer.
package all

import (
	"github.com/weirflow/weir/io/connector"
	"github.com/weirflow/weir/io/datagen"
	"github.com/weirflow/weir/io/file"
	"github.com/weirflow/weir/io/iceberg"
	"github.com/weirflow/weir/io/stdout"
)

// Connectors returns a registry holding every connector in io/.
func Connectors() *connector.Registry {
	r := connector.NewRegistry()
	// One line for each folder of io/, in order of name.
	datagen.Register(r)
	file.Register(r)
	iceberg.Register(r)
	stdout.Register(r)
	return r
}
