// Package csv reads and writes comma-separated values, as RFC 4180 has them.
//
// # Reading
//
// A [Decoder] is compiled for a schema and writes straight into column
// buffers; it allocates nothing for a row. Rows end in \n or \r\n. A field
// that begins with a quote goes on to the closing quote and may hold
// delimiters, newlines and doubled quotes; a quote anywhere else is an error.
// An empty field is null (see [Options] Null), "" is the empty text. Empty
// lines count for nothing, except that they are the null of a schema with one
// column. Spaces belong to their field.
//
// Fields are read as package jsonl reads strings: whole numbers without a
// remainder and in range, decimals with no more digits than the type holds,
// true, false, t, f, 1 and 0, dates as YYYY-MM-DD, timestamps in RFC 3339 or
// with a space for the T, without a zone meaning UTC, binary in base64.
// A value that a column cannot hold is a [codecs.RowError], as is a row with
// another number of fields than the header. Such a row ends where it would
// have ended; if a quote in it is never closed, it ends with the line that
// the quote is in, and reading goes on behind that.
//
// # Files in splits
//
// A newline is not always the end of a row, so only files without quotes are
// [Splittable] and all others are to be read as one. Read [Header] once and
// give its names to the decoder of each split as [Options] Columns.
//
// # Writing
//
// An [Encoder] writes what a Decoder with the same schema and options reads
// back as it was. It quotes what needs quotes and nothing else.
package csv
