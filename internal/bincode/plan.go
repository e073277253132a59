package bincode

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// plan is how values of one type are written and read.
type plan struct {
	append func(dst []byte, p pointer, depth int) []byte
	read   func(r *input, p pointer, depth int) error
	least  int // bytes of the shortest encoding
	schema string
}

// planner makes the plans of one type and of those it is made of.
type planner struct {
	open map[reflect.Type]*plan // being made; met again only through recursion
	path []reflect.Type
}

func (pl *planner) plan(t reflect.Type) (*plan, error) {
	if p, ok := pl.open[t]; ok {
		return recursive(p, t, pl.path), nil
	}
	p := &plan{}
	pl.open[t] = p
	pl.path = append(pl.path, t)
	made, err := pl.make(t)
	pl.path = pl.path[:len(pl.path)-1]
	delete(pl.open, t)
	if err != nil {
		return nil, err
	}
	*p = *made
	return p, nil
}

// recursive refers to a plan that is still being made. In the schema it is
// the number of levels up.
func recursive(p *plan, t reflect.Type, path []reflect.Type) *plan {
	up := 0
	for i := range path {
		if path[len(path)-1-i] == t {
			up = i
			break
		}
	}
	return &plan{
		append: func(dst []byte, at pointer, depth int) []byte { return p.append(dst, at, depth) },
		read:   func(r *input, at pointer, depth int) error { return p.read(r, at, depth) },
		schema: fmt.Sprintf("^%d", up),
	}
}

func (pl *planner) make(t reflect.Type) (*plan, error) {
	if t == reflect.TypeFor[time.Time]() {
		return timePlan(), nil
	}
	if p := marshalerPlan(t); p != nil {
		return p, nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return boolPlan(), nil
	case reflect.String:
		return stringPlan(), nil
	case reflect.Pointer:
		return pl.pointerPlan(t)
	case reflect.Struct:
		return pl.structPlan(t)
	case reflect.Slice:
		return pl.slicePlan(t)
	case reflect.Array:
		return pl.arrayPlan(t)
	case reflect.Map:
		return pl.mapPlan(t)
	default:
		if p := numberPlan(t.Kind()); p != nil {
			return p, nil
		}
		return nil, fmt.Errorf("%v has no encoding", t)
	}
}

func (pl *planner) structPlan(t reflect.Type) (*plan, error) {
	type part struct {
		*plan
		off uintptr
	}
	var parts []part
	var schema []string
	least := 0
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() && f.Name != "_" {
			return nil, fmt.Errorf("field %s of %v is not exported; export it, or give the type "+
				"MarshalBinary and UnmarshalBinary", f.Name, t)
		}
		if f.Name == "_" {
			continue
		}
		p, err := pl.plan(f.Type)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		parts = append(parts, part{p, f.Offset})
		schema = append(schema, f.Name+":"+p.schema)
		least += p.least
	}
	return &plan{
		append: func(dst []byte, at pointer, depth int) []byte {
			for i := range parts {
				dst = parts[i].append(dst, add(at, parts[i].off), depth)
			}
			return dst
		},
		read: func(r *input, at pointer, depth int) error {
			for i := range parts {
				if err := parts[i].read(r, add(at, parts[i].off), depth); err != nil {
					return err
				}
			}
			return nil
		},
		least:  least,
		schema: "{" + strings.Join(schema, " ") + "}",
	}, nil
}

func (pl *planner) pointerPlan(t reflect.Type) (*plan, error) {
	elem, err := pl.plan(t.Elem())
	if err != nil {
		return nil, err
	}
	return &plan{
		append: func(dst []byte, at pointer, depth int) []byte {
			p := *as[pointer](at)
			if p == nil {
				return append(dst, 0)
			}
			return elem.append(append(dst, 1), p, deeper(depth))
		},
		read: func(r *input, at pointer, depth int) error {
			present, err := readBool(r)
			if err != nil || !present {
				*as[pointer](at) = nil
				return err
			}
			if depth == maxDepth {
				return errDeep
			}
			v := reflect.New(t.Elem())
			*as[pointer](at) = v.UnsafePointer()
			return elem.read(r, v.UnsafePointer(), depth+1)
		},
		least:  1,
		schema: "*" + elem.schema,
	}, nil
}

var errDeep = fmt.Errorf("%w: values lie more than %d deep in each other", ErrInvalid, maxDepth)

// deeper counts a level; a value that goes too deep is taken for a cycle.
func deeper(depth int) int {
	if depth == maxDepth {
		panic(fmt.Sprintf("bincode: the value goes more than %d pointers, slices or maps deep; is it a cycle?", maxDepth))
	}
	return depth + 1
}

// marshalerPlan is for types that encode themselves; nil for others.
func marshalerPlan(t reflect.Type) *plan {
	pt := reflect.PointerTo(t)
	if t.Kind() == reflect.Pointer ||
		!pt.Implements(reflect.TypeFor[encoding.BinaryMarshaler]()) ||
		!pt.Implements(reflect.TypeFor[encoding.BinaryUnmarshaler]()) {
		return nil
	}
	return &plan{
		append: func(dst []byte, at pointer, _ int) []byte {
			m, _ := reflect.TypeAssert[encoding.BinaryMarshaler](valueAt(t, at).Addr())
			b, err := m.MarshalBinary()
			if err != nil {
				panic(fmt.Sprintf("bincode: encode %v: %v", t, err))
			}
			return append(appendLength(dst, len(b)), b...)
		},
		read: func(r *input, at pointer, _ int) error {
			n, err := r.length(1)
			if err != nil {
				return err
			}
			b, err := r.take(n)
			if err != nil {
				return err
			}
			v := valueAt(t, at)
			v.SetZero()
			m, _ := reflect.TypeAssert[encoding.BinaryUnmarshaler](v.Addr())
			if err := m.UnmarshalBinary(b); err != nil {
				return errors.Join(ErrInvalid, err)
			}
			return nil
		},
		least:  1,
		schema: "binary(" + t.String() + ")",
	}
}
