// Command weir runs pipelines.
package main

import (
	"github.com/weirflow/weir/cmd"
	"github.com/weirflow/weir/io/all"
)

func main() { cmd.Main(all.Connectors()) }
