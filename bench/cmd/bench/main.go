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
	"github.com/weirflow/weir/bench/ingest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	work := run
	if len(os.Args) > 1 && os.Args[1] == "child" {
		work = func(ctx context.Context) error { return ingest.Child(ctx, os.Args[2:]) }
	}
	if err := work(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	out := flag.String("out", "", "write the comparisons to `FILE`, as lines of JSON")
	scale := flag.Float64("scale", 1, "share of the input that the targets are for")
	only := flag.String("only", "", "core or ingest; both when left out")
	rounds := flag.Int("rounds", 3, "how often each ingestion is measured")
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
	if *only != "core" {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find this program: %w", err)
		}
		some, err := ingest.Run(ctx, ingest.Options{
			Scale: *scale, Rounds: *rounds, Child: self, Data: os.Getenv("WEIR_BENCH_DATA"),
			Log: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
		})
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
