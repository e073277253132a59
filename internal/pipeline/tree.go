package pipeline

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parse reads one YAML document and fills in the environment variables.
func parse(text []byte, env Lookup) (*yaml.Node, []Problem) {
	text, vars := hideVars(text)
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0:
		return nil, []Problem{{Text: "the file is empty; weir init writes one to start from"}}
	case err != nil:
		line, text := lineIn(err.Error())
		return nil, []Problem{{Line: line, Text: "not YAML: " + vars.show(text)}}
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, []Problem{{Line: second.Line, Text: "a second YAML document begins; a pipeline file has one"}}
	}
	return doc.Content[0], fillAll(doc.Content[0], vars, env)
}

// fillAll fills in the variables in n and below. Aliases point to nodes that
// are filled in where they stand.
func fillAll(n *yaml.Node, vars vars, env Lookup) []Problem {
	var problems []Problem
	for _, c := range n.Content {
		problems = append(problems, fillAll(c, vars, env)...)
	}
	if n.Kind != yaml.ScalarNode {
		return problems
	}
	value, changed, err := vars.fill(n.Value, env)
	if err != nil {
		problems = append(problems, Problem{Line: n.Line, Text: err.Error()})
	}
	if changed {
		n.Value = value
		const kept = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle |
			yaml.FoldedStyle | yaml.TaggedStyle
		if n.Style&kept == 0 {
			n.Tag = "" // a number out of a variable is a number
			n.Tag = n.ShortTag()
		}
	}
	return problems
}

// entry walks down the keys of mappings, through aliases and merge keys. It
// returns nils when one is missing.
func entry(n *yaml.Node, keys ...string) (key, value *yaml.Node) {
	for _, word := range keys {
		if key, n = find(n, word, 0); n == nil {
			return nil, nil
		}
	}
	return key, n
}

func find(n *yaml.Node, word string, depth int) (key, value *yaml.Node) {
	const deepest = 100 // of aliases, which may go in circles
	switch {
	case n == nil || depth > deepest:
		return nil, nil
	case n.Kind == yaml.AliasNode:
		return find(n.Alias, word, depth+1)
	case n.Kind == yaml.SequenceNode: // of mappings to merge
		for _, item := range n.Content {
			if key, value := find(item, word, depth+1); value != nil {
				return key, value
			}
		}
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == word && n.Content[i].Kind == yaml.ScalarNode {
				return n.Content[i], n.Content[i+1]
			}
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Tag == "!!merge" {
				return find(n.Content[i+1], word, depth+1)
			}
		}
	}
	return nil, nil
}

// lineOf is the line of a key in n, or orElse.
func lineOf(n *yaml.Node, word string, orElse int) int {
	if key, _ := entry(n, word); key != nil {
		return key.Line
	}
	return orElse
}

// frame copies what the layout describes of a file: not the settings of the
// connectors, which know better what they mean, and not the root keys that
// begin with x-, which are places for anchors.
func frame(root *yaml.Node) *yaml.Node {
	root = without(root, func(key string) bool { return strings.HasPrefix(key, "x-") })
	for i := 0; i+1 < len(root.Content) && root.Kind == yaml.MappingNode; i += 2 {
		if key := root.Content[i].Value; key != "sources" && key != "sinks" {
			continue
		}
		parts := without(root.Content[i+1], func(string) bool { return false })
		for j := 0; j+1 < len(parts.Content) && parts.Kind == yaml.MappingNode; j += 2 {
			parts.Content[j+1] = without(parts.Content[j+1], func(key string) bool { return key == "config" })
		}
		root.Content[i+1] = parts
	}
	return root
}

// without copies a mapping but for some of its keys. Other nodes stay as they
// are.
func without(n *yaml.Node, drop func(key string) bool) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return n
	}
	c := *n
	c.Content = slices.Clone(n.Content)
	for i := 0; i+1 < len(c.Content); {
		if drop(c.Content[i].Value) {
			c.Content = slices.Delete(c.Content, i, i+2)
			continue
		}
		i += 2
	}
	return &c
}
