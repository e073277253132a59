//go:build mutant_norecovery

package mutant

// NoRecovery does not repeat the last commit after a restart.
const NoRecovery = true
