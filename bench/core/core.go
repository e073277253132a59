// Package core measures the engine beside other dataflow libraries of Go, all
// in one process and in turn, by the CPU time that an element costs.
package core
