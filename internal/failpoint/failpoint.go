//go:build failpoint

// Package failpoint kills the process at a named place, for crash tests. It
// compiles to nothing without the build tag failpoint.
package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Enabled reports whether the program was built with failpoints.
const Enabled = true

// Env names the variable that says where to die: "name:hit" kills the process
// with SIGKILL the hit-th time that name is reached. LogEnv names a file to
// which every first hit of a name is appended, so that a suite can learn
// which points there are and check that each was reached.
const (
	Env    = "WEIR_FAILPOINT"
	LogEnv = "WEIR_FAILPOINT_LOG"
)

var points = struct {
	mu   sync.Mutex
	hits map[string]int
}{hits: map[string]int{}}

// Hit is a place where the process may be killed.
func Hit(name string) {
	points.mu.Lock()
	defer points.mu.Unlock()
	points.hits[name]++
	n := points.hits[name]
	if n == 1 {
		note(name)
	}
	want, at, ok := strings.Cut(os.Getenv(Env), ":")
	if !ok || want != name || strconv.Itoa(n) != at {
		return
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		panic(fmt.Sprintf("failpoint %s: %v", name, err))
	}
	select {}
}

func note(name string) {
	path := os.Getenv(LogEnv)
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		panic(fmt.Sprintf("failpoint log: %v", err))
	}
	if _, err := f.WriteString(name + "\n"); err != nil {
		panic(fmt.Sprintf("failpoint log: %v", err))
	}
	if err := f.Close(); err != nil {
		panic(fmt.Sprintf("failpoint log: %v", err))
	}
}
