// Package engine runs a compiled graph: the lanes and the queues between
// them, the barriers that cut a run into epochs, and the coordinator that
// makes each epoch durable, commits it and tells the sources.
//
// A [Lane] is one goroutine's worth of a graph: a chain of operators that call
// each other. Its root is a source, an inbox or an asynchronous lane. Between
// lanes elements travel in chunks through an [Inbox], which keeps a ring for
// each of its producers, so that a barrier holds one producer back without a
// goroutine for it, and so that what is in flight is bounded in bytes.
//
// The protocol of an epoch, with what is left by a crash at each of its
// points, is in docs/ARCHITECTURE.md.
package engine
