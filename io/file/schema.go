package file

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/weirflow/weir/codecs/jsonl"
	"github.com/weirflow/weir/flow"
)

// declared is the schema that the settings spell out; nil when they do not.
func (c Config) declared() (*arrow.Schema, error) {
	if len(c.Schema) == 0 {
		return nil, nil //nolint:nilnil // no schema is a setting, not a failure
	}
	var errs []error
	var fields []arrow.Field
	seen := map[string]bool{}
	for i, col := range c.Schema {
		t, err := parseType(col.Type)
		switch {
		case col.Name == "":
			err = errors.New("a column has no name")
		case seen[col.Name]:
			err = fmt.Errorf("column %s is there twice", col.Name)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("schema[%d]: %w", i, err))
			continue
		}
		seen[col.Name] = true
		fields = append(fields, arrow.Field{Name: col.Name, Type: t, Nullable: !col.Required})
	}
	return arrow.NewSchema(fields, nil), errors.Join(errs...)
}

// settle makes the schema of the batches out of the settings and the files.
func (f *Files) settle(files []*seen) error {
	schema, err := f.cfg.declared()
	if err != nil {
		return flow.Mark(flow.BadConfig, err)
	}
	if schema != nil {
		err = fit(schema, files)
	} else if len(files) > 0 {
		schema, err = f.unified(files)
	}
	if err == nil && schema != nil {
		schema, err = project(schema, f.cfg.Columns)
	}
	if err != nil {
		return flow.Mark(flow.BadConfig, err)
	}
	f.mu.Lock()
	f.schema = schema
	f.mu.Unlock()
	return nil
}

// fit checks Parquet files against a declared schema.
func fit(schema *arrow.Schema, files []*seen) error {
	var errs []error
	for _, file := range files {
		if file.in.kind.format != parqName || file.schema == nil {
			continue
		}
		for _, want := range schema.Fields() {
			have, ok := field(file.schema, want.Name)
			switch {
			case !ok && !want.Nullable:
				errs = append(errs, fmt.Errorf("%s has no column %s, which schema requires; it has %s",
					file.in.name, want.Name, columnNames(file.schema)))
			case ok && !arrow.TypeEqual(have.Type, want.Type):
				errs = append(errs, fmt.Errorf("column %s is %s in %s and %s in schema; write %s in schema, or leave schema out",
					want.Name, typeName(have.Type), file.in.name, typeName(want.Type), typeName(have.Type)))
			}
		}
	}
	return errors.Join(errs...)
}

// unified is the schema of all files together: columns by name, in the order
// they are first met.
func (f *Files) unified(files []*seen) (*arrow.Schema, error) {
	samples := 0
	u := union{from: map[string]*seen{}}
	var errs []error
	for _, file := range files {
		if file.in.kind.format != parqName && file.id.size > 0 {
			if samples++; samples > sampled && !u.lacks(file.header) {
				continue
			}
			if err := f.sample(file); err != nil {
				errs = append(errs, fmt.Errorf("infer the columns of %s: %w", file.in.name, err))
				continue
			}
		}
		if file.schema != nil {
			errs = append(errs, u.add(file))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if u.files == 0 {
		if f.cfg.Watch > 0 || slices.ContainsFunc(files, func(s *seen) bool { return s.id.size == 0 }) {
			return arrow.NewSchema(nil, nil), nil
		}
	}
	return u.schema(), nil
}

// union adds up the columns of files.
type union struct {
	fields []arrow.Field
	counts []int // files that have the column
	from   map[string]*seen
	files  int
}

// lacks reports whether one of the names is not among the columns yet.
func (u *union) lacks(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return !slices.ContainsFunc(u.fields, func(f arrow.Field) bool { return f.Name == name })
	})
}

func (u *union) add(file *seen) error {
	u.files++
	var errs []error
	for _, have := range file.schema.Fields() {
		i := slices.IndexFunc(u.fields, func(f arrow.Field) bool { return f.Name == have.Name })
		if i < 0 {
			u.fields = append(u.fields, bare(have))
			u.counts = append(u.counts, 1)
			u.from[have.Name] = file
			continue
		}
		other := u.from[have.Name]
		inferred := file.in.kind.format != parqName && other.in.kind.format != parqName
		t, ok := merge(u.fields[i].Type, have.Type, inferred)
		if !ok {
			errs = append(errs, fmt.Errorf("column %s is %s in %s and %s in %s; read them as two sources",
				have.Name, typeName(u.fields[i].Type), other.in.name, typeName(have.Type), file.in.name))
			continue
		}
		if raw(have) || raw(u.fields[i]) || t.ID() == arrow.STRING && file.in.kind.format == jsonlName &&
			!arrow.TypeEqual(u.fields[i].Type, have.Type) {
			t = arrow.BinaryTypes.String
			u.fields[i].Metadata = arrow.NewMetadata([]string{jsonl.RawKey}, []string{jsonl.Raw})
		}
		u.fields[i].Type = t
		u.fields[i].Nullable = u.fields[i].Nullable || have.Nullable
		u.counts[i]++
	}
	return errors.Join(errs...)
}

// raw reports whether a column is text that holds JSON.
func raw(f arrow.Field) bool { return f.Metadata.FindKey(jsonl.RawKey) >= 0 }

func (u *union) schema() *arrow.Schema {
	for i := range u.fields {
		if u.counts[i] < u.files {
			u.fields[i].Nullable = true
		}
		if u.fields[i].Type.ID() == arrow.NULL {
			u.fields[i].Type = arrow.BinaryTypes.String // never a value: anything will do
		}
	}
	return arrow.NewSchema(u.fields, nil)
}

// bare is a column without what a file says of it besides its type, and
// whether it is text that holds JSON.
func bare(f arrow.Field) arrow.Field {
	b := arrow.Field{Name: f.Name, Type: f.Type, Nullable: f.Nullable}
	if v, ok := f.Metadata.GetValue(jsonl.RawKey); ok {
		b.Metadata = arrow.NewMetadata([]string{jsonl.RawKey}, []string{v})
	}
	return b
}

// merge is the type that holds the values of both. Types that were inferred
// from text give way to each other; those that a file declares do not.
func merge(a, b arrow.DataType, inferred bool) (arrow.DataType, bool) {
	switch {
	case arrow.TypeEqual(a, b):
		return a, true
	case a.ID() == arrow.NULL:
		return b, true
	case b.ID() == arrow.NULL:
		return a, true
	case !inferred:
		return nil, false
	}
	if as, ok := a.(*arrow.StructType); ok {
		bs, ok := b.(*arrow.StructType)
		if !ok {
			return nil, false
		}
		return mergeStructs(as, bs)
	}
	if al, ok := a.(*arrow.ListType); ok {
		bl, ok := b.(*arrow.ListType)
		if !ok {
			return nil, false
		}
		elem, ok := merge(al.Elem(), bl.Elem(), true)
		if !ok {
			return nil, false
		}
		return arrow.ListOf(elem), true
	}
	if arrow.IsNested(b.ID()) {
		return nil, false
	}
	ids := []arrow.Type{a.ID(), b.ID()}
	slices.Sort(ids)
	switch {
	case ids[0] == arrow.INT64 && ids[1] == arrow.FLOAT64:
		return arrow.PrimitiveTypes.Float64, true
	case ids[0] == arrow.DATE32 && ids[1] == arrow.TIMESTAMP:
		if a.ID() == arrow.TIMESTAMP {
			return a, true
		}
		return b, true
	default:
		return arrow.BinaryTypes.String, true
	}
}

func mergeStructs(a, b *arrow.StructType) (arrow.DataType, bool) {
	fields := slices.Clone(a.Fields())
	for _, fb := range b.Fields() {
		i := slices.IndexFunc(fields, func(f arrow.Field) bool { return f.Name == fb.Name })
		if i < 0 {
			fields = append(fields, arrow.Field{Name: fb.Name, Type: fb.Type, Nullable: true})
			continue
		}
		t, ok := merge(fields[i].Type, fb.Type, true)
		if !ok {
			return nil, false
		}
		fields[i].Type = t
		fields[i].Nullable = true
	}
	return arrow.StructOf(fields...), true
}

// project picks the columns, in their order; all when there are none.
func project(schema *arrow.Schema, columns []string) (*arrow.Schema, error) {
	if len(columns) == 0 || schema.NumFields() == 0 {
		return schema, nil
	}
	var fields []arrow.Field
	for _, name := range columns {
		f, ok := field(schema, name)
		if !ok {
			return nil, fmt.Errorf("columns: there is no %s; there are %s", name, columnNames(schema))
		}
		fields = append(fields, f)
	}
	return arrow.NewSchema(fields, nil), nil
}

func field(s *arrow.Schema, name string) (arrow.Field, bool) {
	i := s.FieldIndices(name)
	if len(i) == 0 {
		return arrow.Field{}, false
	}
	return s.Field(i[0]), true
}

func columnNames(s *arrow.Schema) string {
	names := make([]string, s.NumFields())
	for i, f := range s.Fields() {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}
