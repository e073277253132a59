// Package rowtext is rows as a small text table, for tests and for looking:
//
//	op id:int64! name:utf8
//	I  1         ann
//	U  2         null
//
// The first line has the columns, name:type, with a "!" behind the type where
// null is not allowed. A column op without a type has the kinds of change. A
// cell with spaces, and a string that reads null, is quoted like a Go string.
// Lists, structs and maps are JSON in quotes.
package rowtext

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// opColumn heads the column with the kinds of change.
const opColumn = "op"

// Format writes rows as a table. Equal rows give equal text.
func Format(rows arrow.RecordBatch) string { return FormatChanges[byte](rows, nil) }

// FormatChanges is [Format] with the kind of change of each row, unless ops is
// nil.
func FormatChanges[K ~uint8](rows arrow.RecordBatch, ops []K) string {
	cells := make([][]string, rows.NumRows()+1)
	if ops != nil {
		cells[0] = append(cells[0], opColumn)
		for r, op := range ops {
			cells[r+1] = append(cells[r+1], string(rune(op)))
		}
	}
	for c, field := range rows.Schema().Fields() {
		cells[0] = append(cells[0], header(field))
		col := rows.Column(c)
		for r := range int(rows.NumRows()) {
			cells[r+1] = append(cells[r+1], cell(col, r))
		}
	}
	return Align(cells, 1)
}

// Parse reads the table that [Format] writes. The rows are Go memory, which
// need not be released.
func Parse(text string) (arrow.RecordBatch, error) {
	rows, ops, err := ParseChanges[byte](text)
	if err == nil && ops != nil {
		return nil, fmt.Errorf("line 1: a column op; use ParseChanges")
	}
	return rows, err
}

// ParseChanges reads the table that [FormatChanges] writes. ops is nil when
// there is no column op.
func ParseChanges[K ~uint8](text string) (rows arrow.RecordBatch, ops []K, err error) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	words, err := split(lines[0])
	if err != nil {
		return nil, nil, fmt.Errorf("line 1: %w", err)
	}
	hasOps := len(words) > 0 && words[0].text == opColumn
	if hasOps {
		words, ops = words[1:], []K{}
	}
	schema, err := parseHeader(words)
	if err != nil {
		return nil, nil, fmt.Errorf("line 1: %w", err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i, line := range lines[1:] {
		words, err := split(line)
		if err == nil && hasOps {
			words, ops, err = takeOp(words, ops)
		}
		if err == nil {
			err = appendRow(b, words)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", i+2, err)
		}
	}
	return b.NewRecordBatch(), ops, nil
}

func takeOp[K ~uint8](words []word, ops []K) ([]word, []K, error) {
	if len(words) == 0 || len(words[0].text) != 1 || !strings.Contains("IBUD", words[0].text) {
		return nil, nil, fmt.Errorf("want I, B, U or D first")
	}
	return words[1:], append(ops, K(words[0].text[0])), nil
}

func appendRow(b *array.RecordBuilder, words []word) error {
	schema := b.Schema()
	if len(words) != schema.NumFields() {
		return fmt.Errorf("%d cells, want %d", len(words), schema.NumFields())
	}
	for c, w := range words {
		if err := appendCell(b.Field(c), schema.Field(c), w); err != nil {
			return fmt.Errorf("column %s: %w", schema.Field(c).Name, err)
		}
	}
	return nil
}

func appendCell(b array.Builder, f arrow.Field, w word) error {
	if w.text == "null" && !w.quoted {
		if !f.Nullable {
			return fmt.Errorf("null is not allowed")
		}
		b.AppendNull()
		return nil
	}
	switch b := b.(type) { // these take text as it is, not encoded
	case *array.BinaryBuilder:
		b.Append([]byte(w.text))
		return nil
	case *array.FixedSizeBinaryBuilder:
		if want := b.Type().(*arrow.FixedSizeBinaryType).ByteWidth; len(w.text) != want {
			return fmt.Errorf("%d bytes, want %d", len(w.text), want)
		}
		b.Append([]byte(w.text))
		return nil
	}
	return b.AppendValueFromString(w.text)
}

func cell(col arrow.Array, row int) string {
	if col.IsNull(row) {
		return "null"
	}
	var text string
	switch col := col.(type) {
	case *array.Binary:
		text = string(col.Value(row))
	case *array.FixedSizeBinary:
		text = string(col.Value(row))
	case *array.Decimal128:
		text = col.Value(row).ToString(col.DataType().(*arrow.Decimal128Type).Scale)
	default:
		text = col.ValueStr(row)
	}
	return quote(text)
}

// quote writes text as a cell.
func quote(text string) string {
	plain := text != "" && text != "null" && utf8.ValidString(text)
	for _, r := range text {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) || r == '"' {
			plain = false
		}
	}
	if plain {
		return text
	}
	return strconv.Quote(text)
}

type word struct {
	text   string
	quoted bool
}

// split cuts a line into cells.
func split(line string) ([]word, error) {
	var words []word
	for {
		line = strings.TrimLeft(line, " \t\r")
		if line == "" {
			return words, nil
		}
		if line[0] == '"' {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, fmt.Errorf("cell %d: a quote without end", len(words)+1)
			}
			text, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, fmt.Errorf("cell %d: %w", len(words)+1, err)
			}
			words, line = append(words, word{text, true}), line[len(quoted):]
			continue
		}
		end := strings.IndexAny(line, " \t\r")
		if end < 0 {
			end = len(line)
		}
		words, line = append(words, word{line[:end], false}), line[end:]
	}
}

// Align writes rows of cells as a table: one line per row, columns one below
// the other, gap spaces between.
func Align(rows [][]string, gap int) string {
	var width []int
	for _, row := range rows {
		for c, s := range row {
			if c == len(width) {
				width = append(width, 0)
			}
			width[c] = max(width[c], utf8.RuneCountInString(s))
		}
	}
	var sb strings.Builder
	for _, row := range rows {
		for c, s := range row {
			sb.WriteString(s)
			if c < len(row)-1 {
				sb.WriteString(strings.Repeat(" ", width[c]-utf8.RuneCountInString(s)+gap))
			}
		}
		sb.WriteByte('\n')
	}
	return sb.String()
}
