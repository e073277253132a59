package cmd

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// help shows all commands, or one.
func help(streams Streams, args []string) error {
	if len(args) == 2 {
		cmd, err := find(args[1])
		if err != nil {
			return err
		}
		return describe(streams.Out, cmd)
	}
	var sb strings.Builder
	sb.WriteString("weir moves data into lakehouse tables, and out of them.\n\n")
	for _, cmd := range commands() {
		fmt.Fprintf(&sb, "  weir %s %s\t%s\n", cmd.name, cmd.args, cmd.short)
	}
	sb.WriteString("\nweir help COMMAND tells more of one. weir init writes a file to start from.\n" +
		"Exit codes: 0 it worked, 2 settings are wrong, 1 anything else.\n")
	return columns(streams.Out, sb.String())
}

func describe(out io.Writer, cmd command) error {
	var sb strings.Builder
	fmt.Fprintf(&sb, "weir %s %s\n\n%s\n", cmd.name, cmd.args, strings.TrimSpace(cmd.long))
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	cmd.flags(&call{}, fs)
	first := true
	fs.VisitAll(func(f *flag.Flag) {
		if first {
			fmt.Fprintln(&sb, "\nFlags:")
			first = false
		}
		kind, about := flag.UnquoteUsage(f)
		fmt.Fprintf(&sb, "  --%s %s\t%s\n", f.Name, kind, about)
	})
	return columns(out, sb.String())
}
