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
	read   func(b []byte, p pointer, depth int) (rest []byte, err error)
	least  int // bytes of the shortest encoding
	raw    int // bytes of the value in memory, if that is its encoding; else 0
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
		read:   func(b []byte, at pointer, depth int) ([]byte, error) { return p.read(b, at, depth) },
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

// part is a field of a struct, or several that lie and are written side by
// side.
type part struct {
	*plan
	off uintptr
}

func (pl *planner) structPlan(t reflect.Type) (*plan, error) {
	var parts []part
	var schema []string
	least := 0
	for f := range t.Fields() {
		if f.Name == "_" {
			continue
		}
		if !f.IsExported() {
			return nil, fmt.Errorf("field %s of %v is not exported; export it, or give the type "+
				"MarshalBinary and UnmarshalBinary", f.Name, t)
		}
		p, err := pl.plan(f.Type)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		parts = appendPart(parts, part{p, f.Offset})
		schema = append(schema, f.Name+":"+p.schema)
		least += p.least
	}
	p := &plan{
		append: func(dst []byte, at pointer, depth int) []byte {
			for i := range parts {
				dst = parts[i].append(dst, add(at, parts[i].off), depth)
			}
			return dst
		},
		read: func(b []byte, at pointer, depth int) ([]byte, error) {
			var err error
			for i := range parts {
				if b, err = parts[i].read(b, add(at, parts[i].off), depth); err != nil {
					return nil, err
				}
			}
			return b, nil
		},
		least:  least,
		schema: "{" + strings.Join(schema, " ") + "}",
	}
	if len(parts) == 1 && parts[0].off == 0 && parts[0].raw == int(t.Size()) {
		p.raw = parts[0].raw
	}
	return p, nil
}

// appendPart adds a field, to the part before it if both are raw.
func appendPart(parts []part, p part) []part {
	if n := len(parts); n > 0 && p.raw > 0 {
		if last := &parts[n-1]; last.raw > 0 && last.off+uintptr(last.raw) == p.off {
			last.plan = rawPlan(last.raw+p.raw, "")
			return parts
		}
	}
	return append(parts, p)
}

// rawPlan copies n bytes.
func rawPlan(n int, schema string) *plan {
	return &plan{
		append: func(dst []byte, at pointer, _ int) []byte { return append(dst, bytesAt(at, n)...) },
		read: func(b []byte, at pointer, _ int) ([]byte, error) {
			if len(b) < n {
				return nil, ErrShort
			}
			copy(bytesAt(at, n), b)
			return b[n:], nil
		},
		least: n, raw: n, schema: schema,
	}
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
		read: func(b []byte, at pointer, depth int) ([]byte, error) {
			present, b, err := readBool(b)
			if err != nil || !present {
				*as[pointer](at) = nil
				return b, err
			}
			if depth == maxDepth {
				return nil, errDeep
			}
			v := reflect.New(t.Elem())
			*as[pointer](at) = v.UnsafePointer()
			return elem.read(b, v.UnsafePointer(), depth+1)
		},
		least:  1,
		schema: "*" + elem.schema,
	}, nil
}

var errDeep = fmt.Errorf("%w: values lie more than %d deep in each other", ErrInvalid, maxDepth)

// deeper counts a level; a value that goes too deep is taken for a cycle.
func deeper(depth int) int {
	if depth == maxDepth {
		panic(fmt.Sprintf("bincode: the value goes more than %d pointers, slices or maps deep; "+
			"is it a cycle?", maxDepth))
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
		read: func(b []byte, at pointer, _ int) ([]byte, error) {
			n, b, err := readLength(b)
			if err != nil {
				return nil, err
			}
			v := valueAt(t, at)
			v.SetZero()
			m, _ := reflect.TypeAssert[encoding.BinaryUnmarshaler](v.Addr())
			if err := m.UnmarshalBinary(b[:n:n]); err != nil {
				return nil, errors.Join(ErrInvalid, err)
			}
			return b[n:], nil
		},
		least:  1,
		schema: "binary(" + t.String() + ")",
	}
}
