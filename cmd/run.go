package cmd

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/internal/live"
	"github.com/weirflow/weir/internal/pipeline"
	"github.com/weirflow/weir/internal/serve"
)

// runFlags are the flags of run.
type runFlags struct {
	only       []string
	state      string
	checkpoint spec.Duration
	every      spec.Duration
	asJSON     bool
	plain      bool
	verbose    bool
}

func runCommand() command {
	return command{
		name: "run", args: "FILE", short: "run the pipelines of a file", stops: true,
		long: `
Runs the pipelines of a file, side by side, until their input ends. A pipeline
that was stopped or killed goes on where it was.

On a terminal a view of the sources and sinks is redrawn in place; elsewhere
there are log lines. Both go to the standard error. With --json there is one
line of JSON per pipeline and interval on the standard output (on the standard
error when a stdout sink writes its rows to the standard output).

Ctrl-C, or SIGTERM, drains: the sources stop, what is on its way is written
and committed, and the process ends. A second one stops at once. After both
the next run goes on where this one ended.

A pipeline that fails leaves the others running; the exit code tells.

The rows in flight stay within the memory of the file, 256MiB when not set.
The Go runtime is told to keep within the same, but not below 128MiB, unless
GOMEMLIMIT is set; the program itself takes some 70MiB more.`,
		flags: func(c *call, fs *flag.FlagSet) func(context.Context, []string) error {
			var f runFlags
			fs.Func("pipeline", "run only the pipeline `NAME`; may be given several times", func(name string) error {
				f.only = append(f.only, name)
				return nil
			})
			fs.StringVar(&f.state, "state", "", "keep the state in the folder `DIR`, not where the file says")
			fs.TextVar(&f.checkpoint, "checkpoint", spec.Duration(0), "time between checkpoints, such as 10s, for all pipelines")
			fs.TextVar(&f.every, "every", spec.Duration(0), "time between two showings of the status, such as 10s")
			fs.BoolVar(&f.asJSON, "json", false, "print status as lines of JSON")
			fs.BoolVar(&f.plain, "plain", false, "print log lines even on a terminal")
			fs.BoolVar(&f.verbose, "v", false, "log more")
			return func(ctx context.Context, args []string) error {
				path, err := wantFile("run", args)
				if err != nil {
					return err
				}
				return c.run(ctx, path, f)
			}
		},
	}
}

// run loads and runs a file.
func (c *call) run(ctx context.Context, path string, f runFlags) (err error) {
	file, err := pipeline.Load(path, c.Env)
	if err != nil {
		return err
	}
	if err := choose(file, f); err != nil {
		return err
	}
	show := c.display(file, f)
	builder := pipeline.Builder{File: file, Registry: c.reg, Log: show.log(), Out: c.Out}
	if err := builder.Static(); err != nil {
		return err
	}
	group := &pipeline.Group{}
	reports := func() []live.Report { return group.Reports(time.Now()) }
	metrics, err := serve.NewMetrics(reports)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, metrics.Close(context.WithoutCancel(ctx))) }()
	for _, p := range file.Pipelines {
		graph, err := builder.Build(ctx, p, flow.Observe(metrics.Phases(p.Name)))
		if err != nil {
			return err
		}
		group.Add(graph)
	}
	pipeline.LimitMemory(file.Pipelines)
	server := serve.NewServer(reports, metrics)
	stop, err := c.open(ctx, server, file, show.log())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := watcher{call: c, group: group, show: show, cancel: cancel}
	return w.outcome(group.Run(ctx, w.watch), path)
}

// open has the process answer at its addresses until stop is called.
func (c *call) open(ctx context.Context, server *serve.Server, file *pipeline.File, log *slog.Logger) (stop func() error, err error) {
	var names []string
	for _, p := range file.Pipelines {
		names = append(names, p.Name)
	}
	withdraw, err := server.Announce(ctx, file.State, names)
	if err != nil {
		return nil, err
	}
	stop = func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return errors.Join(server.Close(ctx), withdraw())
	}
	if file.Listen != "" {
		address, err := server.Listen(ctx, file.Listen, file.Token)
		if err != nil {
			return nil, errors.Join(err, stop())
		}
		log.Info("serving metrics", "address", address)
	}
	return stop, nil
}

// choose applies what the flags say over what the file says.
func choose(file *pipeline.File, f runFlags) error {
	if f.state != "" {
		file.State = f.state
	}
	var known []string
	for _, p := range file.Pipelines {
		known = append(known, p.Name)
		p.State = filepath.Join(file.State, p.Name)
		if f.checkpoint > 0 {
			p.Checkpoint = time.Duration(f.checkpoint)
		}
	}
	for _, name := range f.only {
		if !slices.Contains(known, name) {
			return flow.Markf(flow.BadConfig, "%s: no pipeline is called %q; there are %s", file.Path, name, strings.Join(known, ", "))
		}
	}
	if len(f.only) > 0 {
		file.Pipelines = slices.DeleteFunc(file.Pipelines, func(p *pipeline.Pipeline) bool {
			return !slices.Contains(f.only, p.Name)
		})
	}
	if len(file.Pipelines) == 0 {
		return flow.Markf(flow.BadConfig, "%s: no pipeline is enabled", file.Path)
	}
	return nil
}

// display chooses how the run is shown.
func (c *call) display(file *pipeline.File, f runFlags) display {
	level := slog.LevelInfo
	if f.verbose {
		level = slog.LevelDebug
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	printsRows := slices.ContainsFunc(file.Pipelines, func(p *pipeline.Pipeline) bool {
		return slices.ContainsFunc(p.Sinks, func(part *pipeline.Part) bool { return part.Connector == "stdout" })
	})
	if f.asJSON {
		out := c.Out
		if printsRows {
			out = c.Err
		}
		logger := slog.New(slog.NewJSONHandler(c.Err, options))
		return &jsonLines{out: out, every: orElse(f.every, time.Second), logger: logger}
	}
	rowsOnTerminal := printsRows && c.isTerminal(c.Out)
	if f.plain || rowsOnTerminal || !c.isTerminal(c.Err) {
		logger := slog.New(slog.NewTextHandler(c.Err, options))
		return &lines{out: c.Err, every: orElse(f.every, 10*time.Second), logger: logger}
	}
	screen := live.NewScreen(c.Err)
	return &view{
		screen: screen,
		every:  orElse(f.every, 250*time.Millisecond),
		width:  func() int { columns, _ := c.Width(c.Err); return columns },
		logger: slog.New(slog.NewTextHandler(screen, options)),
	}
}

// redact keeps passwords out of the log.
func redact(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case string:
		a.Value = slog.StringValue(spec.RedactText(v))
	case error:
		a.Value = slog.StringValue(spec.RedactText(v.Error()))
	}
	return a
}

func (c *call) isTerminal(w io.Writer) bool {
	if c.Width == nil {
		return false
	}
	_, ok := c.Width(w)
	return ok
}

func orElse(d spec.Duration, other time.Duration) time.Duration {
	if d > 0 {
		return time.Duration(d)
	}
	return other
}

// outcome turns what the group ended with into what the command ends with.
func (w *watcher) outcome(err error, path string) error {
	switch {
	case err == nil:
		return nil
	case w.requests > 1 && flow.KindOf(err) == flow.Canceled:
		return errors.New("stopped at once; run it again to go on from the last checkpoint")
	default:
		return fmt.Errorf("%s: %w", path, err)
	}
}
