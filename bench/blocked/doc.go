// Package blocked holds a test of the weir binary: a sink that does not move
// must not make the process grow.
package blocked
