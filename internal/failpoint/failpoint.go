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

// logged is how many hits of a point are written to the log.
const logged = 3

var points = struct {
	mu   sync.Mutex
	hits map[string]int
}{hits: map[string]int{}}

// Hit is a place where the process may be killed.
func Hit(name string) {
	points.mu.Lock()
	defer points.mu.Unlock()
	points.hits[name]++
	hit := name + ":" + strconv.Itoa(points.hits[name])
	if points.hits[name] <= logged {
		note(hit)
	}
	switch want, stop := strings.CutSuffix(os.Getenv(Env), ":stop"); {
	case want != hit:
	case stop:
		signal(hit, syscall.SIGSTOP)
	default:
		signal(hit, syscall.SIGKILL)
		select {}
	}
}

func signal(hit string, s syscall.Signal) {
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		panic(fmt.Sprintf("failpoint %s: %v", hit, err))
	}
}

func note(hit string) {
	path := os.Getenv(LogEnv)
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		panic(fmt.Sprintf("failpoint log: %v", err))
	}
	if _, err := f.WriteString(hit + "\n"); err != nil {
		panic(fmt.Sprintf("failpoint log: %v", err))
	}
	if err := f.Close(); err != nil {
		panic(fmt.Sprintf("failpoint log: %v", err))
	}
}
