// Package hand holds loops written by hand for one schema each: text into
// Arrow builders, and Arrow into Parquet by pqarrow. They check no more of
// their input than they must and have no positions, no state and no recovery:
// what a program costs that does this one thing only.
package hand

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

const batchRows = 65536

// appender appends one line of text to its builders.
type appender interface {
	line(b []byte) error
}

// convert reads the lines of file in, after skip of them, through the
// appender that open makes, into the Parquet file out.
func convert(in, out string, schema *arrow.Schema, skip int, open func(*array.RecordBuilder) appender) (err error) {
	f, err := os.Open(in)
	if err != nil {
		return fmt.Errorf("open input: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, err := newWriter(out, schema)
	if err != nil {
		return err
	}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	to, n := open(builder), 0
	err = lines(f, func(b []byte) error {
		if skip > 0 {
			skip--
			return nil
		}
		if err := to.line(b); err != nil {
			return err
		}
		if n++; n%batchRows == 0 {
			w.put(builder.NewRecordBatch())
		}
		return nil
	})
	if n%batchRows > 0 {
		w.put(builder.NewRecordBatch())
	}
	return errors.Join(err, w.close())
}

// lines calls f for each line, which is valid for the call.
func lines(r io.Reader, f func([]byte) error) error {
	buf := make([]byte, 4<<20)
	n := 0
	for {
		m, err := r.Read(buf[n:])
		n += m
		rest := buf[:n]
		for {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				break
			}
			if err := f(rest[:i]); err != nil {
				return err
			}
			rest = rest[i+1:]
		}
		n = copy(buf, rest)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read lines: %w", err)
		}
	}
}

// writer writes batches to a Parquet file on a goroutine of its own.
type writer struct {
	batches chan arrow.RecordBatch
	done    chan error
}

func newWriter(path string, schema *arrow.Schema) (*writer, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create output: %w", err)
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithMaxRowGroupLength(1<<20), parquet.WithStoreDecimalAsInteger(true))
	to, err := pqarrow.NewFileWriter(schema, f, props, pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create output: %w", err), f.Close())
	}
	w := &writer{batches: make(chan arrow.RecordBatch, 2), done: make(chan error, 1)}
	go func() {
		var failed error
		for b := range w.batches {
			if failed == nil {
				failed = to.WriteBuffered(b)
			}
			b.Release()
		}
		w.done <- errors.Join(failed, to.Close())
	}()
	return w, nil
}

// put gives b away.
func (w *writer) put(b arrow.RecordBatch) { w.batches <- b }

func (w *writer) close() error {
	close(w.batches)
	return <-w.done
}

func two(b []byte) int { return int(b[0]-'0')*10 + int(b[1]-'0') }

// days is the day of YYYY-MM-DD since 1970.
func days(b []byte) int {
	y, m, d := two(b)*100+two(b[2:]), two(b[5:]), two(b[8:])
	if m <= 2 {
		y--
	}
	era := y / 400
	year := y - era*400
	return era*146097 + year*365 + year/4 - year/100 + (153*((m+9)%12)+2)/5 + d - 1 - 719468
}
