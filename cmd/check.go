package cmd

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"

	"github.com/weirflow/weir/internal/pipeline"
)

func checkCommand() command {
	return command{
		name: "check", args: "FILE", short: "check a pipeline file, and show its plan",
		long: `
Checks a pipeline file without moving a row: its form, every setting, and
whether each source and sink can be opened and finds what it needs. All
problems are reported, each with its line. Then it prints what each pipeline
would do, and what each sink guarantees. The exit code is 2 when there are
problems.`,
		flags: func(c *call, fs *flag.FlagSet) func(context.Context, []string) error {
			asJSON := fs.Bool("json", false, "print the plans and problems as JSON")
			verbose := fs.Bool("v", false, "log what the connectors say")
			return func(ctx context.Context, args []string) error {
				path, err := wantFile("check", args)
				if err != nil {
					return err
				}
				return c.check(ctx, path, *asJSON, *verbose)
			}
		},
	}
}

func (c *call) check(ctx context.Context, path string, asJSON, verbose bool) error {
	log := slog.New(slog.DiscardHandler)
	if verbose {
		log = slog.New(slog.NewTextHandler(c.Err, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	var plans []pipeline.Plan
	file, err := pipeline.Load(path, c.Env)
	if err == nil {
		plans, err = pipeline.Builder{File: file, Registry: c.reg, Log: log}.Check(ctx)
	}
	if asJSON {
		return c.checkJSON(plans, err)
	}
	for _, p := range plans {
		if _, err := fmt.Fprintf(c.Out, "%s\n", p.Text); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Out, "%s: no problems\n", path)
	return err
}

func (c *call) checkJSON(plans []pipeline.Plan, err error) error {
	enc := json.NewEncoder(c.Out)
	enc.SetIndent("", "  ")
	answer := struct {
		Plans    []pipeline.Plan    `json:"plans"`
		Problems []pipeline.Problem `json:"problems"`
	}{plans, pipeline.Problems(err)}
	if encErr := enc.Encode(answer); encErr != nil {
		return encErr
	}
	return err
}
