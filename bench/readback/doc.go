// Package readback checks what weir has written by readers that are none of
// its own: DuckDB for the rows, and for the list of an Iceberg table's files
// a reader of metadata that follows the specification (bench/icemeta). It has
// tests only.
package readback
