package pipeline

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/wrap"
)

// Single makes a part that stands in no file, of settings written NAME=VALUE.
// A name with dots is a setting in a section; a value is read as YAML, or
// else as text.
func Single(kind, connector string, sets []string) (*Part, error) {
	part := &Part{
		Name: connector, Kind: kind, Line: 1, connectorLine: 1, Wrap: wrap.Defaults(),
		Connector: strings.ReplaceAll(strings.ToLower(connector), "_", "-"),
		Config:    &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1},
	}
	for _, set := range sets {
		name, value, ok := strings.Cut(set, "=")
		if !ok || name == "" {
			return nil, flow.Markf(flow.BadConfig, "--set %s: want NAME=VALUE", set)
		}
		section := part.Config
		words := strings.Split(name, ".")
		for _, word := range words[:len(words)-1] {
			section = subsection(section, word)
		}
		section.Content = append(section.Content, textNode(words[len(words)-1]), valueNode(value))
	}
	return part, nil
}

// subsection returns the section called name in n, made when it is not there.
func subsection(n *yaml.Node, name string) *yaml.Node {
	if _, found := entry(n, name); found != nil && found.Kind == yaml.MappingNode {
		return found
	}
	made := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1}
	n.Content = append(n.Content, textNode(name), made)
	return made
}

func valueNode(text string) *yaml.Node {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) != 1 {
		return textNode(text)
	}
	n := doc.Content[0]
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return textNode(text)
	}
	return n
}

func textNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Line: 1}
}
