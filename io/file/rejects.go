package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs"
)

// Rejected is the stream of the rows that do not fit, when on_error is
// dead_letter. They come with the same position as the rows around them, so
// rows out and rows rejected together are the rows of the files, each once.
// Without a Split by stream they go where the rows go.
const Rejected = "_rejected"

// RejectedSchema is the columns of the stream [Rejected]: where the row is,
// what is wrong with which column, and the text of the row, cut to a few KB.
func RejectedSchema() *arrow.Schema {
	text := arrow.BinaryTypes.String
	return arrow.NewSchema([]arrow.Field{
		{Name: "file", Type: text},
		{Name: "line", Type: arrow.PrimitiveTypes.Int64},
		{Name: "offset", Type: arrow.PrimitiveTypes.Int64},
		{Name: "column", Type: text, Nullable: true},
		{Name: "error", Type: text},
		{Name: "text", Type: arrow.BinaryTypes.Binary},
	}, nil)
}

// RowError is the error of a row that does not fit.
type RowError struct {
	File   string // as the settings write it
	Line   int64  // from 1, in the whole file
	Byte   int64  // of the fault, from 1, in the line
	Column string // "" when it is the row as a whole
	Err    error
}

// Error says where the row is and what is wrong.
func (e *RowError) Error() string {
	at := fmt.Sprintf("%s:%d:%d: ", e.File, e.Line, e.Byte)
	if e.Column != "" {
		at += "column " + e.Column + ": "
	}
	return at + e.Err.Error() + "; correct it or schema, or set on_error to skip or dead_letter"
}

// Unwrap returns what is wrong.
func (e *RowError) Unwrap() error { return e.Err }

// rejects gathers bad rows, and knows their lines.
type rejects struct {
	in    input
	alloc memory.Allocator
	lines *lineCounter // opened by the first bad row
	b     *array.RecordBuilder
	n     int
	bytes int
}

// lineOf is the line of the byte at offset, and its place in it.
func (r *rejects) lineOf(offset int64) (line, at int64, err error) {
	if r.lines == nil {
		l, err := openLines(r.in)
		if err != nil {
			return 0, 0, err
		}
		r.lines = l
	}
	return r.lines.line(offset)
}

func (r *rejects) add(row *codecs.RowError, offset int64) error {
	line, _, err := r.lineOf(offset)
	if err != nil {
		return err
	}
	if r.b == nil {
		r.b = array.NewRecordBuilder(r.alloc, RejectedSchema())
	}
	r.b.Field(0).(*array.StringBuilder).Append(r.in.name)
	r.b.Field(1).(*array.Int64Builder).Append(line)
	r.b.Field(2).(*array.Int64Builder).Append(offset)
	if row.Column == "" {
		r.b.Field(3).AppendNull()
	} else {
		r.b.Field(3).(*array.StringBuilder).Append(row.Column)
	}
	r.b.Field(4).(*array.StringBuilder).Append(row.Err.Error())
	r.b.Field(5).(*array.BinaryBuilder).Append(row.Text)
	r.n++
	r.bytes += len(row.Text)
	return nil
}

// full bounds what is gathered between two batches of good rows.
func (r *rejects) full() bool { return r.n >= 16<<10 || r.bytes >= batchBytes }

func (r *rejects) flush() arrow.RecordBatch {
	if r.n == 0 {
		return nil
	}
	r.n, r.bytes = 0, 0
	return r.b.NewRecordBatch()
}

func (r *rejects) close() error {
	if r.b != nil {
		r.b.Release()
	}
	if r.lines == nil {
		return nil
	}
	return r.lines.close()
}

// lineCounter finds the lines of offsets by reading the file a second time,
// only as far as it must: a file without bad rows is not counted at all.
type lineCounter struct {
	r     io.Reader
	close func() error
	buf   []byte
	rest  []byte // read and not counted
	at    int64  // where rest begins
	lines int64  // newlines before at
	start int64  // of the line that at is in
}

func openLines(in input) (*lineCounter, error) {
	f, err := in.open()
	if err != nil {
		return nil, err
	}
	z, err := decompress(f, in.kind.compression)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	l := &lineCounter{r: z, buf: make([]byte, 256<<10)}
	l.close = func() error { return errors.Join(z.Close(), f.Close()) }
	return l, nil
}

// line is the line of the byte at offset and its place in it, both from 1.
// The offsets of one counter do not fall.
func (l *lineCounter) line(offset int64) (line, at int64, err error) {
	for l.at < offset {
		if len(l.rest) == 0 {
			n, err := l.r.Read(l.buf)
			if l.rest = l.buf[:n]; n == 0 {
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					return 0, 0, fmt.Errorf("count lines: %w", err)
				}
			}
			continue
		}
		n := min(int64(len(l.rest)), offset-l.at)
		if last := bytes.LastIndexByte(l.rest[:n], '\n'); last >= 0 {
			l.lines += int64(bytes.Count(l.rest[:n], []byte("\n")))
			l.start = l.at + int64(last) + 1
		}
		l.rest = l.rest[n:]
		l.at += n
	}
	return l.lines + 1, max(offset-l.start, 0) + 1, nil
}

// counter counts what is read through it. count may be called beside Read.
type counter struct {
	r io.Reader
	n atomic.Int64
}

// Read reads and counts.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

func (c *counter) count() int64 { return c.n.Load() }
