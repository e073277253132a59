package spec

import "go.yaml.in/yaml/v3"

// pair is one name and value of a mapping.
type pair struct{ key, value *yaml.Node }

// pairs lists what a mapping holds: no name twice, and what "<<" merges in
// behind what is written out.
func (d *decoder) pairs(node *yaml.Node, at, want string) ([]pair, bool) {
	if node.Kind != yaml.MappingNode {
		d.problem(node, at, "want %s", want)
		return nil, false
	}
	var all, merged []pair
	first := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch {
		case key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge":
			merged = append(merged, d.merge(value, at)...)
		case key.Kind != yaml.ScalarNode:
			d.problem(key, at, "want a name before the colon")
		case first[key.Value] != nil:
			d.problem(key, join(at, key.Value), "is set twice; first on line %d", first[key.Value].Line)
		default:
			first[key.Value] = key
			all = append(all, pair{key, value})
		}
	}
	for _, p := range merged {
		if first[p.key.Value] == nil {
			first[p.key.Value] = p.key
			all = append(all, p)
		}
	}
	return all, true
}

// merge lists what the value of "<<" brings: a mapping, or a list of them of
// which the first has the say.
func (d *decoder) merge(node *yaml.Node, at string) []pair {
	if d.full(node, at) {
		return nil
	}
	var all []pair
	switch node.Kind {
	case yaml.AliasNode:
		d.alias(node, at, func(target *yaml.Node) bool { all = d.merge(target, at); return true })
	case yaml.SequenceNode:
		for _, item := range node.Content {
			all = append(all, d.merge(item, at)...)
		}
	default:
		all, _ = d.pairs(node, at, "settings to merge, as in <<: *name")
	}
	return all
}
