//go:build !failpoint

// Package failpoint kills the process at a named place, for crash tests. It
// compiles to nothing without the build tag failpoint.
package failpoint

// Enabled reports whether the program was built with failpoints.
const Enabled = false

// Hit is a place where the process may be killed.
func Hit(string) {}
