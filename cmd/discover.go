package cmd

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/live"
	"github.com/weirflow/weir/internal/pipeline"
	"github.com/weirflow/weir/io/connector"
)

func discoverCommand() command {
	return command{
		name: "discover", args: "FILE [SOURCE]", short: "show what a source has to read",
		long: `
Shows the streams of the sources of a pipeline file, or of one of them: their
columns with types, the columns that identify a row, and how much there is.
Without a file, --connector and --set name a source and its settings:

  weir discover --connector file --set path=data/*.csv`,
		flags: func(c *call, fs *flag.FlagSet) func(context.Context, []string) error {
			asJSON := fs.Bool("json", false, "print JSON")
			kind := fs.String("connector", "", "look through the source `CONNECTOR`, without a file")
			var sets []string
			fs.Func("set", "set a setting of it, as `NAME=VALUE`; may be given several times", func(set string) error {
				sets = append(sets, set)
				return nil
			})
			return func(ctx context.Context, args []string) error {
				file, only, err := c.discoverable(args, *kind, sets)
				if err != nil {
					return err
				}
				return c.discover(ctx, file, only, *asJSON)
			}
		},
	}
}

// discoverable finds the sources to look through.
func (c *call) discoverable(args []string, kind string, sets []string) (file *pipeline.File, only string, err error) {
	switch {
	case kind != "" && len(args) == 0:
		part, err := pipeline.Single("source", kind, sets)
		if err != nil {
			return nil, "", err
		}
		return &pipeline.File{Path: "weir discover", Dir: ".", Sources: []*pipeline.Part{part}}, "", nil
	case kind != "" || len(sets) > 0 && kind == "" || len(args) == 0 || len(args) > 2:
		return nil, "", flow.Markf(flow.BadConfig, "discover: name a pipeline file, and one of its sources if you like; "+
			"or --connector with --set, as in: weir discover --connector file --set path=data/*.csv")
	}
	if file, err = pipeline.Load(args[0], c.Env); err != nil {
		return nil, "", err
	}
	if len(args) == 2 {
		only = args[1]
		if !slices.ContainsFunc(file.Sources, func(p *pipeline.Part) bool { return p.Name == only }) {
			return nil, "", flow.Markf(flow.BadConfig, "%s: no source is called %q", args[0], only)
		}
	}
	return file, only, nil
}

// found is what one source has.
type found struct {
	Source    string        `json:"source"`
	Connector string        `json:"connector"`
	Streams   []foundStream `json:"streams"`
}

type foundStream struct {
	connector.Stream
	Columns []foundColumn `json:"columns"`
}

type foundColumn struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Nullable bool   `json:"nullable"`
}

func (c *call) discover(ctx context.Context, file *pipeline.File, only string, asJSON bool) error {
	builder := pipeline.Builder{File: file, Registry: c.reg, Log: slog.New(slog.NewTextHandler(c.Err, nil))}
	all := []found{}
	for _, part := range file.Sources {
		if only != "" && part.Name != only {
			continue
		}
		source, err := builder.OpenSource(ctx, part)
		if err != nil {
			return err
		}
		streams, ok, err := connector.Discover(ctx, source)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", file.Path, part.At(), err)
		}
		if !ok {
			if only != "" || len(file.Sources) == 1 {
				return flow.Markf(flow.BadConfig, "%s: %s: the connector %s can not tell what there is to read",
					file.Path, part.At(), part.Connector)
			}
			continue
		}
		all = append(all, found{part.Name, part.Connector, describeStreams(streams)})
	}
	if asJSON {
		return writeJSON(c.Out, all)
	}
	return printFound(c.Out, all)
}

func describeStreams(streams []connector.Stream) []foundStream {
	all := []foundStream{}
	for _, s := range streams {
		columns := []foundColumn{}
		for _, f := range fieldsOf(s.Schema) {
			columns = append(columns, foundColumn{f.Name, f.Type.String(), f.Nullable})
		}
		all = append(all, foundStream{s, columns})
	}
	return all
}

func fieldsOf(s *arrow.Schema) []arrow.Field {
	if s == nil {
		return nil
	}
	return s.Fields()
}

func printFound(out io.Writer, all []found) error {
	var sb strings.Builder
	for _, f := range all {
		fmt.Fprintf(&sb, "source %s (%s): %d streams\n", f.Source, f.Connector, len(f.Streams))
		for _, s := range f.Streams {
			fmt.Fprintf(&sb, "  %s%s\n", cmp.Or(s.Name, "(no name)"), amounts(s))
			for _, col := range s.Columns {
				notes := ""
				if !col.Nullable {
					notes = "not null"
				}
				if slices.Contains(s.Keys, col.Name) {
					notes = strings.TrimPrefix(notes+", key", ", ")
				}
				fmt.Fprintf(&sb, "    %s\t%s\t%s\n", col.Name, col.Type, notes)
			}
		}
	}
	return columns(out, sb.String())
}

func amounts(s foundStream) string {
	text := ""
	if s.Rows >= 0 {
		text += ", " + live.Count(s.Rows) + " rows"
	}
	if s.Bytes >= 0 {
		text += ", " + live.Bytes(s.Bytes)
	}
	return text
}
