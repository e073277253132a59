package datagen

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/weirflow/weir/flow/spec"
)

// custom is one column of custom_fields, checked but not yet with a lane.
type custom struct {
	name string
	add  func(p *pattern) column
}

// customColumns reads custom_fields, in the order of the names.
func customColumns(fields map[string]any) ([]custom, error) {
	var all []custom
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		build, err := customColumn(name, fields[name])
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		all = append(all, custom{name, build})
	}
	return all, errors.Join(errs...)
}

func customColumn(name string, value any) (func(*pattern) column, error) {
	switch v := value.(type) {
	case string:
		if len(v) > maxText {
			return nil, fmt.Errorf("the text is longer than %d bytes", maxText)
		}
		return textOf(name, []string{v}), nil
	case int64:
		return constant(name, arrow.PrimitiveTypes.Int64,
			int64s(func(*block, int) int64 { return v })), nil
	case float64:
		return constant(name, arrow.PrimitiveTypes.Float64,
			float64s(func(*block, int) float64 { return v })), nil
	case bool:
		return constant(name, arrow.FixedWidthTypes.Boolean,
			bools(func(*block, int) bool { return v })), nil
	case map[string]any:
		return generated(name, v)
	default:
		return nil, errors.New("want a constant, or how to make one, as in {type: int64, min: 1, max: 6}")
	}
}

func constant(name string, t arrow.DataType, values build) func(*pattern) column {
	return func(*pattern) column { return column{name, t, true, values} }
}

// generated reads {type: ..., ...}.
func generated(name string, opts map[string]any) (func(*pattern) column, error) {
	opts = maps.Clone(opts)
	typ, _ := opts["type"].(string)
	nulls, err := number(opts, "nulls", 0.0)
	if err != nil {
		return nil, err
	}
	if nulls < 0 || nulls > 1 {
		return nil, errors.New("nulls: want a share from 0 to 1")
	}
	delete(opts, "type")
	delete(opts, "nulls")
	build, err := typed(name, typ, opts)
	if err != nil {
		return nil, err
	}
	for left := range opts {
		return nil, fmt.Errorf("%s means nothing for type %s", left, typ)
	}
	if nulls == 0 {
		return build, nil
	}
	return func(p *pattern) column {
		c, l := build(p), p.lane()
		c.build = nullable(c.build, func(b *block, i int) bool { return l.ratio(b.writes[i]) < nulls })
		return c
	}, nil
}

// typed takes from opts what the type understands.
func typed(name, typ string, opts map[string]any) (func(*pattern) column, error) {
	switch strings.ToLower(typ) {
	case "string":
		return textChoice(name, opts)
	case "int64":
		return int64Between(name, opts)
	case "float64":
		return float64Between(name, opts)
	case "bool":
		return func(p *pattern) column {
			l := p.lane()
			return column{name, arrow.FixedWidthTypes.Boolean, true, bools(func(b *block, i int) bool {
				return l.bits(b.writes[i])&1 == 1
			})}
		}, nil
	case "timestamp":
		return func(p *pattern) column {
			return column{name, timestamp, true, timestamps(p.timeOf(byWrite))}
		}, nil
	}
	known := []string{"string", "int64", "float64", "bool", "timestamp"}
	if near := spec.Nearest(typ, known); near != "" {
		return nil, fmt.Errorf("type: %q is not a type; did you mean %s?", typ, near)
	}
	return nil, fmt.Errorf("type: want one of %s", strings.Join(known, ", "))
}

func textChoice(name string, opts map[string]any) (func(*pattern) column, error) {
	choice, ok := opts["oneof"]
	delete(opts, "oneof")
	if !ok {
		return func(p *pattern) column {
			l := p.lane()
			return textColumn(name, 16, func(dst []byte, b *block, i int) []byte {
				return appendHex(dst, l.bits(b.writes[i]))
			})
		}, nil
	}
	list, _ := choice.([]any)
	var words []string
	for _, w := range list {
		s, ok := w.(string)
		if !ok || len(s) > maxText {
			return nil, fmt.Errorf("oneof: want texts of at most %d bytes", maxText)
		}
		words = append(words, s)
	}
	if words == nil {
		return nil, errors.New("oneof: want a list of texts")
	}
	return textOf(name, words), nil
}

func textOf(name string, list []string) func(*pattern) column {
	return func(p *pattern) column { return wordColumn(name, list, p.lane(), byWrite) }
}

func int64Between(name string, opts map[string]any) (func(*pattern) column, error) {
	lo, err := number(opts, "min", int64(0))
	if err != nil {
		return nil, err
	}
	hi, err := number(opts, "max", int64(999))
	if err != nil {
		return nil, err
	}
	delete(opts, "min")
	delete(opts, "max")
	if hi < lo {
		return nil, errors.New("max is below min")
	}
	width := uint64(hi) - uint64(lo) + 1 // 0: all of them
	return func(p *pattern) column {
		l := p.lane()
		return column{name, arrow.PrimitiveTypes.Int64, true, int64s(func(b *block, i int) int64 {
			if width == 0 {
				return int64(l.bits(b.writes[i]))
			}
			return lo + int64(l.below(b.writes[i], width))
		})}
	}, nil
}

func float64Between(name string, opts map[string]any) (func(*pattern) column, error) {
	lo, err := number(opts, "min", 0.0)
	if err != nil {
		return nil, err
	}
	hi, err := number(opts, "max", 1.0)
	if err != nil {
		return nil, err
	}
	delete(opts, "min")
	delete(opts, "max")
	if hi < lo {
		return nil, errors.New("max is below min")
	}
	return func(p *pattern) column {
		l := p.lane()
		return column{name, arrow.PrimitiveTypes.Float64, true, float64s(func(b *block, i int) float64 {
			r := l.ratio(b.writes[i])
			return float64(lo*(1-r)) + float64(hi*r) // not fused: the same on every machine
		})}
	}, nil
}

// number is the option called name, or what it is without.
func number[N int64 | float64](opts map[string]any, name string, without N) (N, error) {
	switch v := opts[name].(type) {
	case nil:
		return without, nil
	case N:
		return v, nil
	case int64: // where a float is wanted
		return N(v), nil
	default:
		return 0, fmt.Errorf("%s: want a number of the type, not %v", name, v)
	}
}
