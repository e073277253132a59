// Package stdout prints rows, for looking at a pipeline.
//
// The formats are pretty (a table for each batch, under the name of its
// stream, with the kinds of change when there are any), json (one object on
// each line, of changes with a field _op) and tsv (a header for each schema,
// then one line per row, with \t, \n, \r and \\ for what would break a cell,
// and \N for null).
//
// Rows are printed as they come, whole batches at a time. What was printed can
// not be taken back: after a crash the rows since the last checkpoint are
// printed again. When the reader goes away, as head does, the pipeline stops
// quietly.
package stdout
