package pipeline

import (
	"os"
	"runtime/debug"
)

// Beside the rows in flight a process holds the state stores, what decoders
// and encoders work with, and the runtime itself.
const (
	perProcess  = 32 << 20
	perPipeline = 16 << 20
)

// LimitMemory tells the runtime how much memory the pipelines of this process
// may take: their budgets and a reserve. It does nothing when GOMEMLIMIT is
// set: somebody has chosen already.
func LimitMemory(ps []*Pipeline) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	limit := int64(perProcess)
	for _, p := range ps {
		limit += p.Memory + perPipeline
	}
	debug.SetMemoryLimit(limit)
}
