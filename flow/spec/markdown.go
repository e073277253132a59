package spec

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Markdown returns the fields of f as a table for the docs page. The settings
// of a section follow it as section.name, those of a list as list[].name, and
// those of a map as map.NAME.name.
func (f Field) Markdown() string {
	var sb strings.Builder
	sb.WriteString("| Setting | Type | Default | What it does |\n|---|---|---|---|\n")
	f.rows(&sb, "")
	return sb.String()
}

func (f *Field) rows(sb *strings.Builder, prefix string) {
	for i := range f.Fields {
		sub := &f.Fields[i]
		fmt.Fprintf(sb, "| `%s` | %s | %s | %s |\n", prefix+sub.Name, sub.typeName(),
			sub.defaultText(), strings.ReplaceAll(sub.docText(), "|", `\|`))
		inner, at := sub, prefix+sub.Name
		for inner.Elem != nil {
			if inner.Type == "array" {
				at += "[]"
			} else {
				at += ".NAME"
			}
			inner = inner.Elem
		}
		inner.rows(sb, at+".")
	}
}

func (f *Field) typeName() string {
	switch {
	case f.Type == "":
		return "any"
	case f.Type == "array":
		return "list of " + f.Elem.typeName()
	case f.Type == "object" && f.Elem != nil:
		return "map of " + f.Elem.typeName()
	case f.Type == "object":
		return "section"
	case f.Format == formatDuration || f.Format == formatSize:
		return f.Format
	case f.Format == "date-time":
		return "time"
	default:
		return f.Type
	}
}

func (f *Field) defaultText() string {
	switch {
	case f.Required:
		return "**required**"
	case f.Default == nil:
		return "none"
	}
	if s, ok := f.Default.(string); ok {
		return "`" + s + "`"
	}
	text, err := json.Marshal(jsonValue(f.Default))
	if err != nil {
		return "none"
	}
	return "`" + string(text) + "`"
}

func (f *Field) docText() string {
	words := []string{f.Doc}
	values := f
	if f.Elem != nil && f.Elem.Fields == nil {
		values = f.Elem
	}
	if values.OneOf != nil {
		words = append(words, "One of `"+strings.Join(values.OneOf, "`, `")+"`.")
	}
	if bounds := values.bounds(); bounds != "" {
		words = append(words, bounds)
	}
	if f.Secret {
		words = append(words, "Never printed.")
	}
	if f.Aliases != nil {
		words = append(words, "Also called `"+strings.Join(f.Aliases, "`, `")+"`.")
	}
	return strings.Join(words, " ")
}

// bounds says what the least and the most are.
func (f *Field) bounds() string {
	switch {
	case f.Min != "" && f.Max != "":
		return "From " + f.Min + " to " + f.Max + "."
	case f.Min != "":
		return "At least " + f.Min + "."
	case f.Max != "":
		return "At most " + f.Max + "."
	default:
		return ""
	}
}
