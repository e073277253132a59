package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/apache/iceberg-go"
)

// Merger brings the schemas that files were written with into the schema that
// their table has now. The files may have been written for an older schema of
// the table, with columns that it did not have yet; since then others may
// have changed it.
type Merger struct {
	schema  *iceberg.Schema
	last    int
	known   map[int]string // the names that ids had in schemas of the table
	changed bool
}

// NewMerger begins with the table's schema; last is the highest field id that
// the table ever had, and history its schemas.
func NewMerger(now *iceberg.Schema, last int, history []*iceberg.Schema) *Merger {
	m := &Merger{schema: now, last: last, known: map[int]string{}}
	for _, s := range history {
		maps.Copy(m.known, fieldNames(s.Fields(), ""))
	}
	return m
}

// fieldNames maps the ids of all fields to their paths.
func fieldNames(fields []iceberg.NestedField, path string) map[int]string {
	all := map[int]string{}
	for _, f := range fields {
		at := join(path, f.Name)
		all[f.ID] = at
		maps.Copy(all, fieldNames(children(f.Type), at))
	}
	return all
}

func children(t iceberg.Type) []iceberg.NestedField {
	if n, ok := t.(iceberg.NestedType); ok {
		return n.Fields()
	}
	return nil
}

// Changed reports whether the table needs another schema.
func (m *Merger) Changed() bool { return m.changed }

// Schema is the schema that holds everything added.
func (m *Merger) Schema() *iceberg.Schema { return m.schema }

// Add adds the schema, in JSON, of files whose fields with ids above base were
// new when they were written. If ids of the files mean something else in the
// table now, it returns the ids that the fields have to get.
func (m *Merger) Add(text []byte, base int) (renumber map[int]int, err error) {
	s := &iceberg.Schema{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	a := &adder{Merger: m, base: base, ids: map[int]int{}}
	fields, err := a.fields(m.schema.Fields(), s.Fields(), "")
	if err != nil {
		return nil, err
	}
	if a.grew {
		m.changed = true
		m.schema = iceberg.NewSchemaWithIdentifiers(m.schema.ID+1, m.schema.IdentifierFieldIDs, fields...)
		for id := range fieldNames(fields, "") {
			m.last = max(m.last, id)
		}
	}
	return a.ids, nil
}

// adder adds one schema.
type adder struct {
	*Merger
	base int
	ids  map[int]int // old to new
	grew bool
}

func (a *adder) fields(have, from []iceberg.NestedField, path string) ([]iceberg.NestedField, error) {
	out := append([]iceberg.NestedField(nil), have...)
	for _, f := range from {
		at := join(path, f.Name)
		i := a.match(out, f)
		if i < 0 {
			if f.ID <= a.base {
				continue // dropped from the table since; the values are in the files only
			}
			out = append(out, a.fresh(f))
			a.grew = true
			continue
		}
		if out[i].ID != f.ID {
			a.ids[f.ID] = out[i].ID
		}
		if out[i].Required && !f.Required {
			out[i].Required, a.grew = false, true
		}
		t, err := a.typ(out[i].Type, f.Type, at)
		if err != nil {
			return nil, err
		}
		out[i].Type = t
	}
	return out, nil
}

// match finds the table's field for f: by its id if the table gave it, and by
// its name if it was new.
func (a *adder) match(fields []iceberg.NestedField, f iceberg.NestedField) int {
	for i, h := range fields {
		if f.ID <= a.base && h.ID == f.ID || f.ID > a.base && strings.EqualFold(h.Name, f.Name) {
			return i
		}
	}
	return -1
}

// fresh is f with ids that are free in the table.
func (a *adder) fresh(f iceberg.NestedField) iceberg.NestedField {
	id := f.ID
	if _, taken := a.known[id]; taken || id <= a.last {
		a.last++
		id = a.last
		a.ids[f.ID] = id
	}
	a.last = max(a.last, id)
	a.known[id] = f.Name
	f.ID = id
	f.Type = a.freshType(f.Type)
	return f
}

func (a *adder) freshType(t iceberg.Type) iceberg.Type {
	switch t := t.(type) {
	case *iceberg.StructType:
		fields := make([]iceberg.NestedField, len(t.FieldList))
		for i, f := range t.FieldList {
			fields[i] = a.fresh(f)
		}
		return &iceberg.StructType{FieldList: fields}
	case *iceberg.ListType:
		e := a.fresh(t.ElementField())
		return &iceberg.ListType{ElementID: e.ID, Element: e.Type, ElementRequired: t.ElementRequired}
	case *iceberg.MapType:
		k, v := a.fresh(t.KeyField()), a.fresh(t.ValueField())
		return &iceberg.MapType{
			KeyID: k.ID, KeyType: k.Type, ValueID: v.ID, ValueType: v.Type, ValueRequired: t.ValueRequired,
		}
	}
	return t
}

// typ is the type that holds the values of both.
func (a *adder) typ(have, from iceberg.Type, path string) (iceberg.Type, error) {
	switch h := have.(type) {
	case *iceberg.StructType:
		if f, ok := from.(*iceberg.StructType); ok {
			fields, err := a.fields(h.FieldList, f.FieldList, path)
			return &iceberg.StructType{FieldList: fields}, err
		}
	case *iceberg.ListType:
		if f, ok := from.(*iceberg.ListType); ok {
			c := *h
			a.same(f.ElementID, h.ElementID)
			var err error
			c.Element, err = a.typ(h.Element, f.Element, path+".element")
			return &c, err
		}
	case *iceberg.MapType:
		if f, ok := from.(*iceberg.MapType); ok {
			c := *h
			a.same(f.KeyID, h.KeyID)
			a.same(f.ValueID, h.ValueID)
			var err error
			if c.KeyType, err = a.typ(h.KeyType, f.KeyType, path+".key"); err != nil {
				return nil, err
			}
			c.ValueType, err = a.typ(h.ValueType, f.ValueType, path+".value")
			return &c, err
		}
	default:
		switch {
		case have.Equals(from) || Holds(have, from):
			return have, nil
		case Holds(from, have):
			a.grew = true
			return from, nil
		}
	}
	return nil, fmt.Errorf("column %s is %s in the table now, and the files hold %s", path, have, from)
}

func (a *adder) same(file, table int) {
	if file != table {
		a.ids[file] = table
	}
}

// Renumber returns the fields with other ids.
func Renumber(fields []iceberg.NestedField, ids map[int]int) []iceberg.NestedField {
	out := make([]iceberg.NestedField, len(fields))
	for i, f := range fields {
		f.ID = pick(ids, f.ID)
		f.Type = renumberType(f.Type, ids)
		out[i] = f
	}
	return out
}

func renumberType(t iceberg.Type, ids map[int]int) iceberg.Type {
	switch t := t.(type) {
	case *iceberg.StructType:
		return &iceberg.StructType{FieldList: Renumber(t.FieldList, ids)}
	case *iceberg.ListType:
		return &iceberg.ListType{
			ElementID: pick(ids, t.ElementID), Element: renumberType(t.Element, ids), ElementRequired: t.ElementRequired,
		}
	case *iceberg.MapType:
		return &iceberg.MapType{
			KeyID: pick(ids, t.KeyID), KeyType: renumberType(t.KeyType, ids),
			ValueID: pick(ids, t.ValueID), ValueType: renumberType(t.ValueType, ids), ValueRequired: t.ValueRequired,
		}
	}
	return t
}

func pick(ids map[int]int, id int) int {
	if to, ok := ids[id]; ok {
		return to
	}
	return id
}
