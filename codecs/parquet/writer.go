package parquet

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/weirflow/weir/flow"
)

// Rows are gathered until they are worth handing to the workers: that many
// rows, or that many bytes.
const (
	gatherRows  = 65_536
	gatherBytes = 8 << 20

	// firstRatio is the guess for the ratio of encoded to Arrow bytes before anything is encoded.
	firstRatio = 0.25
)

// Writer writes one Parquet file. It is used by one goroutine; the columns
// of what was written are encoded by others, which end before Close and
// Abort return and while nothing is written.
//
// It holds at most two lots of batches (65,536 rows or 8 MiB each, or one
// larger batch), one being gathered and one being encoded, and the encoded
// pages of one row group.
type Writer struct {
	w       io.Writer
	schema  *arrow.Schema
	o       WriterOptions
	columns []*columnWriter
	pool    *pool
	footer  footer

	pending lot
	group   int64                       // rows in the open row group, handed over or pending
	size    int64                       // their Arrow bytes
	open    struct{ rows, bytes int64 } // of the open row group, encoded
	rows    int64
	written int64
	ratio   float64 // of bytes in the file to Arrow bytes, as last seen
	done    bool
	err     error // the first one; the writer is of no use after it
}

// NewWriter begins a file with the columns of schema. Field ids come from the
// metadata "PARQUET:field_id" of the fields, at all depths. A column that
// Parquet cannot hold is a BadConfig error, and nothing is written. The
// caller closes w, after Close or Abort.
//
// What is stored is what Arrow readers get back, with two exceptions of the
// format: seconds become milliseconds, and the fields inside of lists and
// maps get their standard names.
func NewWriter(w io.Writer, schema *arrow.Schema, o WriterOptions) (*Writer, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	codec, err := newCompression(o.Compression)
	if err != nil {
		return nil, err
	}
	layout, err := newLayout(schema)
	if err != nil {
		return nil, err
	}
	p := &Writer{w: w, schema: schema, o: o, ratio: firstRatio}
	p.footer = footer{layout: layout, created: createdBy}
	if p.footer.pairs, err = pairs(schema, o); err != nil {
		return nil, err
	}
	for _, c := range layout.columns {
		p.columns = append(p.columns, newColumnWriter(c, codec, o))
	}
	for _, name := range o.Bloom {
		i, err := layout.find(name)
		if err != nil {
			return nil, fmt.Errorf("bloom filter: %w", err)
		}
		if k := layout.columns[i].kind; k == kindBool || k == kindNull {
			return nil, flow.Markf(flow.BadConfig, "bloom filter: column %s is a boolean or null", name)
		}
		p.columns[i].bloom = true
	}
	p.pool = newPool(codec, o, p.columns)
	return p, nil
}

// pairs are the key-value metadata: the schema's, the options', and the Arrow
// schema itself.
func pairs(schema *arrow.Schema, o WriterOptions) ([][2]string, error) {
	var out [][2]string
	meta := schema.Metadata()
	for i, k := range meta.Keys() {
		if _, ok := o.KeyValue[k]; !ok && k != arrowSchemaKey {
			out = append(out, [2]string{k, meta.Values()[i]})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(o.KeyValue)) {
		out = append(out, [2]string{k, o.KeyValue[k]})
	}
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(standardNames(schema)), ipc.WithAllocator(o.Alloc))
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("encode schema: %w", err)
	}
	return append(out, [2]string{arrowSchemaKey, base64.StdEncoding.EncodeToString(buf.Bytes())}), nil
}

// Write appends the rows of b, which it borrows. An error may be of rows
// written before; after it, only Abort is of use.
func (w *Writer) Write(b arrow.RecordBatch) error {
	if w.err != nil {
		return w.err
	}
	if w.done {
		return errors.New("write parquet: file is closed")
	}
	if !w.fits(b) {
		return fmt.Errorf("write parquet: batch with schema %s, the file has %s", b.Schema(), w.schema)
	}
	w.err = w.write(b)
	return w.err
}

// fits reports whether b has the types of the file.
func (w *Writer) fits(b arrow.RecordBatch) bool {
	if b.Schema() == w.schema {
		return true
	}
	if int(b.NumCols()) != w.schema.NumFields() {
		return false
	}
	for i, f := range w.schema.Fields() {
		// Metadata inside of nested types makes no difference to the values.
		t := b.Column(i).DataType()
		if !arrow.TypeEqual(f.Type, t) && f.Type.String() != t.String() {
			return false
		}
	}
	return true
}

func (w *Writer) write(b arrow.RecordBatch) error {
	n := b.NumRows()
	if n == 0 {
		return nil
	}
	perRow := max(1, batchBytes(b)/n)
	for at := int64(0); at < n; {
		room := min(w.o.RowGroupRows-w.group, (w.o.RowGroupBytes-w.size+perRow-1)/perRow)
		take := max(1, min(n-at, room, max(gatherRows, gatherBytes/perRow)))
		part := b.NewSlice(at, at+take)
		at += take
		p := &w.pending
		p.add(part, w.o.Alloc)
		p.rows += int(take)
		p.bytes += take * perRow
		w.rows += take
		w.group += take
		w.size += take * perRow
		p.last = w.group >= w.o.RowGroupRows || w.size >= w.o.RowGroupBytes
		if p.last || p.rows >= gatherRows || p.bytes >= gatherBytes {
			if err := w.handOver(); err != nil {
				return err
			}
		}
	}
	return nil
}

// handOver gives the pending rows to the workers, once they are done with
// the ones before.
func (w *Writer) handOver() error {
	if err := w.settle(); err != nil {
		return err
	}
	next := w.pending
	w.pending = lot{batches: w.pool.lot.batches[:0]}
	if next.last {
		w.group, w.size = 0, 0
	}
	if err := w.pool.start(next); err != nil {
		next.release()
		return err
	}
	if w.pool.workers == 1 {
		return w.settle()
	}
	return nil
}

// settle waits for the workers, and writes the row group if they ended one.
func (w *Writer) settle() error {
	done, err := w.pool.wait()
	if err != nil || done.rows == 0 && !done.last {
		return err
	}
	w.open.rows += int64(done.rows)
	w.open.bytes += done.bytes
	w.ratio = float64(w.pool.encoded) / float64(max(1, w.open.bytes))
	if !done.last {
		return nil
	}
	rows := w.open.rows
	w.open.rows, w.open.bytes = 0, 0
	return w.writeGroup(rows)
}

// put writes to the file.
func (w *Writer) put(b []byte) error {
	n, err := w.w.Write(b)
	w.written += int64(n)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	return nil
}

// Rows is the number of rows written.
func (w *Writer) Rows() int64 { return w.rows }

// Written is the size of the file so far.
func (w *Writer) Written() int64 { return w.written }

// Buffered is the memory held for rows that are not in the file yet.
func (w *Writer) Buffered() int64 {
	return w.pending.bytes + w.pool.lot.bytes + w.pool.encoded
}

// Estimate is about the size the file would have if it were closed now.
func (w *Writer) Estimate() int64 {
	raw := float64(w.pending.bytes + w.pool.lot.bytes)
	return w.written + w.pool.encoded + int64(raw*w.ratio) + 1024
}

// Close writes what is left and the footer, and returns the footer's content.
// It does not close the writer below.
func (w *Writer) Close() (*metadata.FileMetaData, error) {
	if w.err == nil && w.done {
		return nil, errors.New("close parquet: file is closed")
	}
	if w.err == nil {
		w.err = w.finish()
	}
	if w.err != nil {
		w.Abort()
		return nil, w.err
	}
	w.done = true
	meta, err := w.writeFooter()
	if err != nil {
		w.err = err
		return nil, err
	}
	return meta, nil
}

// finish encodes and writes the rows that are left.
func (w *Writer) finish() error {
	if w.group > 0 {
		w.pending.last = true
		if err := w.handOver(); err != nil {
			return err
		}
	}
	return w.settle()
}

// Abort gives up the file and frees what is held for it. It does nothing
// after Close.
func (w *Writer) Abort() {
	w.done = true
	_, _ = w.pool.wait() // nobody is interested in the outcome any more
	w.pending.release()
	w.columns = nil
}
