package iceberg

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/flow"
)

// opColumn holds the kinds of changes.
const opColumn = "_op"

func opName(op flow.OpKind) string {
	switch op {
	case flow.Insert:
		return "insert"
	case flow.Before:
		return "before"
	case flow.Update:
		return "update"
	case flow.Delete:
		return "delete"
	}
	return fmt.Sprintf("kind %d", op)
}

// withOps is b with the kinds of its rows as the last column.
func withOps(b flow.Batch) (arrow.RecordBatch, error) {
	if b.Schema().HasField(opColumn) {
		return nil, flow.Markf(flow.BadConfig, "changelog: the batch has a column %s already; rename it", opColumn)
	}
	ops := array.NewStringBuilder(memory.DefaultAllocator)
	defer ops.Release()
	ops.Reserve(int(b.NumRows()))
	for i := range int(b.NumRows()) {
		op := flow.Insert
		if b.Ops != nil {
			op = b.Ops[i]
		}
		ops.Append(opName(op))
	}
	col := ops.NewArray()
	defer col.Release()
	fields := append(b.Schema().Fields(), arrow.Field{Name: opColumn, Type: arrow.BinaryTypes.String})
	meta := b.Schema().Metadata()
	cols := append(append([]arrow.Array(nil), b.Columns()...), col)
	return array.NewRecordBatch(arrow.NewSchema(fields, &meta), cols, b.NumRows()), nil
}
