package parquet

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/weirflow/weir/flow"
)

// Writer writes one Parquet file. It is used by one goroutine.
type Writer struct {
	w     *pqarrow.FileWriter
	out   *counter
	o     WriterOptions
	rows  int64
	group int64 // rows in the open row group
	bytes int64 // Arrow bytes in the open row group
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// NewWriter begins a file with the columns of schema. Field ids come from the
// metadata "PARQUET:field_id" of the fields, at all depths. A column that
// Parquet cannot hold is a BadConfig error, and nothing is written. The
// caller closes w after Close.
func NewWriter(w io.Writer, schema *arrow.Schema, o WriterOptions) (*Writer, error) {
	codec, ok := map[string]compress.Compression{
		"": compress.Codecs.Zstd, "zstd": compress.Codecs.Zstd,
		"snappy": compress.Codecs.Snappy, "none": compress.Codecs.Uncompressed,
	}[o.Compression]
	if !ok {
		return nil, flow.Markf(flow.BadConfig, "compression %q is not one of zstd, snappy, none", o.Compression)
	}
	if o.RowGroupRows == 0 {
		o.RowGroupRows = DefaultRowGroupRows
	}
	if o.RowGroupBytes == 0 {
		o.RowGroupBytes = DefaultRowGroupBytes
	}
	if o.Alloc == nil {
		o.Alloc = memory.NewGoAllocator()
	}
	props := []parquet.WriterProperty{
		parquet.WithCompression(codec), parquet.WithAllocator(o.Alloc),
		parquet.WithMaxRowGroupLength(o.RowGroupRows), parquet.WithStoreDecimalAsInteger(true),
		parquet.WithPageIndexEnabled(true),
	}
	for _, c := range o.Bloom {
		props = append(props, parquet.WithBloomFilterEnabledFor(c, true))
	}
	out := &counter{w: w}
	fw, err := pqarrow.NewFileWriter(schema, out, parquet.NewWriterProperties(props...),
		pqarrow.NewArrowWriterProperties(pqarrow.WithAllocator(o.Alloc), pqarrow.WithStoreSchema()))
	if err != nil {
		return nil, flow.Mark(flow.BadConfig, err)
	}
	for _, k := range slices.Sorted(maps.Keys(o.KeyValue)) {
		if err := fw.AppendKeyValueMetadata(k, o.KeyValue[k]); err != nil {
			return nil, err
		}
	}
	return &Writer{w: fw, out: out, o: o}, nil
}

// Write appends the rows of b, which it borrows.
func (w *Writer) Write(b arrow.RecordBatch) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("write parquet: %v", p)
		}
	}()
	if b.NumRows() == 0 {
		return nil
	}
	if w.bytes >= w.o.RowGroupBytes || w.group >= w.o.RowGroupRows {
		if err := w.w.NewBufferedRowGroupChecked(); err != nil {
			return err
		}
		w.bytes, w.group = 0, 0
	}
	if err := w.w.WriteBuffered(b); err != nil {
		return err
	}
	w.rows += b.NumRows()
	w.group = (w.group + b.NumRows()) % w.o.RowGroupRows
	w.bytes += (flow.Batch{RecordBatch: b}).Bytes()
	return nil
}

// Rows is the number of rows written.
func (w *Writer) Rows() int64 { return w.rows }

// Written is the size of the file so far.
func (w *Writer) Written() int64 { return w.out.n }

// Buffered is the memory held for rows that are not in the file yet.
func (w *Writer) Buffered() int64 { return w.w.RowGroupTotalBytesWritten() }

// Estimate is about the size the file would have if it were closed now.
func (w *Writer) Estimate() int64 {
	return w.out.n + w.w.RowGroupTotalCompressedBytes() + 1024
}

// Close writes what is left and the footer, and returns the footer's content.
func (w *Writer) Close() (meta *metadata.FileMetaData, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(err, fmt.Errorf("write parquet: %v", p))
		}
	}()
	if err := w.w.Close(); err != nil {
		return nil, err
	}
	return w.w.FileMetadata()
}

// Abort gives up the file and frees what is held for it.
func (w *Writer) Abort() {}
