// Package cmd is the weir command line, as a function, so that a program with
// connectors of its own can have it too: see [Main].
package cmd

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/io/connector"
)

// Streams is what a command has to do with the world around it.
type Streams struct {
	Out io.Writer // answers
	Err io.Writer // what is said beside them

	// Env finds an environment variable, like [os.LookupEnv].
	Env func(name string) (string, bool)

	// Signals has requests to stop sent to c until stop is called. nil means
	// that there are none.
	Signals func(c chan<- os.Signal) (stop func())

	// Width is how wide the terminal is that w writes to; ok is false when w
	// is none. nil means that there are none.
	Width func(w io.Writer) (columns int, ok bool)
}

// Main runs the command that the program's arguments name, and exits: 0 when
// it worked, 2 when settings are at fault, 1 otherwise.
func Main(reg *connector.Registry) {
	signal.Ignore(syscall.SIGPIPE) // a reader that went away is an error of the write, not the end of the process
	err := Run(context.Background(), os.Args[1:], Streams{
		Out: os.Stdout, Err: os.Stderr, Env: os.LookupEnv, Signals: osSignals, Width: osWidth,
	}, reg)
	for line := range strings.Lines(Message(err)) {
		fmt.Fprintln(os.Stderr, "weir: "+strings.TrimSuffix(line, "\n"))
	}
	os.Exit(Code(err))
}

// Code is the exit code for what Run returned.
func Code(err error) int {
	switch {
	case err == nil:
		return 0
	case flow.KindOf(err) == flow.BadConfig:
		return 2
	default:
		return 1
	}
}

// Message is what a person is told about what Run returned, one problem on a
// line.
func Message(err error) string {
	if err == nil {
		return ""
	}
	return spec.RedactText(err.Error())
}

func osSignals(c chan<- os.Signal) func() {
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	return func() { signal.Stop(c) }
}

func osWidth(w io.Writer) (int, bool) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		columns = 80
	}
	return columns, true
}

// command is one word of the command line.
type command struct {
	name  string
	args  string // as help shows them
	short string
	long  string
	stops bool // it answers to signals itself

	// flags declares the flags, and returns what runs when they are parsed.
	flags func(c *call, fs *flag.FlagSet) func(ctx context.Context, args []string) error
}

// call is one command being run.
type call struct {
	Streams
	reg *connector.Registry
}

func commands() []command {
	return []command{
		runCommand(), checkCommand(), initCommand(), specCommand(), discoverCommand(), statusCommand(), versionCommand(),
	}
}

// Run runs one command. Answers go to Out, all else to Err.
func Run(ctx context.Context, args []string, streams Streams, reg *connector.Registry) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		return help(streams, args)
	}
	if args[0] == "--version" {
		args = []string{"version"}
	}
	cmd, err := find(args[0])
	if err != nil {
		return err
	}
	c := &call{streams, reg}
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	run := cmd.flags(c, fs)
	rest, err := parseFlags(fs, args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return describe(streams.Out, cmd)
	}
	if err != nil {
		return flow.Markf(flow.BadConfig, "%s: %w; weir help %s shows what there is", cmd.name, err, cmd.name)
	}
	if streams.Signals != nil && !cmd.stops {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		defer stop()
	}
	return run(ctx, rest)
}

func find(name string) (command, error) {
	var known []string
	for _, cmd := range commands() {
		if cmd.name == name {
			return cmd, nil
		}
		known = append(known, cmd.name)
	}
	if near := spec.Nearest(name, known); near != "" {
		return command{}, flow.Markf(flow.BadConfig, "no command is called %q; did you mean %s?", name, near)
	}
	return command{}, flow.Markf(flow.BadConfig, "no command is called %q; there are %s", name, strings.Join(known, ", "))
}

// parseFlags takes flags before, between and behind the other arguments.
func parseFlags(fs *flag.FlagSet, args []string) (rest []string, err error) {
	for len(args) > 0 {
		if args[0] == "--" {
			return append(rest, args[1:]...), nil
		}
		if err := fs.Parse(args); err != nil {
			return nil, flagError(fs, err)
		}
		if args = fs.Args(); len(args) > 0 {
			rest, args = append(rest, args[0]), args[1:]
		}
	}
	return rest, nil
}

// flagError says what flag may have been meant.
func flagError(fs *flag.FlagSet, err error) error {
	name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !ok {
		return err
	}
	var known []string
	fs.VisitAll(func(f *flag.Flag) { known = append(known, f.Name) })
	if near := spec.Nearest(name, known); near != "" {
		return fmt.Errorf("no flag is called --%s; did you mean --%s?", name, near)
	}
	return fmt.Errorf("no flag is called --%s", name)
}

// wantFile takes the one argument that most commands have.
func wantFile(command string, args []string) (string, error) {
	if len(args) != 1 {
		return "", flow.Markf(flow.BadConfig, "%s: name one pipeline file, as in: weir %s pipeline.yaml", command, command)
	}
	return args[0], nil
}
