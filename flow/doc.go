// Package flow is typed dataflow: a graph of sources, operators and sinks
// that runs with exactly-once checkpoints.
//
// A [Flow] is a small value: a handle on one output of a [Pipeline]. Nothing
// is started before [Pipeline.Run].
//
//	p := flow.New("orders", flow.StateDir("/var/lib/weir/orders"))
//	orders := flow.From(p, "orders", source)
//	valid := flow.Filter(orders, Order.Valid)
//	flow.To(flow.ToBatches(valid), "lake", sink)
//	err := p.Run(ctx)
//
// # Names
//
// What is remembered has a name: sources, sinks and stateful operators take
// one, and their positions and state are kept under it. Two of the same name
// in a pipeline are an error; renaming one forgets what it remembered.
//
// # Where things run
//
// A chain of operators is one chain of function calls on the goroutine of its
// source, or of the last boundary before it: [Merge], [Async], [Spread],
// [MapAsync] and a parallel [KeyBy] are the boundaries. Between them elements
// travel in chunks through queues that are bounded in bytes, so a slow sink
// pauses its source.
//
// # Epochs
//
// At the checkpoint interval the engine sends a barrier through the graph.
// When it has passed everywhere, the state, the positions of the sources and
// what the sinks have prepared are written in one atomic step; then the sinks
// commit, and then the sources are told. A pipeline that is killed goes on
// from the last such step, with nothing lost and nothing doubled.
//
// # Errors
//
// A mistake in building the graph comes out of Run. The first error of a
// source, operator or sink stops the pipeline; a panic in a user's function
// is such an error. [KindOf] says what may be done about it. [Attempt] gives
// the failures as a flow of their own instead.
//
// # Memory
//
// An operator borrows its input for the length of the call and gives its
// output away. For a [Batch] the engine does the reference counting.
package flow
