package parquet

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/weirflow/weir/flow"
)

// physical is how Parquet stores a value.
type physical int32

const (
	physBool   physical = 0
	physInt32  physical = 1
	physInt64  physical = 2
	physFloat  physical = 4
	physDouble physical = 5
	physBytes  physical = 6
	physFixed  physical = 7
)

// repetition of a schema element.
const (
	required = 0
	optional = 1
	repeated = 2
)

// element is one line of a file's schema.
type element struct {
	name       string
	repetition int32
	fieldID    int32 // -1: none
	children   int   // direct ones; 0: a leaf
	group      groupKind
	leaf       leafType // of a leaf
}

// groupKind is the annotation of an element with children.
type groupKind uint8

const (
	groupPlain groupKind = iota
	groupList
	groupMap
)

// step leads from an array to one of its children on the way to a leaf.
type step struct {
	list     bool // else a struct
	child    int  // of a struct
	nullable bool
}

// column is a leaf of the schema: a column in Parquet's sense.
type column struct {
	path     []string
	top      int // which column of the batch it is in
	steps    []step
	nullable bool // the leaf itself
	maxDef   int
	maxRep   int
	leafType
}

func (c *column) name() string { return strings.Join(c.path, ".") }

// layout is an Arrow schema as Parquet stores it.
type layout struct {
	elements []element // depth first, without the root
	columns  []*column
}

// newLayout maps schema, or says which column does not fit Parquet.
func newLayout(schema *arrow.Schema) (*layout, error) {
	l := &layout{}
	seen := map[string]bool{}
	for i, f := range schema.Fields() {
		if seen[f.Name] {
			return nil, flow.Markf(flow.BadConfig, "column %q is in the schema twice", f.Name)
		}
		seen[f.Name] = true
		if err := l.add(f, f.Name, column{top: i}); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// add appends field f, stored under name, and all below it. at is the way
// that leads to it.
func (l *layout) add(f arrow.Field, name string, at column) error {
	at.path = append(at.path[:len(at.path):len(at.path)], name)
	at.steps = at.steps[:len(at.steps):len(at.steps)]
	e := element{name: name, fieldID: fieldID(f.Metadata)}
	if f.Nullable {
		e.repetition = optional
		at.maxDef++
	}
	switch t := f.Type.(type) {
	case *arrow.StructType:
		if t.NumFields() == 0 {
			return flow.Markf(flow.BadConfig, "column %s: Parquet has no structs without fields", at.name())
		}
		e.children = t.NumFields()
		l.elements = append(l.elements, e)
		for i, c := range t.Fields() {
			next := at
			next.steps = append(next.steps, step{child: i, nullable: f.Nullable})
			if err := l.add(c, c.Name, next); err != nil {
				return err
			}
		}
		return nil
	case *arrow.ListType:
		return l.addList(e, at, t.ElemField())
	case *arrow.LargeListType:
		return l.addList(e, at, t.ElemField())
	case *arrow.MapType:
		return l.addMap(e, at, t)
	}
	leaf, err := newLeafType(f.Type)
	if err != nil {
		return flow.Markf(flow.BadConfig, "column %s: %w", at.name(), err)
	}
	if leaf.kind == kindNull && !f.Nullable {
		return flow.Markf(flow.BadConfig, "column %s: of type null but not nullable", at.name())
	}
	e.leaf = leaf
	l.elements = append(l.elements, e)
	at.leafType, at.nullable = leaf, f.Nullable
	l.columns = append(l.columns, &at)
	return nil
}

// addList appends a list in the standard form of three levels.
func (l *layout) addList(e element, at column, elem arrow.Field) error {
	e.children, e.group = 1, groupList
	l.elements = append(l.elements, e,
		element{name: "list", repetition: repeated, fieldID: -1, children: 1})
	at.steps = append(at.steps, step{list: true, nullable: e.repetition == optional})
	at.path = append(at.path, "list")
	at.maxDef++
	at.maxRep++
	return l.add(elem, "element", at)
}

// addMap appends a map: a list of required pairs.
func (l *layout) addMap(e element, at column, t *arrow.MapType) error {
	e.children, e.group = 1, groupMap
	l.elements = append(l.elements, e,
		element{name: "key_value", repetition: repeated, fieldID: -1, children: 2})
	at.steps = append(at.steps, step{list: true, nullable: e.repetition == optional})
	at.path = append(at.path, "key_value")
	at.maxDef++
	at.maxRep++
	key := t.KeyField()
	key.Nullable = false
	for i, f := range []arrow.Field{key, t.ItemField()} {
		next := at
		next.steps = append(next.steps[:len(next.steps):len(next.steps)], step{child: i})
		if err := l.add(f, []string{"key", "value"}[i], next); err != nil {
			return err
		}
	}
	return nil
}

// fieldID is the field id that Iceberg reads columns by, or -1.
func fieldID(m arrow.Metadata) int32 {
	v, ok := m.GetValue("PARQUET:field_id")
	if !ok {
		return -1
	}
	id, err := strconv.ParseInt(v, 10, 32)
	if err != nil || id < 0 {
		return -1
	}
	return int32(id)
}

// find returns the column with the dotted path name, or the only one under
// the top-level column of that name.
func (l *layout) find(name string) (int, error) {
	found := -1
	for i, c := range l.columns {
		if c.name() == name {
			return i, nil
		}
		if c.path[0] == name {
			if found >= 0 {
				return 0, flow.Markf(flow.BadConfig, "column %q has several columns in it; name one, like %q", name, c.name())
			}
			found = i
		}
	}
	if found < 0 {
		return 0, flow.Mark(flow.BadConfig, fmt.Errorf("no column %q", name))
	}
	return found, nil
}
