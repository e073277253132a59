//go:build unix

package csv_test

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"io"
	"os"
	"testing"

	arrowcsv "github.com/apache/arrow-go/v18/arrow/csv"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs/csv"
	"github.com/weirflow/weir/codecs/internal/texttest"
	"github.com/weirflow/weir/internal/mem"
)

// lines are rows of texttest.LineSchema: those of the file without a header
// that WEIR_BENCH_LINEITEM names, or made here.
func lines(b *testing.B) []byte {
	b.Helper()
	file := os.Getenv("WEIR_BENCH_LINEITEM")
	if file == "" {
		return texttest.Lines(50_000)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	return text
}

func BenchmarkDecode(b *testing.B) {
	text := lines(b)
	schema := texttest.Schema(texttest.LineSchema)
	for name, alloc := range map[string]memory.Allocator{"go": nil, "pool": mem.NewPool(mem.Options{})} {
		b.Run("alloc="+name, func(b *testing.B) {
			d, err := csv.NewDecoder(schema, csv.Options{Alloc: alloc})
			if err != nil {
				b.Fatal(err)
			}
			defer d.Release()
			texttest.Bench(b, text, func() int { return texttest.Drain(b, d, text) })
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	text := lines(b)
	schema := texttest.Schema(texttest.LineSchema)
	d, err := csv.NewDecoder(schema, csv.Options{BatchRows: 50_000})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Release()
	if _, err := d.Decode(text, true); err != nil {
		b.Fatal(err)
	}
	rows := d.Flush()
	defer rows.Release()
	e, err := csv.NewEncoder(schema, csv.Options{})
	if err != nil {
		b.Fatal(err)
	}
	out, err := e.Append(nil, rows)
	if err != nil {
		b.Fatal(err)
	}
	texttest.Bench(b, out, func() int {
		if out, err = e.Append(out[:0], rows); err != nil {
			b.Fatal(err)
		}
		return int(rows.NumRows())
	})
}

// BenchmarkPeer is what others make of the same text: strings, and columns.
func BenchmarkPeer(b *testing.B) {
	text := lines(b)
	b.Run("encoding/csv", func(b *testing.B) {
		texttest.Bench(b, text, func() (rows int) {
			r := stdcsv.NewReader(bytes.NewReader(text))
			r.ReuseRecord = true
			for {
				_, err := r.Read()
				if errors.Is(err, io.EOF) {
					return rows
				}
				if err != nil {
					b.Fatal(err)
				}
				rows++
			}
		})
	})
	b.Run("arrow", func(b *testing.B) {
		schema := texttest.Schema(texttest.LineSchema)
		texttest.Bench(b, text, func() (rows int) {
			r := arrowcsv.NewReader(bytes.NewReader(text), schema, arrowcsv.WithChunk(65536))
			defer r.Release()
			for r.Next() {
				rows += int(r.RecordBatch().NumRows())
			}
			if r.Err() != nil {
				b.Fatal(r.Err())
			}
			return rows
		})
	})
}
