package cmd

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/pipeline"
)

func initCommand() command {
	return command{
		name: "init", args: "[SOURCE SINK]", short: "write a pipeline file to start from",
		long: `
Writes a pipeline file that joins two connectors (datagen and stdout when none
are named), with every setting of theirs: those that must be set, and the
others as comments with their defaults. An existing file is never overwritten.`,
		flags: func(c *call, fs *flag.FlagSet) func(context.Context, []string) error {
			path := fs.String("o", "pipeline.yaml", "write to the file `PATH`; - is the standard output")
			return func(_ context.Context, args []string) error {
				if len(args) == 0 {
					args = []string{"datagen", "stdout"}
				}
				if len(args) != 2 {
					return flow.Markf(flow.BadConfig, "init: name a source and a sink, as in: weir init file iceberg")
				}
				return c.draft(args[0], args[1], *path)
			}
		},
	}
}

func (c *call) draft(source, sink, path string) error {
	text, err := pipeline.Draft(c.reg, source, sink, path)
	if err != nil {
		return err
	}
	if path == "-" {
		_, err := io.WriteString(c.Out, text)
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return flow.Markf(flow.BadConfig, "%s exists; name another file with -o, or remove it", path)
	}
	if err != nil {
		return fmt.Errorf("write pipeline file: %w", err)
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write pipeline file: %w", err)
	}
	_, err = fmt.Fprintf(c.Out, "wrote %s; next: weir check %s, weir run %s\n", path, path, path)
	return err
}
