//go:build !mutant_nomarker

package mutant

// NoMarker makes sinks ignore the marker of a commit that was made.
const NoMarker = false
