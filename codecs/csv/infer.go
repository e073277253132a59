package csv

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/weirflow/weir/codecs/internal/guess"
)

var errNoRows = errors.New("the sample has no row")

// Infer guesses the schema of a file that begins with sample. A sample that is
// not the whole file is to be cut behind a newline, so that its last value is
// not cut in two; what comes behind an open quote is not looked at. Types are int64, float64, bool (true and
// false), date32, timestamp (microseconds, nanoseconds if the texts have
// them; UTC if all have a zone) and utf8: for mixed columns, for columns of
// nulls, and for numbers with leading zeros, as zip codes are. All columns
// are nullable. Without a header or Columns they are called column_1,
// column_2 and so on. Rows with an error, or with another number of fields
// than the first, count for nothing.
func Infer(sample []byte, o Options) (*arrow.Schema, error) {
	names, at := o.Columns, 0
	if o.Header {
		var err error
		if names, at, _, err = Header(sample, true, o); err != nil {
			return nil, err
		}
	}
	o, err := o.check()
	if err != nil {
		return nil, fmt.Errorf("infer csv schema: %w", err)
	}
	cols := make([]guess.Texts, len(names))
	rows := rows{data: sample[at:], split: newSplitter(o), opts: o}
	for rows.next() {
		fields := rows.split.fields
		if cols == nil || len(names) == 0 && len(cols) == 0 {
			cols = make([]guess.Texts, len(fields))
		}
		if len(fields) == len(cols) {
			rows.guess(cols)
		}
	}
	if len(cols) == 0 {
		return nil, fmt.Errorf("infer csv schema: %w", errNoRows)
	}
	out := make([]arrow.Field, len(cols))
	for i := range cols {
		out[i] = arrow.Field{Type: cols[i].Type(), Nullable: true}
		if i < len(names) {
			out[i].Name = names[i]
		} else {
			out[i].Name = fmt.Sprintf("column_%d", i+1)
		}
		if out[i].Type == nil {
			out[i].Type = arrow.BinaryTypes.String
		}
	}
	return arrow.NewSchema(out, nil), nil
}

// rows goes over the good rows of a sample.
type rows struct {
	data  []byte
	row   []byte
	split splitter
	opts  Options
}

func (r *rows) next() bool {
	for len(r.data) > 0 {
		if end := blank(r.data, 0, true); end > 0 {
			r.data = r.data[end:]
			continue
		}
		if r.opts.Comment != 0 && r.data[0] == r.opts.Comment {
			r.data = r.data[lineEnd(r.data, 0, true):]
			continue
		}
		n, err := r.split.row(r.data, true)
		if errors.Is(err, errOpen) {
			return false
		}
		r.row, r.data = r.data[:n], r.data[n:]
		if err == nil {
			return true
		}
	}
	return false
}

// guess takes in the fields of the row that are not null.
func (r *rows) guess(cols []guess.Texts) {
	for i, f := range r.split.fields {
		text := r.row[f.start:f.end]
		switch {
		case f.quotes == 0 && r.opts.isNull(text):
		case f.quotes == quotedTwice:
			cols[i].Add(unquote(nil, text, r.opts.Quote))
		default:
			cols[i].Add(text)
		}
	}
}
