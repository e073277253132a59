package csv

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/weirflow/weir/codecs"
	"github.com/weirflow/weir/codecs/internal/column"
	"github.com/weirflow/weir/codecs/internal/scalar"
)

// maxText is how much of a bad row an error carries.
const maxText = 4 << 10

// Decoder is the [codecs.TextDecoder] for CSV.
type Decoder struct {
	opts  Options
	batch *column.Batch
	cols  []*column.Column // of each field of a row; nil: not in the schema
	rows  int64            // taken so far, bad ones too
	base  int64            // bytes taken by earlier Decodes
	split splitter
	seen  int // bytes of the row at hand that have been split in vain

	begun   bool  // behind the byte order mark
	titled  bool  // behind the header
	broken  error // the text cannot be read at all
	skip    skip
	scratch []byte // a field without its doubled quotes
}

// skip is what is being read over up to a newline.
type skip struct {
	kind skipKind
	text []byte // what a row that is too long begins with
	size int    // its bytes so far
	err  error
}

type skipKind uint8

const (
	skipNothing skipKind = iota
	skipComment
	skipRow
)

var _ codecs.TextDecoder = (*Decoder)(nil)

// NewDecoder makes a decoder for rows of a schema. It fails if the schema
// has a type that a field cannot hold, or two columns of one name.
func NewDecoder(schema *arrow.Schema, o Options) (codecs.TextDecoder, error) {
	o, err := o.check()
	if err != nil {
		return nil, fmt.Errorf("make csv decoder: %w", err)
	}
	batch, err := column.NewBatch(schema, o.Alloc, o.BatchRows, o.BatchBytes)
	if err != nil {
		return nil, fmt.Errorf("make csv decoder: %w", err)
	}
	for i, c := range batch.Cols {
		if len(c.Kids) > 0 {
			return nil, fmt.Errorf("make csv decoder: column %s: a field cannot hold %s; want utf8",
				c.Field.Name, c.Field.Type)
		}
		for _, other := range batch.Cols[:i] {
			if other.Field.Name == c.Field.Name {
				return nil, fmt.Errorf("make csv decoder: there are two columns %s", c.Field.Name)
			}
		}
	}
	d := &Decoder{opts: o, batch: batch, cols: batch.Cols, split: newSplitter(o)}
	d.titled = !o.Header
	if o.Columns != nil {
		if err := d.bind(o.Columns); err != nil {
			return nil, fmt.Errorf("make csv decoder: %w", err)
		}
	}
	return d, nil
}

// bind finds the column of each field by name.
func (d *Decoder) bind(names []string) error {
	d.cols = make([]*column.Column, len(names))
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("the header has the column %q twice", name)
		}
		named := func(c *column.Column) bool { return c.Field.Name == name }
		at := slices.IndexFunc(d.batch.Cols, named)
		switch {
		case at >= 0:
			d.cols[i] = d.batch.Cols[at]
		case d.opts.Unknown == UnknownError:
			return fmt.Errorf("the header has the column %q, the schema does not", name)
		}
	}
	for _, c := range d.batch.Cols {
		if !slices.Contains(names, c.Field.Name) {
			return fmt.Errorf("the header has no column %q, the schema does: it has %q",
				c.Field.Name, names)
		}
	}
	return nil
}

// Rows is the number of rows in the open batch.
func (d *Decoder) Rows() int { return d.batch.Rows() }

// Full reports whether the open batch has reached a limit.
func (d *Decoder) Full() bool { return d.batch.Full() }

// Flush gives the open batch away; nil if it has no rows.
func (d *Decoder) Flush() arrow.RecordBatch { return d.batch.Flush() }

// Release frees the open batch.
func (d *Decoder) Release() { d.batch.Release() }

// Decode reads rows; see [codecs.TextDecoder]. A header that does not fit
// the schema, and a row of more than one line in text that is a [Options]
// Split, are errors that are no [codecs.RowError], and stay.
func (d *Decoder) Decode(data []byte, last bool) (consumed int, err error) {
	if d.broken != nil {
		return 0, d.broken
	}
	p := 0
	if !d.begun {
		n, known := scalar.BOM(data, last)
		if !known {
			return 0, nil
		}
		p, d.begun = n, true
	}
	for err == nil {
		var next int
		if d.skip.kind != skipNothing {
			next, err = d.skipTo(data, p, last)
		} else {
			next, err = d.step(data, p, last)
		}
		if next == p {
			break
		}
		p = next
	}
	d.base += int64(p)
	return p, err
}

// step takes what is at p: an empty line, the beginning of a comment, the
// header or a row. It returns p if it cannot take anything.
func (d *Decoder) step(data []byte, p int, last bool) (next int, err error) {
	if p == len(data) {
		return p, nil
	}
	if n := blank(data, p, last); n > p && (len(d.cols) != 1 || !d.titled) {
		d.seen = 0
		return n, nil
	}
	switch c := data[p]; {
	case c == d.opts.Comment && c != 0:
		d.skip.kind = skipComment
		return p + 1, nil
	case d.titled && d.batch.Full():
		return p, nil
	}
	// One byte more than a row may have: the newline.
	window := data[p:min(len(data), p+d.opts.MaxRowBytes+1)]
	seen := min(d.seen, len(window))
	d.seen = len(window)
	if seen > 0 && d.split.stop != 0 && !last && len(window) <= d.opts.MaxRowBytes &&
		bytes.IndexByte(window[seen:], d.split.stop) < 0 {
		return p, nil
	}
	n, bad := d.split.row(window, last && len(window) <= d.opts.MaxRowBytes)
	if n < 0 {
		if len(window) <= d.opts.MaxRowBytes {
			return p, nil
		}
		d.seen = 0
		return d.tooLong(data, p)
	}
	d.seen = 0
	switch {
	case !d.titled:
		return p + n, d.header(window[:n], bad)
	case bad != nil:
		d.rows++
		return p + n, d.rowError(p, window[:n], d.split.fault, "", bad)
	case d.opts.Split && d.split.lines:
		d.broken = fmt.Errorf("row %d (byte %d): %w", d.rows+1, d.base+int64(p), ErrSplit)
		return p, d.broken
	}
	d.rows++
	return p + n, d.row(window[:n], p)
}

// ErrSplit is a row of several lines in text that was cut at newlines.
var ErrSplit = errors.New("a newline in quotes: this file cannot be read in splits")

func (d *Decoder) header(row []byte, bad error) error {
	d.titled = true
	err := bad
	if err == nil {
		err = d.bind(d.split.strings(row))
	}
	if err != nil {
		d.broken = fmt.Errorf("read csv header: %w", err)
	}
	return d.broken
}

// tooLong begins to read over the row at p.
func (d *Decoder) tooLong(data []byte, p int) (next int, err error) {
	most := d.opts.MaxRowBytes
	err = fmt.Errorf("the row is longer than max_row_bytes = %d", most)
	from := d.split.fault
	if d.split.open {
		// The quote is more likely wrong than the field that long: go on
		// behind the line that it is in.
		err = fmt.Errorf("%w, and a quoted field of it has no end", err)
	}
	if n := bytes.IndexByte(data[p+from:p+most+1], '\n'); n >= 0 {
		d.rows++
		row := data[p : p+from+n+1]
		return p + len(row), d.titledError(d.rowError(p, row, 0, "", err))
	}
	text := bytes.Clone(data[p : p+min(most, maxText)])
	d.skip = skip{kind: skipRow, text: text, size: most + 1, err: err}
	return p + most + 1, nil
}

// titledError is what a bad row is before the header has been read: the end.
func (d *Decoder) titledError(err *codecs.RowError) error {
	if d.titled {
		return err
	}
	d.broken = fmt.Errorf("read csv header: %w", err.Err)
	return d.broken
}

// skipTo reads over the rest of a comment or of a row that is too long.
func (d *Decoder) skipTo(data []byte, p int, last bool) (next int, err error) {
	n := bytes.IndexByte(data[p:], '\n')
	ended := n >= 0
	next = len(data)
	if ended {
		next = p + n + 1
	}
	if !ended && !last {
		d.skip.size += next - p
		return next, nil
	}
	s := d.skip
	d.skip = skip{}
	if s.kind == skipComment {
		return next, nil
	}
	d.rows++
	return next, d.titledError(d.rowError(p-s.size, s.text, 0, "", s.err))
}

// row appends the row that was split last.
func (d *Decoder) row(row []byte, p int) error {
	fields := d.split.fields
	if len(fields) != len(d.cols) {
		return d.rowError(p, row, 0, "", fmt.Errorf("%d fields, want %d", len(fields), len(d.cols)))
	}
	for i, c := range d.cols {
		if c == nil {
			continue
		}
		f := &fields[i]
		var err error
		if f.quotes == 0 && f.end > f.start && !d.opts.nullTexts && !d.split.high {
			err = c.AppendText(row[f.start:f.end])
		} else {
			err = d.field(c, row, f)
		}
		if err != nil {
			d.batch.Rollback()
			if text := row[f.start:f.end]; len(text) > 0 && !errors.Is(err, errUTF8) {
				err = fmt.Errorf("%q: %w", text[:min(len(text), 80)], err)
			}
			return d.rowError(p, row, int(f.start), c.Field.Name, err)
		}
	}
	d.batch.EndRow(len(row))
	return nil
}

var errUTF8 = errors.New("not valid UTF-8")

// field appends one field to its column.
func (d *Decoder) field(c *column.Column, row []byte, f *field) error {
	text := row[f.start:f.end]
	switch f.quotes {
	case 0:
		if len(text) == 0 && d.opts.nullEmpty || d.opts.nullTexts && d.opts.isNull(text) {
			return null(c, text)
		}
	case quotedTwice:
		d.scratch = unquote(d.scratch[:0], text, d.opts.Quote)
		text = d.scratch
	default:
	}
	if c.Kind == column.Text && d.split.high && !utf8.Valid(text) {
		return errUTF8
	}
	return c.AppendText(text)
}

// null appends a null, or "" to a text column that takes no null.
func null(c *column.Column, text []byte) error {
	if len(text) == 0 && c.Kind == column.Text && !c.Field.Nullable {
		c.AppendEmpty()
		return nil
	}
	return c.AppendNull()
}

func (d *Decoder) rowError(
	start int, row []byte, fault int, col string, err error,
) *codecs.RowError {
	row = bytes.TrimSuffix(row, []byte("\n"))
	row = bytes.TrimSuffix(row, []byte("\r"))
	return &codecs.RowError{
		Row:    d.rows,
		Offset: d.base + int64(start+fault),
		Column: col,
		Text:   bytes.Clone(row[:min(len(row), maxText)]),
		Err:    err,
	}
}
