package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs"
	"github.com/weirflow/weir/flow"
)

// textBytes is how much text is read at a time.
const textBytes = 512 << 10

// textRun reads one split of text.
type textRun struct {
	f      *Files
	s      Split
	schema *arrow.Schema
	alloc  memory.Allocator
	dec    codecs.TextDecoder
	out    *flow.Emitter[flow.Batch, Position]

	r     io.Reader
	end   func() int64 // bytes of the file on disk that are read so far
	told  int64        // of these, told as progress
	buf   []byte
	h, w  int   // buf[h:w] is not decoded yet
	at    int64 // the place of buf[h] in the file, decompressed
	zero  int64 // the place in the file of the decoder's byte 0
	skips int64 // bad rows left out
	bad   rejects
}

// readText reads the rows of s that follow from.
func (f *Files) readText(ctx context.Context, s Split, file *seen, schema *arrow.Schema,
	from *Position, out *flow.Emitter[flow.Batch, Position],
) (err error) {
	h, err := s.in.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if err := s.same(h); err != nil {
		return err
	}
	alloc := f.env.Allocator(out.Alloc())
	t := &textRun{f: f, s: s, schema: schema, out: out, alloc: alloc, bad: rejects{in: s.in, alloc: alloc}}
	var at int64
	if from != nil {
		at = from.Offset
	}
	defer func() { err = errors.Join(err, t.bad.close()) }()
	if s.in.kind.compression != none {
		err = t.compressed(ctx, h, file, schema, at)
	} else {
		err = t.plain(ctx, h, file, schema, at)
	}
	if _, named := errors.AsType[*RowError](err); err != nil && !named {
		err = fmt.Errorf("read %s: %w", s.in.name, err)
	}
	if err != nil {
		return err
	}
	if t.skips > 0 {
		f.log.Warn("left rows out that do not fit", "file", s.in.name, "part", s.index, "rows", t.skips)
	}
	return nil
}

// plain reads a part of a file as it lies on disk.
func (t *textRun) plain(ctx context.Context, h *os.File, file *seen, schema *arrow.Schema, at int64) error {
	begin, err := t.f.boundary(h, file, t.s.start)
	if err != nil {
		return err
	}
	end, err := t.f.boundary(h, file, t.s.end)
	if err != nil {
		return err
	}
	if at > end || at > 0 && at < begin {
		return flow.Markf(flow.Conflict, "the position %d is not between %d and %d; the state directory is of another file", at, begin, end)
	}
	t.at = max(at, begin)
	t.end = func() int64 { return min(max(t.at+int64(t.w-t.h)-t.s.start, 0), t.s.bytes) }
	t.r = io.NewSectionReader(h, t.at, end-t.at)
	if t.dec, err = t.f.decoder(file, schema, t.at, t.alloc); err != nil {
		return err
	}
	defer t.dec.Release()
	return t.rows(ctx, t.at > 0 && file.array)
}

// compressed reads a whole file through its decompressor.
func (t *textRun) compressed(ctx context.Context, h *os.File, file *seen, schema *arrow.Schema, at int64) (err error) {
	read := &counter{r: h}
	z, err := decompress(read, t.s.in.kind.compression)
	if err != nil {
		return damaged(err)
	}
	ahead := startReadAhead(z)
	defer func() { err = errors.Join(err, z.Close()) }()
	defer ahead.Close()
	t.end = read.count
	t.r = damageReader{ahead}
	at = max(at, file.rows)
	if at > 0 {
		n, err := io.CopyN(io.Discard, contextReader{ctx.Err, t.r}, at)
		if errors.Is(err, io.EOF) {
			return flow.Markf(flow.Conflict, "the position %d is behind the end, %d; the state directory is of another file", at, n)
		}
		if err != nil {
			return err
		}
	}
	t.at = at
	if t.dec, err = t.f.decoder(file, schema, at, t.alloc); err != nil {
		return err
	}
	defer t.dec.Release()
	return t.rows(ctx, at > 0 && file.array)
}

// rows decodes to the end. inside says that reading begins inside a JSON
// array, behind one of its rows.
func (t *textRun) rows(ctx context.Context, inside bool) error {
	t.buf = make([]byte, min(textBytes, t.s.bytes+edge))
	t.zero = t.at
	if inside {
		if ended, err := t.reopenArray(); ended || err != nil {
			return err
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		last, err := t.more()
		if err != nil {
			return err
		}
		if err := t.decode(last); err != nil {
			return err
		}
		if last {
			break
		}
	}
	if t.h < t.w {
		return fmt.Errorf("%d bytes are left over behind byte %d", t.w-t.h, t.at)
	}
	if err := t.emit(); err != nil {
		return err
	}
	t.out.Progress(t.s.bytes - t.told)
	return nil
}

// more reads text behind what is left in the buffer.
func (t *textRun) more() (last bool, err error) {
	if t.h > 0 {
		t.w = copy(t.buf, t.buf[t.h:t.w])
		t.h = 0
	}
	if t.w == len(t.buf) {
		t.buf = append(t.buf, make([]byte, len(t.buf))...)
	}
	n, err := t.r.Read(t.buf[t.w:])
	t.w += n
	if n := t.end() - t.told; n > 0 {
		t.out.Progress(n)
		t.told += n
	}
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	return false, err
}

// decode takes every whole row out of the buffer.
func (t *textRun) decode(last bool) error {
	for {
		n, err := t.dec.Decode(t.buf[t.h:t.w], last)
		t.h += n
		t.at += int64(n)
		if err != nil {
			row, ok := codecs.IsRow(err)
			if !ok {
				return err
			}
			if err := t.reject(row); err != nil {
				return err
			}
		}
		full := t.dec.Full() || t.bad.full()
		if full {
			if err := t.emit(); err != nil {
				return err
			}
		}
		if err == nil && !full {
			return nil
		}
	}
}

// emit gives the open batch away, with the rows rejected among its own.
func (t *textRun) emit() error {
	var out []flow.Batch
	if b := t.dec.Flush(); b != nil {
		fitted, err := conform(b, t.schema, 0, t.alloc)
		b.Release()
		if err != nil {
			return err
		}
		out = append(out, flow.Batch{RecordBatch: fitted})
	}
	if b := t.bad.flush(); b != nil {
		out = append(out, flow.Batch{RecordBatch: b, Stream: Rejected})
	}
	switch len(out) {
	case 0:
		return nil
	case 1:
		return t.out.Emit(out[0], Position{Offset: t.at})
	default:
		return t.out.EmitChunk(out, Position{Offset: t.at})
	}
}

// reject deals with a bad row as the settings say.
func (t *textRun) reject(row *codecs.RowError) error {
	offset := t.zero + row.Offset
	switch t.f.cfg.OnError {
	case skipName:
		t.skips++
		return nil
	case deadName:
		return t.bad.add(row, offset)
	}
	line, at, err := t.bad.lineOf(offset)
	if err != nil {
		return errors.Join(row, err)
	}
	return flow.Mark(flow.BadRow, &RowError{File: t.s.in.name, Line: line, Byte: at, Column: row.Column, Err: row.Err})
}

// reopenArray begins to read inside a JSON array: the decoder sees the rows
// that are left as an array of their own.
func (t *textRun) reopenArray() (ended bool, err error) {
	t.buf[0] = '['
	t.w = 1
	for {
		c := t.w
		last, err := t.more()
		if err != nil {
			return false, err
		}
		for c < t.w && (t.buf[c] == ' ' || t.buf[c] == '\n' || t.buf[c] == '\r' || t.buf[c] == '\t') {
			c++
		}
		if c < t.w && t.buf[c] == ',' {
			t.buf[c] = ' '
		}
		if c < t.w {
			t.zero--
			t.at--
			return false, nil
		}
		if last {
			return true, nil
		}
	}
}

// damageReader reads what is compressed.
type damageReader struct{ r io.Reader }

// Read says of an error that the file is damaged.
func (d damageReader) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(err)
	}
	return n, err
}

func damaged(err error) error {
	return flow.Mark(flow.BadRow, fmt.Errorf("decompress: %w; the file is damaged, or its compression is another", err))
}

type contextReader struct {
	err func() error
	r   io.Reader
}

// Read reads as long as the context is not done.
func (c contextReader) Read(p []byte) (int, error) {
	if err := c.err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
