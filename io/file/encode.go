package file

import (
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs/csv"
	"github.com/weirflow/weir/codecs/jsonl"
	"github.com/weirflow/weir/codecs/parquet"
	"github.com/weirflow/weir/flow"
)

// encoder writes batches of one schema to one file.
type encoder interface {
	write(b arrow.RecordBatch) error
	size() int64 // about what the file would have if it were closed now
	held() int64 // bytes of memory
	close() error
	abort()
}

func (c SinkConfig) encoder(f *os.File, schema *arrow.Schema, alloc memory.Allocator) (encoder, error) {
	if c.Format == parqName {
		o := parquet.WriterOptions{
			Level: c.Level, RowGroupRows: c.Parquet.RowGroupRows,
			RowGroupBytes: int64(c.Parquet.RowGroupBytes), Encodings: c.Parquet.Encodings, Alloc: alloc,
		}
		if c.Compression != auto {
			o.Compression = c.Compression
		}
		for _, name := range c.Parquet.Bloom {
			if schema.HasField(name) {
				o.Bloom = append(o.Bloom, name)
			}
		}
		w, err := parquet.NewWriter(f, schema, o)
		return parquetEncoder{w}, err
	}
	return c.textEncoder(f, schema)
}

type parquetEncoder struct{ w *parquet.Writer }

func (e parquetEncoder) write(b arrow.RecordBatch) error { return e.w.Write(b) }
func (e parquetEncoder) size() int64                     { return e.w.Estimate() }
func (e parquetEncoder) held() int64                     { return e.w.Buffered() }
func (e parquetEncoder) abort()                          { e.w.Abort() }

func (e parquetEncoder) close() error {
	_, err := e.w.Close()
	return err
}

// textEncoder writes text through a compressor.
type textEncoder struct {
	append func(dst []byte, b arrow.RecordBatch) ([]byte, error)
	z      io.WriteCloser
	out    *outCounter
	buf    []byte
}

func (e *textEncoder) write(b arrow.RecordBatch) (err error) {
	if e.buf, err = e.append(e.buf[:0], b); err != nil {
		return err
	}
	_, err = e.z.Write(e.buf)
	return err
}

func (e *textEncoder) size() int64  { return e.out.n }
func (e *textEncoder) held() int64  { return int64(cap(e.buf)) }
func (e *textEncoder) close() error { return e.z.Close() }

// abort ends the compressor, which may hold goroutines; what it writes is
// thrown away with the file.
func (e *textEncoder) abort() { _ = e.z.Close() }

// outCounter counts what is written.
type outCounter struct {
	w io.Writer
	n int64
}

// Write writes and counts.
func (c *outCounter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// textEncoder begins a file of text.
func (c SinkConfig) textEncoder(f io.Writer, schema *arrow.Schema) (_ encoder, err error) {
	e := &textEncoder{out: &outCounter{w: f}}
	if c.Format == jsonlName {
		j, err := jsonl.NewEncoder(schema)
		if err != nil {
			return nil, flow.Mark(flow.BadConfig, err)
		}
		e.append = j.Append
	} else if err := e.csv(c.CSV, schema); err != nil {
		return nil, flow.Mark(flow.BadConfig, err)
	}
	if e.z, err = compress(e.out, c.textCompression(), c.Level); err != nil {
		return nil, flow.Mark(flow.BadConfig, err)
	}
	_, err = e.z.Write(e.buf) // the header of CSV
	return e, err
}

func (e *textEncoder) csv(c CSV, schema *arrow.Schema) error {
	comma, err := c.delimiter("")
	if err != nil {
		return err
	}
	o := csv.Options{Delimiter: comma}
	if c.Null != "" {
		o.Null = []string{c.Null}
	}
	w, err := csv.NewEncoder(schema, o)
	if err != nil {
		return err
	}
	if e.append = w.Append; c.NoHeader {
		return nil
	}
	e.buf, err = w.Header(nil)
	return err
}
