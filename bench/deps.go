package bench
import (
 _ "github.com/weirflow/weir/flow"
 _ "github.com/weirflow/weir/cmd"
 _ "github.com/duckdb/duckdb-go/v2"
 _ "github.com/reugn/go-streams"
 _ "github.com/destel/rill"
 _ "github.com/samber/ro"
 _ "github.com/sourcegraph/conc/stream"
 _ "github.com/apache/iceberg-go/table"
)
