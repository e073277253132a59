package spec

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

var (
	marshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	unmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// isText reports whether values of t are written as text, like a Duration.
func isText(t reflect.Type) bool {
	return t.Implements(marshalerType) && reflect.PointerTo(t).Implements(unmarshalerType)
}

func formatOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Duration]():
		return formatDuration
	case reflect.TypeFor[Size]():
		return formatSize
	case reflect.TypeFor[time.Time]():
		return "date-time"
	default:
		return "text"
	}
}

// plain turns a config value into nil, bools, numbers, strings, []any and
// dict. Pointers that are nil and times that are zero are nil.
func plain(v reflect.Value) any {
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case isText(t):
		return plainText(v)
	}
	switch t.Kind() {
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(v.Index(i))
		}
		return list
	case reflect.Map:
		return plainMap(v)
	case reflect.Struct:
		all := dict{}
		for _, sf := range settings(t) {
			all = append(all, entry{jsonName(sf), plain(v.FieldByIndex(sf.Index))})
		}
		return all
	case reflect.String:
		return v.String()
	default:
		return v.Interface()
	}
}

func plainText(v reflect.Value) any {
	if t, ok := v.Interface().(time.Time); ok && t.IsZero() {
		return nil
	}
	m, ok := v.Interface().(encoding.TextMarshaler)
	if !ok {
		return nil
	}
	text, err := m.MarshalText()
	if err != nil {
		return fmt.Sprintf("(%v)", err)
	}
	return string(text)
}

func plainMap(v reflect.Value) dict {
	all := dict{}
	for it := v.MapRange(); it.Next(); {
		all = append(all, entry{it.Key().String(), plain(it.Value())})
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return all
}

// dict is an object whose names have an order.
type dict []entry

type entry struct {
	name  string
	value any
}
