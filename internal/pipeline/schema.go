package pipeline

import (
	"fmt"

	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/io/connector"
)

// Schema returns the JSON Schema of a pipeline file whose connectors are
// those of reg.
func Schema(reg *connector.Registry) (map[string]any, error) {
	form, err := spec.Of(emptyLayout(), layoutDocs)
	if err != nil {
		return nil, fmt.Errorf("describe pipeline file: %w", err)
	}
	schema := form.Schema()
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "weir pipeline file"
	schema["patternProperties"] = map[string]any{"^x-": true}
	for _, kind := range []connector.Role{connector.SourceRole, connector.SinkRole} {
		part, ok := dig(schema, "properties", string(kind)+"s", "additionalProperties")
		if !ok {
			return nil, fmt.Errorf("describe pipeline file: no %ss in its schema", kind)
		}
		rules, _ := part["allOf"].([]any)
		var names []string
		for _, typ := range reg.Types() {
			if typ.Role != kind {
				continue
			}
			names = append(names, typ.Name)
			is := map[string]any{"properties": map[string]any{"connector": map[string]any{"const": typ.Name}}, "required": []string{"connector"}}
			then := map[string]any{"properties": map[string]any{"config": typ.Spec.Schema()}}
			rules = append(rules, map[string]any{"if": is, "then": then})
		}
		part["allOf"] = rules
		if word, ok := dig(part, "properties", "connector"); ok {
			word["examples"] = names
		}
	}
	return schema, nil
}

func dig(m map[string]any, keys ...string) (map[string]any, bool) {
	for _, key := range keys {
		next, ok := m[key].(map[string]any)
		if !ok {
			return nil, false
		}
		m = next
	}
	return m, true
}
