package bincode

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
)

// bare tells whether the memory of a type of kind k is its encoding.
func bare(k reflect.Kind) bool { return k == reflect.Uint8 || k == reflect.Int8 }

func (pl *planner) slicePlan(t reflect.Type) (*plan, error) {
	elem, err := pl.plan(t.Elem())
	if err != nil {
		return nil, err
	}
	if elem.least == 0 && !pl.isOpen(t.Elem()) {
		return nil, fmt.Errorf("%v has no encoding: its elements are empty", t)
	}
	least, size := max(elem.least, 1), t.Elem().Size()
	isBytes := bare(t.Elem().Kind()) && marshalerPlan(t.Elem()) == nil
	return &plan{
		append: func(dst []byte, at pointer, depth int) []byte {
			s := as[slice](at)
			if s.data == nil {
				return append(dst, 0)
			}
			dst = appendLength(dst, s.len+1)
			if isBytes {
				return append(dst, bytesAt(s.data, s.len)...)
			}
			depth = deeper(depth)
			for i := range s.len {
				dst = elem.append(dst, add(s.data, uintptr(i)*size), depth)
			}
			return dst
		},
		read: func(r *input, at pointer, depth int) error {
			n, err := r.count(least)
			if err != nil || n < 0 {
				*as[slice](at) = slice{}
				return err
			}
			if depth == maxDepth {
				return errDeep
			}
			made := reflect.MakeSlice(t, n, n)
			valueAt(t, at).Set(made)
			base := made.UnsafePointer()
			if isBytes {
				b, err := r.take(n)
				copy(bytesAt(base, n), b)
				return err
			}
			for i := range n {
				if err := elem.read(r, add(base, uintptr(i)*size), depth+1); err != nil {
					return err
				}
			}
			return nil
		},
		least: 1, schema: "[]" + elem.schema,
	}, nil
}

// count reads the length of a slice or map; -1 stands for nil.
func (r *input) count(least int) (int, error) {
	n, err := r.uvarint()
	if err != nil {
		return 0, err
	}
	if n > 0 && n-1 > uint64(len(r.b)/least) {
		return 0, ErrShort
	}
	return int(n) - 1, nil
}

// isOpen tells whether the plan of t is still being made.
func (pl *planner) isOpen(t reflect.Type) bool { return pl.open[t] != nil }

func (pl *planner) arrayPlan(t reflect.Type) (*plan, error) {
	elem, err := pl.plan(t.Elem())
	if err != nil {
		return nil, err
	}
	n, size := t.Len(), t.Elem().Size()
	p := &plan{
		append: func(dst []byte, at pointer, depth int) []byte {
			for i := range n {
				dst = elem.append(dst, add(at, uintptr(i)*size), depth)
			}
			return dst
		},
		read: func(r *input, at pointer, depth int) error {
			for i := range n {
				if err := elem.read(r, add(at, uintptr(i)*size), depth); err != nil {
					return err
				}
			}
			return nil
		},
		least: n * elem.least, schema: "[" + strconv.Itoa(n) + "]" + elem.schema,
	}
	if bare(t.Elem().Kind()) && marshalerPlan(t.Elem()) == nil {
		p.append = func(dst []byte, at pointer, _ int) []byte { return append(dst, bytesAt(at, n)...) }
		p.read = func(r *input, at pointer, _ int) error {
			b, err := r.take(n)
			copy(bytesAt(at, n), b)
			return err
		}
	}
	return p, nil
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
		read: func(r *input, at pointer, depth int) error {
			n, err := r.count(key.least + val.least)
			m := valueAt(t, at)
			if err != nil || n < 0 {
				m.SetZero()
				return err
			}
			if depth == maxDepth {
				return errDeep
			}
			made := reflect.MakeMapWithSize(t, n)
			m.Set(made)
			return readMap(r, made, n, key, val, depth+1)
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

func readMap(r *input, m reflect.Value, n int, key, val *plan, depth int) error {
	k := reflect.New(m.Type().Key()).Elem()
	v := reflect.New(m.Type().Elem()).Elem()
	var last []byte
	for i := range n {
		k.SetZero()
		v.SetZero()
		before := r.b
		if err := key.read(r, place(k), depth); err != nil {
			return err
		}
		this := before[:len(before)-len(r.b)]
		if i > 0 && bytes.Compare(last, this) >= 0 {
			return fmt.Errorf("%w: keys of a map are not in order", ErrInvalid)
		}
		last = this
		if err := val.read(r, place(v), depth); err != nil {
			return err
		}
		m.SetMapIndex(k, v)
	}
	return nil
}
