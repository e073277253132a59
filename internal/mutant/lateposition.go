//go:build !mutant_lateposition

package mutant

// LatePosition stores positions that are newer than the barrier.
const LatePosition = false
