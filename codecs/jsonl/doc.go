// Package jsonl reads and writes JSON: one object a line, or one array of
// objects.
//
// # Reading
//
// A [Decoder] is compiled for a schema and writes straight into column
// buffers; it builds no maps and allocates nothing for a row. Text that
// begins with [ is an array, unless [Options] Lines is set; all other text
// is lines. Empty lines count for nothing.
//
// Fields are found by name, exactly as written, in any order. One that is
// missing is null. One that is there twice makes the row a bad row, for
// nobody can say which one counts; only the keys of map columns are not
// checked. Null, or no field, for a column that is not nullable is an error.
//
// What goes into a column:
//
//   - integers: numbers without a remainder (1e3 and 2.0 too), in range;
//   - floats: numbers; the nearest float that there is, but no infinity;
//   - decimal128: numbers with no more digits than the type holds;
//   - bool: true and false;
//   - utf8: strings, which must be valid UTF-8 and hold no half of a
//     surrogate pair. With the field metadata weir.json=raw ([RawKey]) the
//     JSON text of any other value too;
//   - timestamp: strings in RFC 3339, with any zone, a space for the T, or
//     only the date; without a zone they are UTC. Digits below the unit of
//     the column must be zeros;
//   - date32, date64: YYYY-MM-DD; time32, time64: hh:mm[:ss[.fraction]];
//   - binary and fixed_size_binary: base64, of 16 bytes also a UUID;
//     arrow.uuid: a UUID;
//   - struct: objects; list: arrays; map: objects.
//
// A number, boolean or NaN may also stand in a string, as it does where a
// writer fears for its digits. Nothing is rounded or cut off silently: a
// value that a column cannot hold is a [codecs.RowError] with the column and
// the place of the value, and nothing of its row is in the batch.
//
// # Writing
//
// An [Encoder] writes what a Decoder with the same schema reads back as it
// was, NaN's bits aside. Decimals of more than 15 digits are strings, because
// most readers of JSON would round them; NaN, Infinity and -Infinity are
// strings because JSON has no numbers for them. Timestamps end in Z if their
// column has a zone. Nulls are written.
package jsonl
