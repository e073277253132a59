package pipeline

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/io/connector"
)

// Draft writes a pipeline file that joins two connectors: what must be set is
// set, as in the connector's example, and the rest stands there as comments
// with its defaults. path is what the file will be called.
func Draft(reg *connector.Registry, source, sink, path string) (string, error) {
	from, err := reg.FindSource(source)
	if err != nil {
		return "", err
	}
	to, err := reg.FindSink(sink)
	if err != nil {
		return "", err
	}
	if path == "-" {
		path = "pipeline.yaml"
	}
	d := draft{}
	d.line(0, "# A pipeline file of weir. Look it over, then:")
	d.line(0, "#   weir check %s   checks every setting, and shows the plan", path)
	d.line(0, "#   weir run %s     runs it; run again, it goes on where it was", path)
	d.line(0, "# ${NAME} and ${NAME:-default} stand for environment variables.")
	d.line(0, "")
	d.line(0, "sources:")
	d.part("input", from.Type, from.Check)
	d.line(0, "")
	d.line(0, "sinks:")
	d.part("output", to.Type, to.Check)
	d.line(0, "")
	d.line(0, "pipelines:")
	d.line(1, "%s-to-%s:", from.Name, to.Name)
	d.line(2, "source: input")
	d.line(2, "sink: output")
	form, err := spec.Of(join{}.Defaults(), layoutDocs)
	if err != nil {
		return "", fmt.Errorf("describe pipeline file: %w", err)
	}
	for _, f := range form.Fields {
		if f.Name == "checkpoint" || f.Name == "parallel" || f.Name == "memory" {
			d.setting(2, f, nil, true)
		}
	}
	return d.String(), nil
}

type draft struct{ strings.Builder }

func (d *draft) line(depth int, format string, args ...any) {
	text := strings.Repeat("  ", depth) + fmt.Sprintf(format, args...)
	d.WriteString(strings.TrimRight(text, " ") + "\n")
}

// comment writes text as a comment of lines that fit.
func (d *draft) comment(depth int, text string) {
	line := "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word)+2*depth > 80 {
			d.line(depth, "%s", line)
			line = "#"
		}
		line += " " + word
	}
	d.line(depth, "%s", line)
}

func (d *draft) part(name string, typ connector.Type, check func(*yaml.Node) error) {
	d.line(1, "%s:", name)
	d.comment(2, typ.Summary+". "+typ.Promise+".")
	d.line(2, "connector: %s", typ.Name)
	d.line(2, "config:")
	example := exampleOf(typ)
	set := enough(typ.Spec.Fields, example, check)
	for _, must := range []bool{true, false} {
		for _, f := range typ.Spec.Fields {
			if set[f.Name] == must {
				_, value := entry(example, f.Name)
				d.setting(3, f, value, !must)
			}
		}
	}
}

// enough chooses what to set: what must be, and more of the example until the
// connector is content.
func enough(fields []spec.Field, example *yaml.Node, check func(*yaml.Node) error) map[string]bool {
	set := map[string]bool{}
	for _, f := range fields {
		if mustSet(f) {
			set[f.Name] = true
		}
	}
	for _, f := range fields {
		if check(chosen(fields, example, set)) == nil {
			break
		}
		if _, value := entry(example, f.Name); value != nil {
			set[f.Name] = true
		}
	}
	return set
}

// chosen are the settings of the example that are in set, and what stands in
// for those that it lacks.
func chosen(fields []spec.Field, example *yaml.Node, set map[string]bool) *yaml.Node {
	var d draft
	for _, f := range fields {
		if set[f.Name] {
			_, value := entry(example, f.Name)
			d.setting(0, f, value, false)
		}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(d.String()), &doc); err != nil || len(doc.Content) == 0 {
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1}
	}
	return doc.Content[0]
}

// mustSet reports whether f, or a setting in it, has to be set.
func mustSet(f spec.Field) bool {
	if f.Required {
		return true
	}
	for _, sub := range f.Fields {
		if mustSet(sub) && f.Default != nil {
			return true
		}
	}
	return false
}

// setting writes one setting; off makes it a comment.
func (d *draft) setting(depth int, f spec.Field, example *yaml.Node, off bool) {
	about := f.Doc
	if f.OneOf != nil {
		about += " One of " + strings.Join(f.OneOf, ", ") + "."
	}
	d.comment(depth, about)
	mark := ""
	if off {
		mark = "# "
	}
	if f.Type == "object" && f.Elem == nil && len(f.Fields) > 0 {
		d.line(depth, "%s%s:", mark, f.Name)
		for _, sub := range f.Fields {
			_, value := entry(example, sub.Name)
			d.setting(depth+1, sub, value, off || !mustSet(sub))
		}
		return
	}
	d.line(depth, "%s%s: %s", mark, f.Name, valueOf(f, example))
}

// valueOf is what a setting is in a draft: its default, or else what the
// example says, or else something of its type.
func valueOf(f spec.Field, example *yaml.Node) string {
	switch {
	case f.Default != nil && !f.Required:
		return inline(f.Default)
	case example != nil:
		var v any
		if example.Decode(&v) == nil {
			return inline(v)
		}
	case len(f.OneOf) > 0:
		return f.OneOf[0]
	case f.Secret:
		return "${" + strings.ToUpper(f.Name) + "}"
	}
	switch f.Type {
	case "integer", "number":
		return max(f.Min, "0")
	case "boolean":
		return "false"
	case "array":
		return "[]"
	case "object":
		return "{}"
	default:
		return `""`
	}
}

// inline writes a value on one line. JSON is YAML; text that is plain in
// both needs no quotes.
func inline(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return `""`
	}
	if s, ok := v.(string); ok {
		var back any
		if yaml.Unmarshal([]byte(s), &back) == nil && back == s && !strings.ContainsAny(s, "\n#${}") {
			return s
		}
	}
	return string(text)
}

// exampleOf finds the settings in the example of a connector.
func exampleOf(typ connector.Type) *yaml.Node {
	text, err := fs.ReadFile(typ.Docs, "example.yaml")
	if err != nil {
		return nil
	}
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) != 1 {
		return nil
	}
	_, parts := entry(doc.Content[0], string(typ.Role)+"s")
	if parts == nil || parts.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(parts.Content); i += 2 {
		if _, name := entry(parts.Content[i+1], "connector"); name == nil || name.Value != typ.Name {
			continue
		}
		if _, config := entry(parts.Content[i+1], "config"); config != nil {
			return config
		}
	}
	return nil
}
