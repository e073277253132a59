package schema

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/internal/mem"
)

// Converter turns batches into what is written to files. It is used by one
// goroutine.
type Converter struct {
	to      *arrow.Schema
	columns []int
	convert []conversion
	alloc   memory.Allocator
}

// conversion makes an array of another type; the caller owns the result.
type conversion func(arrow.Array) (arrow.Array, error)

// NewConverter makes the converter for batches of the schema from to files of
// the schema to. columns is [Match.Columns].
func NewConverter(from, to *arrow.Schema, columns []int, alloc memory.Allocator) (*Converter, error) {
	c := &Converter{to: to, columns: columns, alloc: alloc}
	for i, f := range to.Fields() {
		conv := missing(f, alloc)
		if columns[i] >= 0 {
			var err error
			if conv, err = compile(from.Field(columns[i]).Type, f, f.Name, alloc); err != nil {
				return nil, err
			}
		}
		c.convert = append(c.convert, conv)
	}
	return c, nil
}

// Convert returns the rows of b in the types of the table. Values are kept
// exactly, but for times finer than a microsecond, which are rounded down. A
// null in a required column, and a value that its type can not hold, is an
// error that names the column.
func (c *Converter) Convert(b arrow.RecordBatch) (arrow.RecordBatch, error) {
	cols := make([]arrow.Array, 0, len(c.convert))
	defer func() {
		for _, col := range cols {
			col.Release()
		}
	}()
	for i, conv := range c.convert {
		var src arrow.Array
		if c.columns[i] >= 0 {
			src = b.Column(c.columns[i])
		} else {
			src = array.NewNull(int(b.NumRows()))
		}
		col, err := conv(src)
		if c.columns[i] < 0 {
			src.Release()
		}
		if err != nil {
			return nil, err
		}
		cols = append(cols, col)
	}
	return array.NewRecordBatch(c.to, cols, b.NumRows()), nil
}

// compile makes the conversion of arrays of the type from into the field to.
func compile(from arrow.DataType, to arrow.Field, path string, alloc memory.Allocator) (conversion, error) {
	conv, err := compileType(from, to, path, alloc)
	if err != nil || to.Nullable {
		return conv, err
	}
	return func(a arrow.Array) (arrow.Array, error) {
		out, err := conv(a)
		if err == nil && out.NullN() > 0 {
			out.Release()
			return nil, fmt.Errorf("column %s: null in a column that the table requires; "+
				"give it a value, or make the column optional (schema: full)", path)
		}
		return out, err
	}, nil
}

func compileType(from arrow.DataType, field arrow.Field, path string,
	alloc memory.Allocator,
) (conversion, error) {
	to := field.Type
	switch f := from.(type) {
	case *arrow.NullType:
		return missing(field, alloc), nil
	case *arrow.DictionaryType:
		return compileDictionary(f, field, path, alloc)
	case *arrow.RunEndEncodedType:
		return compileRuns(f, field, path, alloc)
	case arrow.ExtensionType:
		if _, ok := to.(*extensions.UUIDType); ok {
			return keep, nil
		}
		under, err := compileType(f.StorageType(), field, path, alloc)
		return func(a arrow.Array) (arrow.Array, error) {
			return under(a.(array.ExtensionArray).Storage())
		}, err
	case *arrow.StructType:
		if t, ok := to.(*arrow.StructType); ok {
			return compileStruct(f, t, path, alloc)
		}
	case *arrow.MapType:
		if t, ok := to.(*arrow.MapType); ok {
			return compileMap(f, t, path, alloc)
		}
	case *arrow.ListType, *arrow.LargeListType, *arrow.FixedSizeListType:
		if t, ok := to.(*arrow.ListType); ok {
			return compileList(f.(arrow.ListLikeType), t, path, alloc)
		}
	default:
		if arrow.TypeEqual(from, to) {
			return keep, nil
		}
		if conv := compileFlat(from, to, path, alloc); conv != nil {
			return conv, nil
		}
	}
	return nil, fmt.Errorf("column %s: %s can not be written as %s", path, from, to)
}

func keep(a arrow.Array) (arrow.Array, error) {
	a.Retain()
	return a, nil
}

// missing makes columns of nulls.
func missing(f arrow.Field, alloc memory.Allocator) conversion {
	return func(a arrow.Array) (arrow.Array, error) {
		if !f.Nullable {
			return nil, fmt.Errorf("column %s: the table requires it and the batch has it not", f.Name)
		}
		return mem.Nulls(alloc, f.Type, a.Len()), nil
	}
}

// compileDictionary converts the dictionary, then looks every row up in it.
func compileDictionary(from *arrow.DictionaryType, to arrow.Field, path string,
	alloc memory.Allocator,
) (conversion, error) {
	values, err := compileType(from.ValueType, to, path, alloc)
	if err != nil {
		return nil, err
	}
	return func(a arrow.Array) (arrow.Array, error) {
		d := a.(*array.Dictionary)
		dict, err := values(d.Dictionary())
		if err != nil {
			return nil, err
		}
		defer dict.Release()
		rows := make([]int32, d.Len())
		for i := range rows {
			rows[i] = -1
			if d.IsValid(i) {
				rows[i] = int32(d.GetValueIndex(i))
			}
		}
		return Gather(dict, rows, alloc)
	}, nil
}

// compileRuns repeats the value of each run.
func compileRuns(from *arrow.RunEndEncodedType, to arrow.Field, path string,
	alloc memory.Allocator,
) (conversion, error) {
	values, err := compileType(from.Encoded(), to, path, alloc)
	if err != nil {
		return nil, err
	}
	return func(a arrow.Array) (arrow.Array, error) {
		r := a.(*array.RunEndEncoded)
		vals, err := values(r.Values())
		if err != nil {
			return nil, err
		}
		defer vals.Release()
		rows := make([]int32, r.Len())
		for i := range rows {
			rows[i] = int32(r.GetPhysicalIndex(i))
		}
		return Gather(vals, rows, alloc)
	}, nil
}

func compileStruct(from, to *arrow.StructType, path string, alloc memory.Allocator) (conversion, error) {
	index := make([]int, to.NumFields())
	convs := make([]conversion, to.NumFields())
	for i, f := range to.Fields() {
		index[i] = find(from.Fields(), f.Name)
		convs[i] = missing(f, alloc)
		if index[i] < 0 {
			continue
		}
		// A field may be null where its struct is null.
		f.Nullable = true
		var err error
		if convs[i], err = compile(from.Field(index[i]).Type, f, join(path, f.Name), alloc); err != nil {
			return nil, err
		}
	}
	return func(a arrow.Array) (arrow.Array, error) {
		s := a.(*array.Struct)
		data := make([]arrow.ArrayData, len(convs))
		for i, conv := range convs {
			var src arrow.Array = array.NewNull(s.Len())
			if index[i] >= 0 {
				src = s.Field(index[i])
			}
			col, err := conv(src)
			if err != nil {
				return nil, err
			}
			defer col.Release()
			data[i] = col.Data()
		}
		valid := validity(s)
		return array.MakeFromData(array.NewData(to, s.Len(), []*memory.Buffer{valid}, data, s.NullN(), 0)), nil
	}, nil
}

func compileMap(from, to *arrow.MapType, path string, alloc memory.Allocator) (conversion, error) {
	key, err := compile(from.KeyType(), to.KeyField(), path+".key", alloc)
	if err != nil {
		return nil, err
	}
	item, err := compile(from.ItemType(), to.ItemField(), path+".value", alloc)
	if err != nil {
		return nil, err
	}
	entries := to.Elem()
	return func(a arrow.Array) (arrow.Array, error) {
		m := a.(*array.Map)
		keys, err := key(m.Keys())
		if err != nil {
			return nil, err
		}
		defer keys.Release()
		items, err := item(m.Items())
		if err != nil {
			return nil, err
		}
		defer items.Release()
		both := array.NewData(entries, keys.Len(), []*memory.Buffer{nil},
			[]arrow.ArrayData{keys.Data(), items.Data()}, 0, 0)
		defer both.Release()
		return nested(m, to, both), nil
	}, nil
}

// nested is a list or map like a with other elements, which are not moved.
func nested(a arrow.Array, to arrow.DataType, child arrow.ArrayData) arrow.Array {
	d := a.Data()
	children := []arrow.ArrayData{child}
	return array.MakeFromData(array.NewData(to, a.Len(), d.Buffers(), children, a.NullN(), d.Offset()))
}

func compileList(from arrow.ListLikeType, to *arrow.ListType, path string,
	alloc memory.Allocator,
) (conversion, error) {
	field := to.ElemField()
	short := from.ID() != arrow.LIST
	if short {
		field.Nullable = true // what lies below null rows is not looked at
	}
	elem, err := compile(from.Elem(), field, path+".element", alloc)
	if err != nil {
		return nil, err
	}
	return func(a arrow.Array) (arrow.Array, error) {
		l := a.(array.ListLike)
		child, err := elem(l.ListValues())
		if err != nil {
			return nil, err
		}
		defer child.Release()
		if short {
			return shortList(l, to, child, path, alloc)
		}
		return nested(a, to, child.Data()), nil
	}, nil
}

// shortList is l with the elements in child, with 32-bit offsets and nothing
// in its null rows.
func shortList(l array.ListLike, to *arrow.ListType, child arrow.Array, path string,
	alloc memory.Allocator,
) (arrow.Array, error) {
	offsets := make([]int32, 1, l.Len()+1)
	var rows []int32
	for i := range l.Len() {
		if l.IsValid(i) {
			from, end := l.ValueOffsets(i)
			for j := from; j < end; j++ {
				rows = append(rows, int32(j))
			}
		}
		offsets = append(offsets, int32(len(rows)))
	}
	values, err := Gather(child, rows, alloc)
	if err != nil {
		return nil, err
	}
	defer values.Release()
	if values.NullN() > 0 && !to.ElemField().Nullable {
		return nil, fmt.Errorf("column %s: null in a list whose elements the table requires", path)
	}
	buffers, children := []*memory.Buffer{validity(l), ints32(offsets)}, []arrow.ArrayData{values.Data()}
	return array.MakeFromData(array.NewData(to, l.Len(), buffers, children, l.NullN(), 0)), nil
}
