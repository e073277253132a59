// Package codecs is what the formats have in common: the contract between the
// code that moves bytes and the code that turns them into columns.
//
// A format is a folder: jsonl, csv, parquet.
package codecs

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
)

// TextDecoder turns rows of text into Arrow columns. It is compiled once for
// a schema and writes straight into column buffers. It is used by one
// goroutine.
type TextDecoder interface {
	// Decode appends the rows in data to the open batch and returns how many
	// bytes it took. It takes whole rows only, and leaves a row that may go
	// on after data unless last is true. It stops early, with consumed <
	// len(data) and no error, when the open batch is full.
	//
	// A bad row is a [RowError]: the rows before it are in the batch,
	// consumed is behind the bad row, and the next Decode goes on after it.
	// Any other error is about the text as a whole, and stays.
	Decode(data []byte, last bool) (consumed int, err error)

	// Rows is the number of rows in the open batch.
	Rows() int

	// Full reports whether the open batch has reached its limits.
	Full() bool

	// Flush gives the open batch away and begins a new one. It returns nil
	// when there are no rows.
	Flush() arrow.RecordBatch

	// Release frees the open batch.
	Release()
}

// RowError is a row that does not fit its schema. Code that knows the file
// adds the file's name and shifts Row and Offset to the place of the data in
// the file.
type RowError struct {
	Row    int64  // from 1, counted over all Decodes of the decoder
	Offset int64  // of the fault, in bytes, counted over all Decodes
	Column string // "" when it is the row as a whole
	Text   []byte // the row, a copy, cut to a few KB
	Err    error  // what is wrong and what would be right
}

// Error says which row and column, and what is wrong.
func (e *RowError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("row %d (byte %d): %v", e.Row, e.Offset, e.Err)
	}
	return fmt.Sprintf("row %d (byte %d): column %s: %v", e.Row, e.Offset, e.Column, e.Err)
}

// Unwrap returns the error inside.
func (e *RowError) Unwrap() error { return e.Err }

// IsRow reports whether err is a [RowError], and returns it.
func IsRow(err error) (*RowError, bool) { return errors.AsType[*RowError](err) }
