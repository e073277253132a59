//go:build mutant_nosync

package mutant

// NoSync writes the epoch without waiting for the disk.
const NoSync = true
