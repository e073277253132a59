package engine

import "reflect"

// counted is a value whose memory is counted by references, like an Arrow
// batch.
type counted interface {
	Retain()
	Release()
}

// maybe is a counted value only when it says so: it holds one of any type.
type maybe interface{ Counted() bool }

// sized is a value that knows its bytes.
type sized interface{ Bytes() int64 }

// Refs returns how to retain and release a T, or nils when there is nothing
// to count. It is asked once, when a graph is compiled.
func Refs[T any]() (retain, release func(T)) {
	if !reflect.TypeFor[T]().Implements(reflect.TypeFor[counted]()) {
		return nil, nil
	}
	if reflect.TypeFor[T]().Kind() == reflect.Struct {
		if m, ok := any(*new(T)).(maybe); ok && !m.Counted() {
			return nil, nil
		}
	}
	return func(v T) { any(v).(counted).Retain() }, func(v T) { any(v).(counted).Release() }
}

// Rows returns how many rows a T counts for, or nil when it is always one.
func Rows[T any]() func(T) int64 {
	type table interface{ NumRows() int64 }
	if !reflect.TypeFor[T]().Implements(reflect.TypeFor[table]()) {
		return nil
	}
	return func(v T) int64 {
		if reflect.ValueOf(v).IsZero() {
			return 0
		}
		return any(v).(table).NumRows()
	}
}

// Sizer measures the bytes that values of T hold.
type Sizer[T any] struct {
	Fixed int64         // of every T
	Extra func(T) int64 // beyond Fixed; nil when there is nothing
}

// Of returns the bytes of v.
func (s Sizer[T]) Of(v T) int64 {
	if s.Extra == nil {
		return s.Fixed
	}
	return s.Fixed + s.Extra(v)
}

// SizerOf makes the sizer of T: by its Bytes method, or by the strings and
// byte slices that it holds at the top level of a struct. What hangs on
// deeper pointers is not seen; a type that holds much there should have a
// Bytes method.
func SizerOf[T any]() Sizer[T] {
	t := reflect.TypeFor[T]()
	s := Sizer[T]{Fixed: max(1, int64(t.Size()))}
	switch {
	case t.Implements(reflect.TypeFor[sized]()):
		s.Extra = func(v T) int64 { return any(v).(sized).Bytes() }
	case t.Kind() == reflect.String, isBytes(t):
		s.Extra = textBytes[T]([]uintptr{0})
	case t.Kind() == reflect.Struct:
		if offsets := textFields(t); len(offsets) > 0 {
			s.Extra = textBytes[T](offsets)
		}
	}
	return s
}

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

func textFields(t reflect.Type) []uintptr {
	var offsets []uintptr
	for f := range t.Fields() {
		if f.Type.Kind() == reflect.String || isBytes(f.Type) {
			offsets = append(offsets, f.Offset)
		}
	}
	return offsets
}

// Pointers reports whether values of T may point to other memory.
func Pointers[T any]() bool { return pointers(reflect.TypeFor[T]()) }

func pointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			if pointers(f.Type) {
				return true
			}
		}
		return false
	case reflect.Array:
		return pointers(t.Elem())
	default:
		return t.Kind() == reflect.String || t.Kind() > reflect.Complex128
	}
}
