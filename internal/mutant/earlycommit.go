//go:build !mutant_earlycommit

package mutant

// EarlyCommit commits the sinks before the epoch is durable.
const EarlyCommit = false
