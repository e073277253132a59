package pipeline

import (
	"os"
	"runtime/debug"
)

// leastMemory is what the process needs to work at speed: state stores,
// decoders and encoders, and the runtime itself.
const leastMemory = 128 << 20

// LimitMemory has the runtime keep its memory within what the pipelines of
// this process may hold in flight, and not below 128 MiB. The rows in flight
// seldom take all of that: what is left serves the rest of the process. It
// does nothing when GOMEMLIMIT is set: somebody has chosen already.
func LimitMemory(ps []*Pipeline) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	limit := int64(0)
	for _, p := range ps {
		limit += p.Memory
	}
	debug.SetMemoryLimit(max(limit, leastMemory))
}
