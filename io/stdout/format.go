package stdout

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

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
		return jsonLines{}
	case "tsv":
		return &tsv{}
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
	return append(dst, rowtext.Align(rows)...), nil
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
type tsv struct{ last *arrow.Schema }

func (t *tsv) append(dst []byte, b flow.Batch) ([]byte, error) {
	if t.last == nil || !t.last.Equal(b.Schema()) {
		t.last = b.Schema()
		var names []string
		if b.Ops != nil {
			names = append(names, "op")
		}
		for _, f := range t.last.Fields() {
			names = append(names, escape(f.Name))
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
				line = append(line, escape(value(col, r, "")))
			}
		}
		dst = append(append(dst, strings.Join(line, "\t")...), '\n')
	}
	return dst, nil
}

func escape(text string) string {
	return strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`).Replace(text)
}

// jsonLines is an object on each line. The kind of change is not part of it.
type jsonLines struct{}

func (jsonLines) append(dst []byte, b flow.Batch) ([]byte, error) {
	buf := bytes.NewBuffer(dst)
	if err := array.RecordToJSON(b, buf); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
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
