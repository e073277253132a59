// Command bench measures weir beside its peers: the core in this process, and
// ingestion by the real weir binary in processes of their own. It writes a
// line of JSON for each comparison, a table for people on the standard error,
// and ends with one line of JSON on the standard output.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/weirflow/weir/bench/core"
	"github.com/weirflow/weir/bench/figures"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	out := flag.String("out", "", "write the comparisons to `FILE`, as lines of JSON")
	scale := flag.Float64("scale", 1, "share of the input that the targets are for")
	only := flag.String("only", "", "core or ingest; both when left out")
	repeats := flag.Int("repeats", 7, "how often each case of the core is measured")
	flag.Parse()

	var all []figures.Comparison
	if *only != "ingest" {
		some, err := core.Run(ctx, core.Options{Repeats: *repeats, Scale: *scale})
		if err != nil {
			return err
		}
		all = append(all, some...)
	}
	if err := figures.WriteTable(os.Stderr, all); err != nil {
		return err
	}
	if *out != "" {
		if err := write(*out, all); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(figures.Sum(all))
}

func write(path string, all []figures.Comparison) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make folder of results: %w", err)
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return figures.WriteLines(f, all)
}
