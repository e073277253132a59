package csv_test

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs"
	"github.com/weirflow/weir/codecs/csv"
	"github.com/weirflow/weir/codecs/internal/texttest"
)

// seeds adds the inputs of the tables.
func seeds(f *testing.F, add func(text []byte)) {
	f.Helper()
	files, err := filepath.Glob("testdata/tables/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal("no tables", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for block := range strings.SplitSeq(string(text), "\n\n") {
			in, _, _ := strings.Cut(block, "----")
			if lines := strings.SplitAfterN(in, "\n", 3); len(lines) == 3 {
				add(input(lines[2]))
			}
		}
	}
}

// FuzzDecode checks what holds for every text: the pieces that it comes in
// change nothing, text without quotes has a row or a bad row for every line,
// rows written and read again are the same, and nothing leaks.
func FuzzDecode(f *testing.F) {
	seeds(f, func(text []byte) { f.Add(text, uint8(3), uint16(0), true, false) })
	schema := texttest.Schema("a:utf8 b:int64 c:decimal(5,2)")
	f.Fuzz(func(t *testing.T, text []byte, step uint8, most uint16, comment, header bool) {
		o := csv.Options{BatchRows: 3, MaxRowBytes: int(most)}
		if comment {
			o.Comment = '#'
		}
		if header {
			text = append([]byte("c,x,a,b\n"), text...)
			o.Header = true
		}
		encoder, err := csv.NewEncoder(schema, o)
		if err != nil {
			t.Fatal(err)
		}
		open := func(alloc memory.Allocator) (codecs.TextDecoder, error) {
			o := o
			o.Alloc = alloc
			return csv.NewDecoder(schema, o)
		}
		var written []byte
		if header {
			if written, err = encoder.Header(nil); err != nil {
				t.Fatal(err)
			}
		}
		whole := texttest.Run(t, open, text, max(1, len(text)), func(b arrow.RecordBatch) {
			if written, err = encoder.Append(written, b); err != nil {
				t.Fatal(err)
			}
		})
		parts := texttest.Run(t, open, text, int(step)+1, nil)
		if whole.String() != parts.String() {
			t.Fatalf("as a whole:\n%s\nin steps of %d:\n%s", whole, step+1, parts)
		}
		if !header && bytes.IndexByte(text, '"') < 0 {
			want := 0
			for line := range bytes.Lines(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) {
				line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
				if len(line) > 0 && (line[0] != '#' || !comment) {
					want++
				}
			}
			if got := whole.Rows() + len(whole.Errors); got != want {
				t.Fatalf("%d rows and errors of %d lines:\n%s", got, want, whole)
			}
		}
		again := texttest.Run(t, func(alloc memory.Allocator) (codecs.TextDecoder, error) {
			o := o
			o.Alloc, o.MaxRowBytes = alloc, 0
			return csv.NewDecoder(schema, o)
		}, written, len(written)+1, nil)
		if whole.Errors = nil; whole.Fatal == nil && whole.String() != again.String() {
			t.Fatalf("read:\n%s\nwritten:\n%s\nread again:\n%s", whole, written, again)
		}
	})
}

// FuzzFields compares the fields of text with what encoding/csv finds, up to
// the first quote that is wrong.
func FuzzFields(f *testing.F) {
	seeds(f, func(text []byte) { f.Add(text) })
	schema := texttest.Schema("a:utf8! b:utf8! c:utf8!")
	f.Fuzz(func(t *testing.T, text []byte) {
		if !utf8.Valid(text) || bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) {
			t.Skip("encoding/csv takes both for text")
		}
		open := func(alloc memory.Allocator) (codecs.TextDecoder, error) {
			return csv.NewDecoder(schema, csv.Options{Alloc: alloc})
		}
		got := texttest.Run(t, open, text, max(1, len(text)), nil)
		var rows []string
		for _, b := range got.Batches {
			rows = append(rows, b...)
		}
		at := 0
		r := stdcsv.NewReader(bytes.NewReader(text))
		r.FieldsPerRecord = 3
		for row := int64(1); ; row++ {
			fields, err := r.Read()
			var bad *codecs.RowError
			if at < len(got.Errors) && got.Errors[at].Row == row {
				bad = got.Errors[at]
				at++
			}
			switch {
			case errors.Is(err, io.EOF):
				if bad != nil || len(rows) > 0 {
					t.Fatalf("encoding/csv is at the end, there is %v, %q", bad, rows)
				}
				return
			case errors.Is(err, stdcsv.ErrQuote), errors.Is(err, stdcsv.ErrBareQuote):
				if bad == nil {
					t.Fatalf("row %d: no error, encoding/csv: %v", row, err)
				}
				return
			case err != nil:
				if want := fmt.Sprintf("%d fields, want 3", len(fields)); bad == nil || bad.Err.Error() != want {
					t.Fatalf("row %d: %v, want %s", row, bad, want)
				}
			case bad != nil || len(rows) == 0:
				t.Fatalf("row %d: %v, encoding/csv: %q", row, bad, fields)
			default:
				want := fmt.Sprintf("%q | %q | %q", fields[0], fields[1], fields[2])
				// encoding/csv makes newlines of \r\n in quotes.
				if have := strings.ReplaceAll(rows[0], `\r\n`, `\n`); have != strings.ReplaceAll(want, `\r\n`, `\n`) {
					t.Fatalf("row %d: %s, encoding/csv: %s", row, rows[0], want)
				}
				rows = rows[1:]
			}
		}
	})
}

// FuzzInfer checks that a schema guessed from a text holds all of it: what
// goes wrong are rows, never values.
func FuzzInfer(f *testing.F) {
	seeds(f, func(text []byte) { f.Add(text) })
	f.Fuzz(func(t *testing.T, text []byte) {
		text = append(text, '\n')
		schema, err := csv.Infer(text, csv.Options{})
		if err != nil || schema.NumFields() > 100 {
			t.Skip("no rows")
		}
		open := func(alloc memory.Allocator) (codecs.TextDecoder, error) {
			return csv.NewDecoder(schema, csv.Options{Alloc: alloc})
		}
		all := texttest.Run(t, open, text, len(text), nil)
		if strings.Contains(all.String(), "never closed") {
			t.Skip("what is behind such a quote is not guessed from")
		}
		for _, bad := range all.Errors {
			if bad.Column != "" && utf8.Valid(bad.Text) {
				t.Fatalf("%v\n%s", bad, schema)
			}
		}
	})
}
