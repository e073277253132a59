package csv

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs/internal/text"
)

var (
	// ErrSchema is a batch that does not have the schema of its encoder.
	ErrSchema = errors.New("the batch has another schema")

	errNeedsQuotes = errors.New("the value needs quotes, and there are none")
)

// Encoder writes batches as CSV. It has no state of its own.
type Encoder struct {
	schema *arrow.Schema
	opts   Options
	null   string
}

// NewEncoder makes an encoder for batches of a schema. Of the options it
// takes Delimiter, Quote, NoQuotes, Comment and Null, whose first text is
// what it writes for null. It fails if the schema has a type that a field
// cannot hold.
func NewEncoder(schema *arrow.Schema, o Options) (*Encoder, error) {
	o, err := o.check()
	if err != nil {
		return nil, fmt.Errorf("make csv encoder: %w", err)
	}
	e := &Encoder{schema: schema, opts: o}
	if len(o.Null) > 0 {
		e.null = o.Null[0]
	}
	for _, f := range schema.Fields() {
		empty := array.MakeArrayOfNull(memory.DefaultAllocator, f.Type, 0)
		if text.Of(empty) == nil && f.Type.ID() != arrow.NULL {
			err = fmt.Errorf("make csv encoder: column %s: a field cannot hold %s", f.Name, f.Type)
		}
		empty.Release()
	}
	if strings.ContainsAny(e.null, string([]byte{o.Delimiter, o.Quote, '\n', '\r'})) {
		err = fmt.Errorf("make csv encoder: null %q: want a text that needs no quotes", e.null)
	}
	return e, err
}

// Header appends the row of column names.
func (e *Encoder) Header(dst []byte) ([]byte, error) {
	for i, f := range e.schema.Fields() {
		if i > 0 {
			dst = append(dst, e.opts.Delimiter)
		}
		first := len(dst)
		var err error
		if dst, err = e.quote(append(dst, f.Name...), first); err != nil {
			return dst[:first], fmt.Errorf("append csv header: column %s: %w", f.Name, err)
		}
	}
	return append(dst, '\n'), nil
}

// Append appends a line for each row of b to dst. If there is an error, dst
// is as it was.
func (e *Encoder) Append(dst []byte, b arrow.RecordBatch) ([]byte, error) {
	if b.Schema() != e.schema && !b.Schema().Equal(e.schema) {
		return dst, fmt.Errorf("append csv: %w: %s, want %s", ErrSchema, b.Schema(), e.schema)
	}
	cols := make([]text.Append, b.NumCols())
	for i, c := range b.Columns() {
		cols[i] = text.Of(c)
	}
	out := dst
	var err error
	for row := range int(b.NumRows()) {
		for i, value := range cols {
			if i > 0 {
				out = append(out, e.opts.Delimiter)
			}
			if c := b.Column(i); value == nil || c.IsNull(row) {
				out = append(out, e.null...)
				continue
			}
			first := len(out)
			if out, err = value(out, row); err == nil {
				out, err = e.quote(out, first)
			}
			if err != nil {
				return dst, fmt.Errorf("append csv: row %d: column %s: %w",
					row+1, b.ColumnName(i), err)
			}
		}
		out = append(out, '\n')
	}
	return out, nil
}

// quote puts quotes around dst[first:] if it needs them to be read back.
func (e *Encoder) quote(dst []byte, first int) ([]byte, error) {
	value := dst[first:]
	if !utf8.Valid(value) {
		return dst, errUTF8
	}
	if !e.needsQuotes(value) {
		return dst, nil
	}
	if e.opts.NoQuotes {
		return dst, errNeedsQuotes
	}
	quote := e.opts.Quote
	value = slices.Clone(value)
	dst = append(dst[:first], quote)
	for {
		n := bytes.IndexByte(value, quote)
		if n < 0 {
			return append(append(dst, value...), quote), nil
		}
		dst = append(append(dst, value[:n+1]...), quote)
		value = value[n+1:]
	}
}

func (e *Encoder) needsQuotes(value []byte) bool {
	for _, c := range value {
		if c == e.opts.Delimiter || c == e.opts.Quote || c == '\n' || c == '\r' {
			return true
		}
	}
	if slices.Contains(e.opts.Null, string(value)) {
		return true
	}
	return len(value) == 0 || value[0] == bom[0] ||
		value[0] == e.opts.Comment && e.opts.Comment != 0
}

const bom = "\xef\xbb\xbf"
