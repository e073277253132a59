// Package state keeps what a pipeline must remember: the positions of its
// sources, the state of its operators, the tokens of its sinks, and the epoch
// that these belong to. It is the only door to Pebble.
//
// A [Store] is one directory of one pipeline, opened by one process at a time.
// An epoch is gathered in a [Write] and becomes durable in [Write.Commit],
// whole or not at all. When Commit has returned nil the epoch survives the
// death of the process and of the machine; an epoch that was acknowledged and
// cannot be read back later is an error ([ErrDamaged]), never a silent step back.
//
// A store whose disk fails or runs full ends its life with that error, and
// every later call returns it; the process must end before the directory can
// be opened again. Nothing that was acknowledged is lost by that.
//
// The layout on disk is written down byte by byte in docs/formats/state.md.
package state
