package bincode

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
)

func (pl *planner) slicePlan(t reflect.Type) (*plan, error) {
	elem, err := pl.plan(t.Elem())
	if err != nil {
		return nil, err
	}
	if elem.least == 0 && !pl.isOpen(t.Elem()) {
		return nil, fmt.Errorf("%v has no encoding: its elements are empty", t)
	}
	least, size := max(elem.least, 1), t.Elem().Size()
	isRaw := elem.raw == int(size)
	return &plan{
		append: func(dst []byte, at pointer, depth int) []byte {
			s := as[slice](at)
			if s.data == nil {
				return append(dst, 0)
			}
			dst = appendLength(dst, s.len+1)
			if isRaw {
				return append(dst, bytesAt(s.data, s.len*elem.raw)...)
			}
			depth = deeper(depth)
			for i := range s.len {
				dst = elem.append(dst, add(s.data, uintptr(i)*size), depth)
			}
			return dst
		},
		read: func(b []byte, at pointer, depth int) ([]byte, error) {
			n, b, err := readCount(b, least)
			if err != nil || n < 0 {
				*as[slice](at) = slice{}
				return b, err
			}
			if depth == maxDepth {
				return nil, errDeep
			}
			made := reflect.MakeSlice(t, n, n)
			valueAt(t, at).Set(made)
			base := made.UnsafePointer()
			if isRaw {
				return b[copy(bytesAt(base, n*elem.raw), b):], nil
			}
			for i := range n {
				if b, err = elem.read(b, add(base, uintptr(i)*size), depth+1); err != nil {
					return nil, err
				}
			}
			return b, nil
		},
		least: 1, schema: "[]" + elem.schema,
	}, nil
}

// isOpen tells whether the plan of t is still being made.
func (pl *planner) isOpen(t reflect.Type) bool { return pl.open[t] != nil }

func (pl *planner) arrayPlan(t reflect.Type) (*plan, error) {
	elem, err := pl.plan(t.Elem())
	if err != nil {
		return nil, err
	}
	n, size := t.Len(), t.Elem().Size()
	schema := "[" + strconv.Itoa(n) + "]" + elem.schema
	if elem.raw == int(size) && size > 0 {
		return rawPlan(n*elem.raw, schema), nil
	}
	return &plan{
		append: func(dst []byte, at pointer, depth int) []byte {
			for i := range n {
				dst = elem.append(dst, add(at, uintptr(i)*size), depth)
			}
			return dst
		},
		read: func(b []byte, at pointer, depth int) ([]byte, error) {
			var err error
			for i := range n {
				if b, err = elem.read(b, add(at, uintptr(i)*size), depth); err != nil {
					return nil, err
				}
			}
			return b, nil
		},
		least: n * elem.least, schema: schema,
	}, nil
}

// mapPlan writes the entries in the order of their encoded keys and reads no
// other order, so that equal maps have equal encodings.
func (pl *planner) mapPlan(t reflect.Type) (*plan, error) {
	key, err := pl.plan(t.Key())
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	val, err := pl.plan(t.Elem())
	if err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	if key.least == 0 {
		return nil, fmt.Errorf("%v has no encoding: its keys are empty", t)
	}
	if t.Key().Kind() == reflect.Pointer {
		return nil, fmt.Errorf("%v has no encoding: its keys are pointers", t)
	}
	return &plan{
		append: func(dst []byte, at pointer, depth int) []byte {
			m := valueAt(t, at)
			if m.IsNil() {
				return append(dst, 0)
			}
			return appendMap(appendLength(dst, m.Len()+1), m, key, val, deeper(depth))
		},
		read: func(b []byte, at pointer, depth int) ([]byte, error) {
			n, b, err := readCount(b, key.least+val.least)
			m := valueAt(t, at)
			if err != nil || n < 0 {
				m.SetZero()
				return b, err
			}
			if depth == maxDepth {
				return nil, errDeep
			}
			made := reflect.MakeMapWithSize(t, n)
			m.Set(made)
			return readMap(b, made, n, key, val, depth+1)
		},
		least: 1, schema: "map[" + key.schema + "]" + val.schema,
	}, nil
}

func appendMap(dst []byte, m reflect.Value, key, val *plan, depth int) []byte {
	type entry struct {
		key []byte
		val int // index in vals
	}
	n := m.Len()
	entries := make([]entry, 0, n)
	vals := reflect.MakeSlice(reflect.SliceOf(m.Type().Elem()), n, n)
	k := reflect.New(m.Type().Key()).Elem()
	keys := make([]byte, 0, n*(key.least+8))
	for it := m.MapRange(); it.Next(); {
		k.SetIterKey(it)
		i := len(entries)
		vals.Index(i).SetIterValue(it)
		from := len(keys)
		keys = key.append(keys, place(k), depth)
		entries = append(entries, entry{keys[from:len(keys):len(keys)], i})
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	for _, e := range entries {
		dst = append(dst, e.key...)
		dst = val.append(dst, place(vals.Index(e.val)), depth)
	}
	return dst
}

func readMap(b []byte, m reflect.Value, n int, key, val *plan, depth int) ([]byte, error) {
	k := reflect.New(m.Type().Key()).Elem()
	v := reflect.New(m.Type().Elem()).Elem()
	var last []byte
	for i := range n {
		k.SetZero()
		v.SetZero()
		rest, err := key.read(b, place(k), depth)
		if err != nil {
			return nil, err
		}
		this := b[:len(b)-len(rest)]
		if i > 0 && bytes.Compare(last, this) >= 0 {
			return nil, fmt.Errorf("%w: keys of a map are not in order", ErrInvalid)
		}
		last = this
		if b, err = val.read(rest, place(v), depth); err != nil {
			return nil, err
		}
		m.SetMapIndex(k, v)
	}
	return b, nil
}
