package spec

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scalar decodes one value into v, which is of f's type.
func (f *Field) scalar(node *yaml.Node, at string, v reflect.Value) *LineError {
	if node.Kind != yaml.ScalarNode {
		return problemAt(node, at, "want %s", f.wanted())
	}
	if f.Required && node.Value == "" {
		return problemAt(node, at, "must not be empty")
	}
	text, err := f.oneOf(node.Value)
	if err == nil {
		err = f.set(v, text)
	}
	if err == nil {
		err = f.checkBounds(v)
	}
	switch {
	case err == nil:
		return nil
	case f.Secret: // the text of err may hold the secret
		return problemAt(node, at, "want %s (the value is secret and not shown)", f.wanted())
	default:
		return problemAt(node, at, "%w", err)
	}
}

// oneOf gives text the spelling that the tag has.
func (f *Field) oneOf(text string) (string, error) {
	if f.OneOf == nil {
		return text, nil
	}
	for _, word := range f.OneOf {
		if strings.EqualFold(word, text) {
			return word, nil
		}
	}
	hint := ""
	if near := Nearest(text, f.OneOf); near != "" {
		hint = "; did you mean " + near + "?"
	}
	return text, fmt.Errorf("%q is not one of %s%s", text, strings.Join(f.OneOf, ", "), hint)
}

func (f *Field) set(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch f.Type {
	case "string":
		v.SetString(text)
		return nil
	case "boolean":
		switch text {
		case "true", "True", "TRUE":
			v.SetBool(true)
		case "false", "False", "FALSE":
			v.SetBool(false)
		default:
			return fmt.Errorf("%q is not true or false", text)
		}
		return nil
	case "number":
		return setFloat(v, text)
	default:
		return setInt(v, text)
	}
}

func setInt(v reflect.Value, text string) error {
	digits, err := wholeNumber(text)
	if err != nil {
		return err
	}
	bits := v.Type().Bits()
	if v.CanUint() {
		n, err := strconv.ParseUint(digits, 0, bits)
		if err != nil {
			return fmt.Errorf("%s is not between 0 and %d", text, uint64(math.MaxUint64)>>(64-bits))
		}
		v.SetUint(n)
		return nil
	}
	n, err := strconv.ParseInt(digits, 0, bits)
	if err != nil {
		most := int64(math.MaxInt64) >> (64 - bits)
		return fmt.Errorf("%s is not between %d and %d", text, -most-1, most)
	}
	v.SetInt(n)
	return nil
}

// wholeNumber checks the form of a YAML integer and returns what strconv
// takes. Leading zeros are refused: some readers take them for octal.
func wholeNumber(text string) (string, error) {
	digits := strings.TrimPrefix(text, "+")
	bare := strings.TrimPrefix(text, "-")
	if len(digits) < len(text) {
		bare = digits
	}
	if _, ok := new(big.Int).SetString(bare, 0); !ok || bare[0] < '0' || bare[0] > '9' {
		return "", fmt.Errorf("%q is not a whole number", text)
	}
	if len(bare) > 1 && bare[0] == '0' && bare[1] >= '0' && bare[1] <= '9' {
		return "", fmt.Errorf("%q is not clear: write it without the leading 0, or 0o%s for octal",
			text, strings.TrimLeft(bare, "0"))
	}
	return digits, nil
}

func setFloat(v reflect.Value, text string) error {
	n, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), v.Type().Bits())
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return fmt.Errorf("%q is not a number in range", text)
	}
	v.SetFloat(n)
	return nil
}

func (f *Field) checkBounds(v reflect.Value) error {
	if f.Min == "" && f.Max == "" {
		return nil
	}
	n := new(big.Rat)
	switch {
	case v.CanInt():
		n.SetInt64(v.Int())
	case v.CanUint():
		n.SetUint64(v.Uint())
	case v.CanFloat():
		n.SetFloat64(v.Float())
	default:
		return errors.New("has no order")
	}
	if lo, err := f.amount(f.Min); f.Min != "" && err == nil && n.Cmp(lo) < 0 {
		return fmt.Errorf("%v is below %s", v.Interface(), f.Min)
	}
	if hi, err := f.amount(f.Max); f.Max != "" && err == nil && n.Cmp(hi) > 0 {
		return fmt.Errorf("%v is above %s", v.Interface(), f.Max)
	}
	return nil
}

// wanted names what f takes, for problems.
func (f *Field) wanted() string {
	switch {
	case f.Format == formatDuration:
		return "a duration, as in 10s"
	case f.Format == formatSize:
		return "a size, as in 64MiB"
	case f.OneOf != nil:
		return "one of " + strings.Join(f.OneOf, ", ")
	case f.Type == "integer":
		return "a whole number"
	case f.Type == "boolean":
		return "true or false"
	case f.Type == "number":
		return "a number"
	default:
		return "text"
	}
}

// loose decodes what may be anything: null, bool, int64, uint64, float64,
// string, []any or map[string]any.
func (d *decoder) loose(node *yaml.Node, at string) any {
	if d.full(node, at) {
		return nil
	}
	switch node.Kind {
	case yaml.AliasNode:
		var x any
		d.alias(node, at, func(target *yaml.Node) bool { x = d.loose(target, at); return true })
		return x
	case yaml.SequenceNode:
		list := make([]any, 0, len(node.Content))
		for i, item := range node.Content {
			list = append(list, d.loose(item, at+"["+strconv.Itoa(i)+"]"))
		}
		return list
	case yaml.MappingNode:
		pairs, _ := d.pairs(node, at, "")
		dict := make(map[string]any, len(pairs))
		for _, p := range pairs {
			dict[p.key.Value] = d.loose(p.value, join(at, p.key.Value))
		}
		return dict
	default:
		return d.looseScalar(node, at)
	}
}

func (d *decoder) looseScalar(node *yaml.Node, at string) any {
	var err error
	switch node.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if err = (&Field{Type: "boolean"}).set(reflect.ValueOf(&b).Elem(), node.Value); err == nil {
			return b
		}
	case "!!int":
		var n int64
		if err = setInt(reflect.ValueOf(&n).Elem(), node.Value); err == nil {
			return n
		}
		var u uint64
		if setInt(reflect.ValueOf(&u).Elem(), node.Value) == nil {
			return u
		}
	case "!!float":
		var n float64
		if err = setFloat(reflect.ValueOf(&n).Elem(), node.Value); err == nil {
			return n
		}
	}
	if err != nil {
		d.problem(node, at, "%w", err)
	}
	return node.Value
}
