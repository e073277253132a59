package spec

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// hidden stands where a secret was.
const hidden = "[redacted]"

// Redact returns settings as YAML without their secrets. v is a *yaml.Node of
// a file, or a value of the struct that f describes. Hidden are the values
// marked secret, the values of settings that f does not know (they may be a
// secret under a misspelt name), and passwords inside URLs and connection
// strings.
func (f Field) Redact(v any) string {
	node, ok := v.(*yaml.Node)
	if !ok {
		rv := reflect.ValueOf(v)
		if !rv.IsValid() {
			return ""
		}
		node = toNode(plain(rv))
	}
	if node == nil || node.Kind == 0 {
		return ""
	}
	r := redactor{}
	text, err := yaml.Marshal(r.node(&f, node))
	if err != nil { // a node that YAML can not write: show nothing of it
		return fmt.Sprintf("(settings not shown: %T)", err)
	}
	return string(text)
}

type redactor struct {
	nodes int
	depth int
}

// node copies n without its secrets. A nil f knows nothing about n.
func (r *redactor) node(f *Field, n *yaml.Node) *yaml.Node {
	r.nodes++
	r.depth++
	defer func() { r.depth-- }()
	if r.nodes > maxNodes || r.depth > 1000 {
		return textNode(hidden)
	}
	if n.Kind == yaml.AliasNode {
		if n.Alias == nil {
			return textNode(hidden)
		}
		return r.node(f, n.Alias)
	}
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		return r.node(f, n.Content[0])
	}
	if f != nil && f.Secret && f.Elem == nil && !nothing(n) {
		return textNode(hidden)
	}
	c := yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style}
	switch n.Kind { //nolint:exhaustive // documents and aliases are dealt with above
	case yaml.ScalarNode:
		if f == nil {
			return textNode(hidden)
		}
		if clean := RedactText(n.Value); clean != n.Value {
			return textNode(clean)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			c.Content = append(c.Content, r.node(f.elem(), item))
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode {
				continue
			}
			sub := f.named(key.Value)
			if key.ShortTag() == "!!merge" {
				sub = f
			}
			name := yaml.Node{Kind: yaml.ScalarNode, Tag: key.Tag, Value: key.Value, Style: key.Style}
			c.Content = append(c.Content, &name, r.node(sub, n.Content[i+1]))
		}
	}
	return &c
}

// nothing reports whether n is what a secret is that nobody has set.
func nothing(n *yaml.Node) bool {
	unset := []string{"", "0", "false", "0s"}
	return isNull(n) || n.Kind == yaml.ScalarNode && slices.Contains(unset, n.Value)
}

func (f *Field) elem() *Field {
	if f == nil || f.Type == "" || f.isSection() { // a section: the list behind "<<"
		return f
	}
	return f.Elem
}

func (f *Field) named(name string) *Field {
	if f == nil || f.Type == "" || f.Elem != nil {
		return f.elem()
	}
	if i := f.find(name); i >= 0 {
		return &f.Fields[i]
	}
	return nil
}

func textNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

var (
	urlPassword  = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://[^/?#\s]*?:)[^/?#\s]*@`)
	namedSecrets = regexp.MustCompile(`(?i)((?:^|[?&;,\s])[\w.-]*` +
		`(?:password|passwd|pwd|secret|token|credential|signature|api_?key|access_?key)` +
		`[\w.-]*\s*=\s*)('[^']*'|"[^"]*"|[^&;,\s]+)`)
)

// RedactText returns text without the passwords of URLs
// (postgres://me:pw@host), of their queries (?token=x) and of connection
// strings (host=db password=x).
func RedactText(text string) string {
	text = urlPassword.ReplaceAllString(text, "${1}"+hidden+"@")
	return namedSecrets.ReplaceAllString(text, "${1}"+hidden)
}

// toNode turns a plain value into YAML.
func toNode(x any) *yaml.Node {
	switch x := x.(type) {
	case dict:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, e := range x {
			if e.value != nil {
				n.Content = append(n.Content, textNode(e.name), toNode(e.value))
			}
		}
		return n
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, v := range x {
			n.Content = append(n.Content, toNode(v))
		}
		return n
	case string:
		return textNode(x)
	case nil:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(x)}
	case float32, float64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: fmt.Sprint(x)}
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: fmt.Sprint(x)}
	}
}
