// Package wrap is what the runtime puts around every source and sink: calls
// that failed are made again, rows are held back to a rate, a system that does
// not answer is left alone for a while, and everything is counted. So no
// connector does any of it.
//
// A wrapped source or sink answers for the one inside: where that one lacks an
// optional method, the wrapper gives the answer that the engine takes for its
// absence. [Unwrap] gives the one inside.
//
// What is made again: Run of a source, from the last position it emitted;
// listing of splits; and of a sink Start, Open, finish and Commit. Write and
// Prepare are not: they have taken rows, and only the connector knows how far
// it came. Only errors of kind Transient are.
package wrap

// Unwrap returns what is inside the wrapped source or sink x, or x itself.
func Unwrap(x any) any {
	if w, ok := x.(interface{ unwrap() any }); ok {
		return w.unwrap()
	}
	return x
}
