package cmd

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/live"
	"github.com/weirflow/weir/internal/pipeline"
	"github.com/weirflow/weir/internal/serve"
)

func statusCommand() command {
	return command{
		name: "status", args: "FILE", short: "show how the pipelines of a file are",
		long: `
Asks the process that runs the pipelines of a file. Of pipelines that nobody
runs it shows what their state folders hold: the epoch, the positions of the
sources, and the last commits of the sinks. With --addr it asks a process by
the address of its metrics instead.`,
		flags: func(c *call, fs *flag.FlagSet) func(context.Context, []string) error {
			asJSON := fs.Bool("json", false, "print JSON")
			state := fs.String("state", "", "the state is in the folder `DIR`, not where the file says")
			addr := fs.String("addr", "", "ask the process at `ADDRESS`: 127.0.0.1:9090, or the path of a socket")
			token := fs.String("token", "", "send `TOKEN` to that address")
			return func(ctx context.Context, args []string) error {
				if *addr != "" && len(args) == 0 {
					reports, err := serve.Ask(ctx, *addr, *token)
					if err != nil {
						return err
					}
					return c.report(reports, *asJSON)
				}
				path, err := wantFile("status", args)
				if err != nil {
					return err
				}
				file, err := pipeline.Load(path, c.Env)
				if err != nil {
					return err
				}
				if err := choose(file, runFlags{state: *state}); err != nil {
					return err
				}
				reports, err := c.statuses(ctx, file)
				if err != nil {
					return err
				}
				return c.report(reports, *asJSON)
			}
		},
	}
}

// statuses asks those who run the pipelines of file, and reads the state of
// the others.
func (c *call) statuses(ctx context.Context, file *pipeline.File) ([]live.Report, error) {
	var all []live.Report
	for _, p := range file.Pipelines {
		report, err := asked(ctx, file.State, p.Name)
		if err != nil {
			report, err = p.Stored()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: pipeline %s: %w", file.Path, p.Name, err)
		}
		all = append(all, report)
	}
	return all, nil
}

func asked(ctx context.Context, state, name string) (live.Report, error) {
	place, err := serve.FindPlace(state, name)
	if err != nil {
		return live.Report{}, err
	}
	reports, err := serve.Ask(ctx, place.Socket, "")
	if err != nil {
		return live.Report{}, err
	}
	for _, r := range reports {
		if r.Pipeline == name {
			return r, nil
		}
	}
	return live.Report{}, flow.Markf(flow.Conflict, "process %d does not run it", place.PID)
}

func (c *call) report(reports []live.Report, asJSON bool) error {
	if asJSON {
		return writeJSON(c.Out, reports)
	}
	var sb strings.Builder
	for _, r := range reports {
		sb.WriteString(live.Text([]live.Report{r}, 0))
		for _, s := range r.Stages {
			if len(s.Position) > 0 {
				fmt.Fprintf(&sb, "  %s %s is at %s\n", s.Kind, s.Name, s.Position)
			}
			if s.Guarantee != "" {
				fmt.Fprintf(&sb, "  %s %s: %s, %s\n", s.Kind, s.Name, s.Guarantee, s.Why)
			}
		}
	}
	_, err := io.WriteString(c.Out, sb.String())
	return err
}
