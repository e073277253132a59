package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"github.com/weirflow/weir/bench/duck"
	"github.com/weirflow/weir/bench/figures"
	"github.com/weirflow/weir/bench/ingest/hand"
)

// measure runs a command and prints what it took. The kernel counts what its
// parent held when it was started as held by a process: a small parent keeps
// the figure honest.
func measure(ctx context.Context, args []string) error {
	u, err := figures.Child(ctx, args[0], args[1:]...)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(u)
}

// measured is [figures.Child] by way of a child process that measures.
func (b bench) measured(ctx context.Context, args []string) (u figures.Usage, err error) {
	cmd := exec.CommandContext(ctx, b.Child, append([]string{"child", "measure"}, args...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	text, err := cmd.Output()
	if err != nil {
		return u, fmt.Errorf("%w\n%s", err, said.Bytes())
	}
	if err := json.Unmarshal(text, &u); err != nil {
		return u, fmt.Errorf("read what a process took: %w", err)
	}
	return u, nil
}

// Child is what this program does as a child process: to measure another one,
// or the work of one peer, from a file to a file or folder.
func Child(ctx context.Context, args []string) error {
	if len(args) > 1 && args[0] == "measure" {
		return measure(ctx, args[1:])
	}
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
