package cmd

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/internal/pipeline"
	"github.com/weirflow/weir/io/connector"
)

// specFlags are the flags of spec.
type specFlags struct {
	asJSON, asMarkdown, asSchema, all bool
}

func specCommand() command {
	return command{
		name: "spec", args: "[CONNECTOR]", short: "show the connectors, or the settings of one",
		long: `
Without a name: lists the connectors with what they do and what may be relied
on. With a name: shows its settings. With --schema alone: the JSON Schema of
a whole pipeline file, for editors.`,
		flags: func(c *call, fs *flag.FlagSet) func(context.Context, []string) error {
			var f specFlags
			fs.BoolVar(&f.asJSON, "json", false, "print JSON: names, promises and schemas")
			fs.BoolVar(&f.asMarkdown, "markdown", false, "print the settings as a table in Markdown")
			fs.BoolVar(&f.asSchema, "schema", false, "print the JSON Schema")
			fs.BoolVar(&f.all, "all", false, "show the settings of all connectors")
			return func(_ context.Context, args []string) error { return c.spec(args, f) }
		},
	}
}

func (c *call) spec(args []string, f specFlags) error {
	types := c.reg.Types()
	switch {
	case len(args) > 1:
		return flow.Markf(flow.BadConfig, "spec: name one connector, or none for all")
	case len(args) == 1:
		found, err := named(types, args[0])
		if err != nil {
			return err
		}
		return c.show(found, f)
	case f.asSchema:
		schema, err := pipeline.Schema(c.reg)
		if err != nil {
			return err
		}
		return writeJSON(c.Out, schema)
	case f.all || f.asJSON || f.asMarkdown:
		return c.show(types, f)
	default:
		return list(c.Out, types)
	}
}

// named finds the source and the sink with that name.
func named(types []connector.Type, name string) ([]connector.Type, error) {
	var found []connector.Type
	var known []string
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	for _, t := range types {
		known = append(known, t.Name)
		if t.Name == name {
			found = append(found, t)
		}
	}
	if found != nil {
		return found, nil
	}
	if near := spec.Nearest(name, known); near != "" {
		return nil, flow.Markf(flow.BadConfig, "no connector is called %q; did you mean %s?", name, near)
	}
	slices.Sort(known)
	return nil, flow.Markf(flow.BadConfig, "no connector is called %q; there are %s",
		name, strings.Join(slices.Compact(known), ", "))
}

func list(out io.Writer, types []connector.Type) error {
	var sb strings.Builder
	role := connector.Role("")
	for _, t := range types {
		if t.Role != role {
			role = t.Role
			fmt.Fprintf(&sb, "%ss\n", role)
		}
		fmt.Fprintf(&sb, "  %s\t%s\n\t%s\n", t.Name, t.Summary, t.Promise)
	}
	return columns(out, sb.String())
}

func (c *call) show(types []connector.Type, f specFlags) error {
	switch {
	case f.asJSON:
		return writeJSON(c.Out, described(types))
	case f.asSchema:
		if len(types) == 1 {
			return writeJSON(c.Out, types[0].Spec.Schema())
		}
		schemas := map[connector.Role]any{}
		for _, t := range types {
			schemas[t.Role] = t.Spec.Schema()
		}
		return writeJSON(c.Out, schemas)
	}
	for i, t := range types {
		text := manual(t)
		if f.asMarkdown {
			text = fmt.Sprintf("## %s (%s)\n\n%s. %s.\n\n%s", t.Name, t.Role, t.Summary, t.Promise, t.Spec.Markdown())
		}
		if i > 0 {
			text = "\n" + text
		}
		if _, err := io.WriteString(c.Out, text); err != nil {
			return err
		}
	}
	return nil
}

// connectorJSON is a connector as spec --json shows it.
type connectorJSON struct {
	Name    string         `json:"name"`
	Role    connector.Role `json:"role"`
	Summary string         `json:"summary"`
	Promise string         `json:"promise"`
	Config  any            `json:"config"`
}

func described(types []connector.Type) []connectorJSON {
	all := make([]connectorJSON, 0, len(types))
	for _, t := range types {
		all = append(all, connectorJSON{t.Name, t.Role, t.Summary, t.Promise, t.Spec.Schema()})
	}
	return all
}

func writeJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// manual is the settings of a connector for reading on a terminal.
func manual(t connector.Type) string {
	var sb strings.Builder
	fmt.Fprintf(&sb, "%s (%s): %s.\n", t.Name, t.Role, t.Summary)
	fmt.Fprintf(&sb, "  Promise: %s.\n", t.Promise)
	settings(&sb, t.Spec.Fields, "")
	return sb.String()
}

func settings(sb *strings.Builder, fields []spec.Field, prefix string) {
	for _, f := range fields {
		fmt.Fprintf(sb, "\n  %s%s: %s\n", prefix, f.Name, kindOf(f))
		for _, line := range wrap(f.Doc, 74) {
			sb.WriteString("      " + line + "\n")
		}
		if f.OneOf != nil {
			for _, line := range wrap("One of "+strings.Join(f.OneOf, ", ")+".", 74) {
				sb.WriteString("      " + line + "\n")
			}
		}
		settings(sb, f.Fields, prefix+f.Name+".")
		if f.Elem != nil {
			settings(sb, f.Elem.Fields, prefix+f.Name+"[].")
		}
	}
}

// kindOf is the type of a setting, and what it is when the file leaves it
// out.
func kindOf(f spec.Field) string {
	kind := f.Type
	switch {
	case f.Format != "":
		kind = f.Format
	case kind == "":
		kind = "anything"
	case f.Type == "array" && f.Elem != nil:
		kind = "list of " + f.Elem.Type + "s"
	}
	switch {
	case f.Required:
		return kind + ", required"
	case f.Default != nil:
		return fmt.Sprintf("%s, %v when not set", kind, f.Default)
	default:
		return kind
	}
}

// wrap breaks text into lines of at most width characters.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
