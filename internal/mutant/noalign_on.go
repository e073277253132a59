//go:build mutant_noalign

package mutant

// NoAlign does not align barriers at merges.
const NoAlign = true
