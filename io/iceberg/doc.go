// Package iceberg appends batches to Iceberg tables, and reads tables as
// batches.
//
// # What it needs
//
// A folder: `warehouse: ./lake` is enough. Tables are found through a catalog,
// which is by default a SQLite file in the warehouse (catalog.db, in the form
// that iceberg-go and PyIceberg know), or a REST catalog. The files of tables
// are on the local file system.
//
// # The sink
//
// Tables and namespaces are made from the first batch. Columns are matched by
// name, whatever their order; a name that is not found is looked for without
// regard to case, and two names that differ in case alone are refused. Types
// keep their values exactly: uint32 becomes long, uint64 decimal(20,0), half
// floats float, dictionaries and views their values, fixed lists lists, and
// other time zones the same instants in UTC. Only times finer than a
// microsecond are rounded, down. What Iceberg has no type for is refused with
// the name of the column. Columns of nulls without a type are left out until
// they have one.
//
// When the schema of the batches changes, the setting schema says whether
// the table follows. New columns and wider types are committed together with
// the first rows that need them; columns that a batch lacks are null.
//
// # Delivery
//
// Exactly once. Each epoch is one snapshot. With the rows, the same atomic
// commit writes a marker into the table: the property weir.<pipeline>.<sink>
// (and the summary of the snapshot) holds the incarnation of the state
// directory and the epoch. Before a commit the marker is read, and the commit
// holds only for the snapshot it was read from; so a commit that is repeated
// after a crash, an answer that was lost, and a second process with an old
// idea of the world do no harm. The commit retry of iceberg-go is not used.
// Several pipelines, and foreign writers, may append to the same table.
//
// A table that was dropped and made again, rolled back behind our marker, or
// that another state directory has written to, is an error of kind conflict,
// with what to do about it.
//
// Files that a crash leaves behind are in no snapshot. Their names carry
// pipeline, incarnation and epoch, and table maintenance removes them as
// orphans.
//
// # The source
//
// It reads one snapshot, or what was appended between two, a split per data
// file. The state of the pipeline remembers the snapshot, so that a read that
// is resumed reads the same one. Deletes are applied. Columns and filter are pushed down to the files;
// the rows that come out are exactly those that the filter is true for.
package iceberg
