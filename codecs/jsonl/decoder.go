package jsonl

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs"
	"github.com/weirflow/weir/codecs/internal/column"
)

// DefaultMaxRowBytes is how long a row may be unless told otherwise.
const DefaultMaxRowBytes = 64 << 20

// maxText is how much of a bad row an error carries.
const maxText = 4 << 10

// Unknown is what to do with a field that the schema does not have.
type Unknown uint8

const (
	// UnknownIgnore reads over the field.
	UnknownIgnore Unknown = iota
	// UnknownError makes the row a bad row.
	UnknownError
)

// Options are the settings of a decoder. The zero value is the default.
type Options struct {
	// Alloc is where batches come from. The default is Go's allocator.
	Alloc memory.Allocator
	// BatchRows and BatchBytes are when a batch is full: 65536 rows, or
	// 32 MiB of columns.
	BatchRows  int
	BatchBytes int64
	// MaxRowBytes is how long a row may be: 64 MiB. A longer one is a bad
	// row and is not buffered.
	MaxRowBytes int
	// Unknown is what to do with fields that the schema does not have.
	Unknown Unknown
	// Lines says that the text is one row a line even if it begins with [,
	// as a part of a file may.
	Lines bool
}

// Decoder is the [codecs.TextDecoder] for JSON.
type Decoder struct {
	opts  Options
	batch *column.Batch
	root  *node
	rows  int64 // taken so far, bad ones too
	base  int64 // bytes taken by earlier Decodes
	frame frame

	b       []byte // the row being read
	scratch []byte // a string without its escapes
	fault   fault
}

// fault is what is wrong with the row being read.
type fault struct {
	pos    int
	column string
	err    error
}

var _ codecs.TextDecoder = (*Decoder)(nil)

// NewDecoder makes a decoder for rows of a schema. It fails if the schema
// has a type that JSON cannot hold, or two columns of one name.
func NewDecoder(schema *arrow.Schema, o Options) (codecs.TextDecoder, error) {
	if o.MaxRowBytes == 0 {
		o.MaxRowBytes = DefaultMaxRowBytes
	}
	if o.MaxRowBytes < 0 || o.MaxRowBytes > column.MaxBytes {
		return nil, fmt.Errorf("make json decoder: rows of at most %d bytes: want 1 to %d",
			o.MaxRowBytes, column.MaxBytes)
	}
	batch, err := column.NewBatch(schema, o.Alloc, o.BatchRows, o.BatchBytes)
	if err != nil {
		return nil, fmt.Errorf("make json decoder: %w", err)
	}
	root := &node{kind: column.Struct}
	if err := root.compile(batch.Cols, ""); err != nil {
		return nil, fmt.Errorf("make json decoder: %w", err)
	}
	frame := frame{lines: o.Lines, most: o.MaxRowBytes}
	return &Decoder{opts: o, batch: batch, root: root, frame: frame}, nil
}

// Rows is the number of rows in the open batch.
func (d *Decoder) Rows() int { return d.batch.Rows() }

// Full reports whether the open batch has reached a limit.
func (d *Decoder) Full() bool { return d.batch.Full() }

// Flush gives the open batch away; nil if it has no rows.
func (d *Decoder) Flush() arrow.RecordBatch { return d.batch.Flush() }

// Release frees the open batch.
func (d *Decoder) Release() { d.batch.Release() }

// Decode reads rows; see [codecs.TextDecoder].
func (d *Decoder) Decode(data []byte, last bool) (consumed int, err error) {
	for err == nil {
		s, found, bad := d.frame.find(data, consumed, last, d.batch.Full())
		consumed = s.next
		if !found && bad == nil {
			break
		}
		d.rows++
		switch {
		case bad != nil:
			text := d.frame.text
			if d.frame.text = nil; text == nil {
				text = data[s.start:s.end]
			}
			err = d.rowError(s.start, text, fault{err: bad})
		case !d.row(data[s.start:s.end]):
			d.batch.Rollback()
			err = d.rowError(s.start, d.b, d.fault)
		default:
			d.batch.EndRow(len(d.b))
		}
	}
	d.base += int64(consumed)
	return consumed, err
}

func (d *Decoder) rowError(start int, row []byte, f fault) *codecs.RowError {
	return &codecs.RowError{
		Row:    d.rows,
		Offset: d.base + int64(start+f.pos),
		Column: f.column,
		Text:   bytes.Clone(row[:min(len(row), maxText, d.opts.MaxRowBytes)]),
		Err:    f.err,
	}
}

var (
	errNotObject = errors.New("want an object, { first")
	errAfter     = errors.New("text behind the end of the object")
)

// row reads one row into the columns. If it returns false, d.fault says why.
func (d *Decoder) row(b []byte) bool {
	d.b = b
	if len(b) == 0 || b[0] != '{' {
		d.fault = fault{err: errNotObject}
		return false
	}
	p := d.object(d.root, 0, d.batch.Rows())
	if p < 0 {
		return false
	}
	if p = space(b, p); p < len(b) {
		d.fault = fault{pos: p, err: errAfter}
		return false
	}
	return true
}

// fail notes what is wrong and returns -1, the position of a row that failed.
func (d *Decoder) fail(p int, n *node, err error) int {
	d.fault = fault{pos: p, err: err}
	if n != nil {
		d.fault.column = n.path
	}
	return -1
}

// failText is fail with the text that does not fit.
func (d *Decoder) failText(p int, n *node, text []byte, err error) int {
	const most = 80
	if len(text) > most {
		return d.fail(p, n, fmt.Errorf("%q...: %w", text[:most], err))
	}
	return d.fail(p, n, fmt.Errorf("%q: %w", text, err))
}
