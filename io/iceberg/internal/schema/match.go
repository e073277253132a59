package schema

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/iceberg-go"
)

// Policy says which changes of a table's schema may be made for a batch.
type Policy struct {
	Add   bool // optional columns may be added
	Widen bool // types may be widened: int to long, float to double, decimals to more digits
	Relax bool // required columns may become optional
}

// ErrMismatch is the error of batches that do not fit their table.
var ErrMismatch = errors.New("the batch does not fit the table")

// Match is how batches fit a table.
type Match struct {
	Schema  *iceberg.Schema // of the table, with what the batches need
	Changed bool            // Schema differs from the table's
	Columns []int           // for each field of Schema the column of the batch; -1 for none
}

// Fit matches batches of the schema sc with the table schema s by the names
// of their columns. A name that is not found is looked for without regard to
// case. lastID is the highest field id that the table ever had.
func Fit(s *iceberg.Schema, sc *arrow.Schema, p Policy, lastID int) (*Match, error) {
	if err := caseClash(sc.Fields()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMismatch, err)
	}
	f := &fitter{policy: p, next: func() int { lastID++; return lastID }}
	fields, columns := f.fields(s.Fields(), sc.Fields(), "")
	if len(f.problems) > 0 {
		return nil, fmt.Errorf("%w:\n  %s\n%s", ErrMismatch, strings.Join(f.problems, "\n  "), SideBySide(s, sc))
	}
	m := &Match{Schema: s, Columns: columns, Changed: f.changed}
	if f.changed {
		m.Schema = iceberg.NewSchemaWithIdentifiers(s.ID+1, s.IdentifierFieldIDs, fields...)
	}
	return m, nil
}

// caseClash reports columns whose names differ in case alone: most engines
// could not tell them apart.
func caseClash(fields []arrow.Field) error {
	seen := map[string]string{}
	for _, f := range fields {
		lower := strings.ToLower(f.Name)
		if other, ok := seen[lower]; ok {
			return fmt.Errorf("columns %q and %q of the batch have the same name but for case; rename one", other, f.Name)
		}
		seen[lower] = f.Name
	}
	return nil
}

type fitter struct {
	policy   Policy
	next     func() int
	changed  bool
	problems []string
}

func (f *fitter) problem(format string, args ...any) {
	f.problems = append(f.problems, fmt.Sprintf(format, args...))
}

// allow notes a change, or a problem when the policy forbids it.
func (f *fitter) allow(ok bool, setting, format string, args ...any) {
	f.changed = true
	if !ok {
		f.problem(format+"; schema: %s would allow it", append(args, setting)...)
	}
}

func (f *fitter) fields(have []iceberg.NestedField, from []arrow.Field, path string) ([]iceberg.NestedField, []int) {
	used := make([]bool, len(from))
	var fields []iceberg.NestedField
	var columns []int
	for _, h := range have {
		at := join(path, h.Name)
		i := find(from, h.Name)
		columns = append(columns, i)
		switch {
		case i < 0 || isNull(from[i].Type):
			if h.Required && h.WriteDefault == nil {
				f.allow(f.policy.Relax, "full", "column %s is required in the table and missing in the batch", at)
				h.Required = false
			}
		default:
			h.Type = f.typ(h.Type, from[i].Type, at)
			if h.Required && from[i].Nullable && f.policy.Relax {
				h.Required, f.changed = false, true
			}
		}
		if i >= 0 {
			used[i] = true
		}
		fields = append(fields, h)
	}
	for i, a := range from {
		if used[i] || isNull(a.Type) {
			continue
		}
		at := join(path, a.Name)
		id := f.next()
		t, err := typeOf(a.Type, at, f.next)
		if err != nil {
			f.problem("%v", err)
			continue
		}
		f.allow(f.policy.Add, "add_columns", "column %s (%s) is not in the table", at, t)
		fields = append(fields, iceberg.NestedField{ID: id, Name: a.Name, Type: t})
		columns = append(columns, i)
	}
	return fields, columns
}

func find(fields []arrow.Field, name string) int {
	if i := slices.IndexFunc(fields, func(a arrow.Field) bool { return a.Name == name }); i >= 0 {
		return i
	}
	return slices.IndexFunc(fields, func(a arrow.Field) bool { return strings.EqualFold(a.Name, name) })
}

// typ is the type that holds values of both the table's type and the batch's.
func (f *fitter) typ(have iceberg.Type, from arrow.DataType, path string) iceberg.Type {
	switch h := have.(type) {
	case *iceberg.StructType:
		if s, ok := from.(*arrow.StructType); ok {
			fields, _ := f.fields(h.FieldList, s.Fields(), path)
			return &iceberg.StructType{FieldList: fields}
		}
	case *iceberg.ListType:
		if l, ok := from.(arrow.ListLikeType); ok && from.ID() != arrow.MAP {
			c := *h
			c.Element = f.typ(h.Element, l.Elem(), path+".element")
			return &c
		}
	case *iceberg.MapType:
		if m, ok := from.(*arrow.MapType); ok {
			c := *h
			c.KeyType = f.typ(h.KeyType, m.KeyType(), path+".key")
			c.ValueType = f.typ(h.ValueType, m.ItemType(), path+".value")
			return &c
		}
	default:
		return f.primitive(have, from, path)
	}
	f.problem("column %s is %s in the table and %s in the batch", path, have, from)
	return have
}

func (f *fitter) primitive(have iceberg.Type, from arrow.DataType, path string) iceberg.Type {
	want, err := typeOf(from, path, func() int { return 0 })
	if err != nil {
		f.problem("%v", err)
		return have
	}
	switch {
	case have.Equals(want) || Holds(have, want):
		return have
	case Holds(want, have):
		f.allow(f.policy.Widen, "type_widen", "column %s is %s in the table and %s in the batch", path, have, want)
		return want
	}
	f.problem("column %s is %s in the table and %s in the batch, and neither holds the other", path, have, want)
	return have
}

// Holds reports whether a column of the type from may become one of the type
// to, as Iceberg allows it.
func Holds(to, from iceberg.Type) bool {
	switch to := to.(type) {
	case iceberg.Int64Type:
		_, ok := from.(iceberg.Int32Type)
		return ok
	case iceberg.Float64Type:
		_, ok := from.(iceberg.Float32Type)
		return ok
	case iceberg.DecimalType:
		d, ok := from.(iceberg.DecimalType)
		return ok && d.Scale() == to.Scale() && d.Precision() <= to.Precision()
	}
	return false
}

// SideBySide shows both schemas, a column per line.
func SideBySide(s *iceberg.Schema, sc *arrow.Schema) string {
	var left, right []string
	for _, f := range s.Fields() {
		left = append(left, fmt.Sprintf("%s %s%s", f.Name, f.Type, required(f.Required)))
	}
	for _, f := range sc.Fields() {
		right = append(right, fmt.Sprintf("%s %s%s", f.Name, f.Type, required(!f.Nullable)))
	}
	width := len("table")
	for _, l := range left {
		width = max(width, min(len(l), 60))
	}
	var sb strings.Builder
	fmt.Fprintf(&sb, "  %-*s | %s", width, "table", "batch")
	for i := range max(len(left), len(right)) {
		fmt.Fprintf(&sb, "\n  %-*s | %s", width, at(left, i), at(right, i))
	}
	return sb.String()
}

func required(yes bool) string {
	if yes {
		return " required"
	}
	return ""
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}
