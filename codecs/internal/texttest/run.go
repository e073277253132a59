// Package texttest is what the tests of the text formats have in common:
// schemas written as text, and a reader that feeds a decoder in pieces.
package texttest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs"
)

// Result is what a decoder made of a text.
type Result struct {
	// Batches are the rows of each batch, as its schema's arrays print.
	Batches [][]string
	// Errors are the bad rows.
	Errors []*codecs.RowError
	// Fatal is an error that is not about a row.
	Fatal error
}

// Rows is the number of good rows.
func (r *Result) Rows() int {
	n := 0
	for _, b := range r.Batches {
		n += len(b)
	}
	return n
}

// String is the whole result, to be compared.
func (r *Result) String() string {
	var sb strings.Builder
	for _, b := range r.Batches {
		fmt.Fprintf(&sb, "batch\n%s\n", strings.Join(b, "\n"))
	}
	for _, e := range r.Errors {
		fmt.Fprintf(&sb, "%v %q\n", e, e.Text)
	}
	if r.Fatal != nil {
		fmt.Fprintf(&sb, "fatal: %v\n", r.Fatal)
	}
	return sb.String()
}

// Open makes a decoder that allocates from alloc.
type Open func(alloc memory.Allocator) (codecs.TextDecoder, error)

// Run decodes text as a reader does that gets step bytes at a time, flushing
// when the batch is full and at the end. It checks that the decoder keeps to
// its contract and leaks nothing.
func Run(tb testing.TB, open Open, text []byte, step int, see func(arrow.RecordBatch)) *Result {
	tb.Helper()
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(tb, 0)
	d, err := open(alloc)
	if err != nil {
		tb.Fatal(err)
	}
	defer d.Release()
	r := &Result{}
	from, to := 0, min(step, len(text))
	for {
		n, err := d.Decode(text[from:to:to], to == len(text))
		if n < 0 || n > to-from {
			tb.Fatalf("consumed %d of %d bytes", n, to-from)
		}
		from += n
		row, bad := codecs.IsRow(err)
		switch {
		case bad:
			r.Errors = append(r.Errors, row)
		case err != nil:
			r.Fatal = err
			return r
		case d.Full():
			r.flush(tb, d, see)
		case to < len(text):
			to = min(to+step, len(text))
		case n == 0:
			if from != to {
				tb.Fatalf("the decoder leaves %q", text[from:to])
			}
			r.flush(tb, d, see)
			return r
		}
	}
}

func (r *Result) flush(tb testing.TB, d codecs.TextDecoder, see func(arrow.RecordBatch)) {
	tb.Helper()
	rows := d.Rows()
	b := d.Flush()
	if b == nil {
		if rows != 0 {
			tb.Fatalf("flushed nothing of %d rows", rows)
		}
		return
	}
	defer b.Release()
	if int64(rows) != b.NumRows() || d.Rows() != 0 || d.Full() {
		tb.Fatalf("flushed %d of %d rows, %d left", b.NumRows(), rows, d.Rows())
	}
	lines := make([]string, rows)
	for i := range lines {
		var cells []string
		for _, c := range b.Columns() {
			cells = append(cells, cell(c, i))
		}
		lines[i] = strings.Join(cells, " | ")
	}
	r.Batches = append(r.Batches, lines)
	if see != nil {
		see(b)
	}
}

func cell(c arrow.Array, i int) string {
	if c.IsNull(i) {
		return "-"
	}
	return fmt.Sprintf("%q", c.ValueStr(i))
}
