package ingest

import (
	"context"
	"fmt"

	"github.com/weirflow/weir/bench/duck"
	"github.com/weirflow/weir/bench/ingest/hand"
)

// Child is what this program does as a child process: the work of one peer,
// from a file to a file or folder.
func Child(ctx context.Context, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("child: %d arguments, want the work, the input and the output", len(args))
	}
	work, in, out := args[0], args[1], args[2]
	switch work {
	case "duckdb-events":
		return duck.Exec(ctx, fmt.Sprintf(duckdbEvents, duck.Text(in), duck.Text(out)))
	case "duckdb-lineitem":
		return duck.Exec(ctx, fmt.Sprintf(duckdbLineitem, duck.Text(in), duck.Text(out)))
	case "hand-events":
		return hand.Events(in, out)
	case "hand-lineitem":
		return hand.Lineitem(in, out)
	case "iceberg-go":
		return appendTable(ctx, in, out)
	default:
		return fmt.Errorf("child: no work is named %q", work)
	}
}
