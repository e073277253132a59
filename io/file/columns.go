package file

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/weirflow/weir/flow"
)

// columns is what of b goes into the files. The caller owns it.
func (w *writer) columns(b flow.Batch) (arrow.RecordBatch, error) {
	name := w.cfg.OpColumn
	if name == "" {
		if i := slices.IndexFunc(b.Ops, func(o flow.OpKind) bool { return o != flow.Insert }); i >= 0 {
			return nil, flow.Markf(flow.BadConfig, "a row is a change of kind %c, and files only take inserts: "+
				"set op_column to keep the kind in a column, or write to a table", b.Ops[i])
		}
		b.RecordBatch.Retain()
		return b.RecordBatch, nil
	}
	if b.Schema().HasField(name) {
		return nil, flow.Markf(flow.BadConfig, "op_column: there is a column %s already", name)
	}
	ops := array.NewStringBuilder(w.t.Alloc)
	defer ops.Release()
	ops.Reserve(int(b.NumRows()))
	for i := range int(b.NumRows()) {
		op := flow.Insert
		if b.Ops != nil {
			op = b.Ops[i]
		}
		ops.Append(string(rune(op)))
	}
	col := ops.NewArray()
	defer col.Release()
	fields := append([]arrow.Field{{Name: name, Type: arrow.BinaryTypes.String}}, b.Schema().Fields()...)
	meta := b.Schema().Metadata()
	return array.NewRecordBatch(arrow.NewSchema(fields, &meta), append([]arrow.Array{col}, b.Columns()...), b.NumRows()), nil
}

// schemaText shows a schema in the words of the schema setting.
func schemaText(s *arrow.Schema) string {
	parts := make([]string, s.NumFields())
	for i, f := range s.Fields() {
		parts[i] = fieldName(f.Name) + ": " + typeName(f.Type)
	}
	return strings.Join(parts, ", ")
}

// gather calls emit with the rows of each number in which, in the order in
// which the numbers first come. emit borrows its batch.
func gather(b arrow.RecordBatch, which []int32, emit func(n int32, rows arrow.RecordBatch) error) error {
	for from := 0; from < len(which); {
		to := from + 1
		for to < len(which) && which[to] == which[from] {
			to++
		}
		rows := b.NewSlice(int64(from), int64(to))
		err := emit(which[from], rows)
		rows.Release()
		if err != nil {
			return err
		}
		from = to
	}
	return nil
}
