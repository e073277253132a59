//go:build !mutant_notoken

package mutant

// NoToken does not store what the sinks must commit.
const NoToken = false
