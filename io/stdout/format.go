package stdout

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs/jsonl"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/rowtext"
)

// format turns batches into text. It remembers what it has printed a header
// for.
type format interface {
	append(dst []byte, b flow.Batch) ([]byte, error)
}

func newFormat(cfg Config) format {
	switch cfg.Format {
	case "json":
		return &jsonLines{}
	case "tsv":
		return newTSV()
	default:
		return pretty{cfg.Width}
	}
}

// pretty is a table for each batch.
type pretty struct{ width int }

func (p pretty) append(dst []byte, b flow.Batch) ([]byte, error) {
	rows := make([][]string, b.NumRows()+1)
	if b.Ops != nil {
		rows[0] = append(rows[0], "op")
		for r, op := range b.Ops {
			rows[r+1] = append(rows[r+1], opName(op))
		}
	}
	for c, f := range b.Schema().Fields() {
		rows[0] = append(rows[0], p.cell(f.Name))
		col := b.Column(c)
		for r := range int(b.NumRows()) {
			rows[r+1] = append(rows[r+1], p.cell(value(col, r, "null")))
		}
	}
	if b.Stream != "" {
		dst = append(append(dst, "-- "+b.Stream...), '\n')
	}
	return append(dst, rowtext.Align(rows, 2)...), nil
}

// cell escapes what would break the table, and cuts what is too long.
func (p pretty) cell(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		quoted := strconv.Quote(text)
		text = quoted[1 : len(quoted)-1]
	}
	if p.width > 0 && utf8.RuneCountInString(text) > p.width {
		return string([]rune(text)[:p.width-1]) + "…"
	}
	return text
}

// tsv is a line per row, under a header for each schema.
type tsv struct {
	last    *arrow.Schema
	changes bool
	escapes *strings.Replacer
}

func newTSV() *tsv {
	return &tsv{escapes: strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)}
}

func (t *tsv) append(dst []byte, b flow.Batch) ([]byte, error) {
	if t.last == nil || t.changes != (b.Ops != nil) || !t.last.Equal(b.Schema()) {
		t.last, t.changes = b.Schema(), b.Ops != nil
		var names []string
		if b.Ops != nil {
			names = append(names, "op")
		}
		for _, f := range t.last.Fields() {
			names = append(names, t.escapes.Replace(f.Name))
		}
		dst = append(append(dst, strings.Join(names, "\t")...), '\n')
	}
	for r := range int(b.NumRows()) {
		line := make([]string, 0, b.NumCols()+1)
		if b.Ops != nil {
			line = append(line, opName(b.Ops[r]))
		}
		for _, col := range b.Columns() {
			if col.IsNull(r) {
				line = append(line, `\N`)
			} else {
				line = append(line, t.escapes.Replace(value(col, r, "")))
			}
		}
		dst = append(append(dst, strings.Join(line, "\t")...), '\n')
	}
	return dst, nil
}

// jsonLines is an object on each line. Of changes its first field is _op.
type jsonLines struct {
	last    *arrow.Schema
	changes bool
	encoder *jsonl.Encoder
}

func (j *jsonLines) append(dst []byte, b flow.Batch) ([]byte, error) {
	rows := b.RecordBatch
	if b.Ops != nil {
		rows = withOps(b)
		defer rows.Release()
	}
	if j.encoder == nil || j.changes != (b.Ops != nil) || !j.last.Equal(b.Schema()) {
		encoder, err := jsonl.NewEncoder(rows.Schema())
		if err != nil {
			return nil, err
		}
		j.encoder, j.last, j.changes = encoder, b.Schema(), b.Ops != nil
	}
	return j.encoder.Append(dst, rows)
}

// withOps puts the kinds of change before the columns.
func withOps(b flow.Batch) arrow.RecordBatch {
	names := array.NewStringBuilder(memory.DefaultAllocator)
	defer names.Release()
	for _, op := range b.Ops {
		names.Append(opName(op))
	}
	column := names.NewArray()
	defer column.Release()
	fields := append([]arrow.Field{{Name: "_op", Type: arrow.BinaryTypes.String}}, b.Schema().Fields()...)
	columns := append([]arrow.Array{column}, b.Columns()...)
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), columns, b.NumRows())
}

// value is one value as text.
func value(col arrow.Array, row int, null string) string {
	if col.IsNull(row) {
		return null
	}
	if d, ok := col.(*array.Decimal128); ok {
		return d.Value(row).ToString(d.DataType().(*arrow.Decimal128Type).Scale)
	}
	return col.ValueStr(row)
}

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
	default:
		return string(rune(op))
	}
}
