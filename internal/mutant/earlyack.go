//go:build !mutant_earlyack

package mutant

// EarlyAck tells sources of an epoch before the sinks have committed.
const EarlyAck = false
