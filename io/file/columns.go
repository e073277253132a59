package file

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/columns"
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
func gather(alloc memory.Allocator, b arrow.RecordBatch, which []int32, emit func(n int32, rows arrow.RecordBatch) error) error {
	at := map[int32]int{} // number to its group
	var groups [][]int32  // rows
	last := -1
	for row, n := range which {
		if row == 0 || n != which[row-1] {
			i, ok := at[n]
			if !ok {
				i = len(groups)
				at[n] = i
				groups = append(groups, nil)
			}
			last = i
		}
		groups[last] = append(groups[last], int32(row)) //nolint:gosec // rows of one batch
	}
	for _, rows := range groups {
		some, err := pick(alloc, b, rows)
		if err != nil {
			return err
		}
		err = emit(which[rows[0]], some)
		some.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// pick is the given rows of b, which rise. The caller owns the result.
func pick(alloc memory.Allocator, b arrow.RecordBatch, rows []int32) (arrow.RecordBatch, error) {
	first, n := int64(rows[0]), int64(len(rows))
	if int64(rows[n-1])-first == n-1 { // one run
		return b.NewSlice(first, first+n), nil
	}
	return columns.Take(alloc, b, rows)
}
