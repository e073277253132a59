package arrowrow

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// record is the plan of a struct type.
type record struct {
	fields []field
	gaps   bool // some fields have no column
}

type field struct {
	name   string
	offset uintptr
	node   *node

	depth  int // of embedding
	tagged bool
}

// boundField is a field with the column it is read from.
type boundField struct {
	field
	index int
	read  reader
}

// planRecord finds the columns of struct type t. outer are the structs
// around it, to notice recursion.
func planRecord(t reflect.Type, outer []reflect.Type) (*record, error) {
	if slices.Contains(outer, t) {
		return nil, fmt.Errorf("%v contains itself; a column has a fixed depth", t)
	}
	r := &record{}
	if err := r.collect(t, 0, 0, append(slices.Clip(outer), t)); err != nil {
		return nil, err
	}
	r.resolve()
	if len(r.fields) == 0 {
		return nil, fmt.Errorf("%v has no exported fields", t)
	}
	return r, nil
}

func (r *record) collect(t reflect.Type, base uintptr, depth int, outer []reflect.Type) error {
	for sf := range t.Fields() {
		tag, tagged := sf.Tag.Lookup("arrow")
		if tag == "-" || !sf.IsExported() && !sf.Anonymous {
			r.gaps = true
			continue
		}
		if sf.Anonymous && !tagged {
			done, err := r.embed(sf, base, depth, outer)
			if err != nil {
				return err
			}
			if done {
				continue
			}
		}
		if !sf.IsExported() {
			r.gaps = true
			continue
		}
		name, opts, err := parseTag(tag)
		if err != nil {
			return fmt.Errorf("field %s: %w", sf.Name, err)
		}
		n, err := plan(sf.Type, opts, outer)
		if err != nil {
			return fmt.Errorf("field %s: %w", sf.Name, err)
		}
		f := field{name: name, offset: base + sf.Offset, node: n, depth: depth, tagged: name != ""}
		if name == "" {
			f.name = sf.Name
		}
		r.fields = append(r.fields, f)
	}
	return nil
}

// embed takes the fields of an embedded struct as its owner's own.
func (r *record) embed(
	sf reflect.StructField, base uintptr, depth int, outer []reflect.Type,
) (bool, error) {
	if sf.Type.Kind() == reflect.Pointer && sf.Type.Elem().Kind() == reflect.Struct {
		return false, fmt.Errorf("field %s: an embedded pointer can not be laid out as columns; "+
			"embed the struct itself or name the field", sf.Name)
	}
	if sf.Type.Kind() != reflect.Struct || leafStruct(sf.Type) {
		return false, nil
	}
	if err := r.collect(sf.Type, base+sf.Offset, depth+1, outer); err != nil {
		return false, fmt.Errorf("field %s: %w", sf.Name, err)
	}
	return true, nil
}

// resolve settles fields of the same name as encoding/json does: the least
// deep wins, then the only tagged one; otherwise none.
func (r *record) resolve() {
	byName := map[string][]int{}
	for i, f := range r.fields {
		byName[f.name] = append(byName[f.name], i)
	}
	keep := r.fields[:0:0]
	for i, f := range r.fields {
		if winner(r.fields, byName[f.name]) == i {
			keep = append(keep, f)
		} else {
			r.gaps = true
		}
	}
	r.fields = keep
}

func winner(fields []field, same []int) int {
	least := slices.MinFunc(same, func(a, b int) int { return fields[a].depth - fields[b].depth })
	var top, tagged []int
	for _, i := range same {
		if fields[i].depth != fields[least].depth {
			continue
		}
		top = append(top, i)
		if fields[i].tagged {
			tagged = append(tagged, i)
		}
	}
	switch {
	case len(top) == 1:
		return top[0]
	case len(tagged) == 1:
		return tagged[0]
	}
	return -1
}

func (r *record) arrowFields() []arrow.Field {
	fs := make([]arrow.Field, len(r.fields))
	for i, f := range r.fields {
		fs[i] = arrow.Field{Name: f.name, Type: f.node.dt, Nullable: f.node.optional}
	}
	return fs
}

// bind finds the column of each field among columns.
func (r *record) bind(columns []arrow.Field) ([]boundField, error) {
	bound := make([]boundField, 0, len(r.fields))
	var missing []string
	var errs []error
	for _, f := range r.fields {
		index := slices.IndexFunc(columns, func(c arrow.Field) bool { return c.Name == f.name })
		if index < 0 {
			missing = append(missing, fmt.Sprintf("%q (%v)", f.name, f.node.dt))
			continue
		}
		c := columns[index]
		if slices.ContainsFunc(columns[index+1:], func(c arrow.Field) bool { return c.Name == f.name }) {
			errs = append(errs, fmt.Errorf("column %q: there are two of that name", f.name))
			continue
		}
		read, err := f.node.reader(c.Type)
		if err != nil {
			errs = append(errs, fmt.Errorf("column %q: %w", f.name, err))
			continue
		}
		bound = append(bound, boundField{field: f, index: index, read: named(f.name, read)})
	}
	if len(missing) > 0 {
		names := make([]string, len(columns))
		for i, c := range columns {
			names[i] = fmt.Sprintf("%q", c.Name)
		}
		errs = append(errs, fmt.Errorf("missing columns: %s; there are %s",
			strings.Join(missing, ", "), strings.Join(names, ", ")))
	}
	return bound, errors.Join(errs...)
}

// planStruct makes a nested struct one struct column.
func planStruct(t reflect.Type, outer []reflect.Type) (*node, error) {
	r, err := planRecord(t, outer)
	if err != nil {
		return nil, err
	}
	n := &node{dt: arrow.StructOf(r.arrowFields()...)}
	n.encode = func(mem memory.Allocator, v rows) (*array.Data, error) {
		children := make([]arrow.ArrayData, 0, len(r.fields))
		defer func() { releaseAll(children) }()
		for _, f := range r.fields {
			d, err := f.node.encode(mem, v.field(f.offset))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
			children = append(children, d)
		}
		return array.NewData(n.dt, v.n, noBuffer(), children, 0, 0), nil
	}
	n.bind = func(dt arrow.DataType) (reader, error) {
		st, ok := dt.(*arrow.StructType)
		if !ok {
			return nil, errType
		}
		bound, err := r.bind(st.Fields())
		if err != nil {
			return nil, err
		}
		return func(d arrow.ArrayData, v rows, live []bool) error {
			live = both(live, d)
			for _, f := range bound {
				child := array.NewSliceData(d.Children()[f.index], int64(d.Offset()), int64(d.Offset()+d.Len()))
				err := f.read(child, v.field(f.offset), live)
				child.Release()
				if err != nil {
					return err
				}
			}
			return nil
		}, nil
	}
	return n, nil
}

func releaseAll(ds []arrow.ArrayData) {
	for _, d := range ds {
		d.Release()
	}
}
