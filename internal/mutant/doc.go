// Package mutant holds deliberate faults, each a constant that is false
// unless the build tag mutant_<name> is set. A suite that claims a guarantee
// names the mutants it must catch: it proves that the suite has teeth.
package mutant
