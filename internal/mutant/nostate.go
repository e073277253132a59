//go:build !mutant_nostate

package mutant

// NoState does not write operator state.
const NoState = false
