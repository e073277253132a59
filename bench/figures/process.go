package figures

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Case is one thing to measure: Run does N of something.
type Case struct {
	Name string
	N    int64
	Run  func(ctx context.Context, n int64) error
}

// Cost is what one element of a case costs, over the repeats.
type Cost struct {
	Min, Median float64 // CPU nanoseconds, user and system, of the whole process
	Wall        float64 // nanoseconds, the least
	Allocs      float64 // allocations, the least
}

// Interleave runs all cases once to warm up and then repeats times, in turn,
// so that what else the machine does falls on all of them.
func Interleave(ctx context.Context, repeats int, cases []Case) (map[string]Cost, error) {
	cpu := map[string][]float64{}
	costs := map[string]Cost{}
	for r := -1; r < repeats; r++ {
		for _, c := range cases {
			n := c.N
			if r < 0 {
				n /= 10
			}
			one, err := measure(ctx, c, n)
			if err != nil {
				return nil, fmt.Errorf("measure %s: %w", c.Name, err)
			}
			if r < 0 {
				continue
			}
			cpu[c.Name] = append(cpu[c.Name], one.Min)
			if old, ok := costs[c.Name]; ok {
				one.Min, one.Wall, one.Allocs = min(one.Min, old.Min), min(one.Wall, old.Wall), min(one.Allocs, old.Allocs)
			}
			one.Median = Median(cpu[c.Name])
			costs[c.Name] = one
		}
	}
	return costs, nil
}

func measure(ctx context.Context, c Case, n int64) (Cost, error) {
	runtime.GC() // of what ran before
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, begun := CPU(), time.Now()
	if err := c.Run(ctx, n); err != nil {
		return Cost{}, err
	}
	wall := time.Since(begun)
	cpu = CPU() - cpu
	runtime.ReadMemStats(&after)
	per := func(v float64) float64 { return v / float64(n) }
	return Cost{
		Min: per(float64(cpu)), Wall: per(float64(wall)), Allocs: per(float64(after.Mallocs - before.Mallocs)),
	}, nil
}

// CPU is the user and system time of this process so far.
func CPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // can not fail for the process itself
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Usage is what a child process took.
type Usage struct {
	CPU, Wall time.Duration
	RSS       int64 // bytes, the most at any time
}

// Child runs a command to its end. Its RSS is at least that of this process
// when it starts it.
func Child(ctx context.Context, name string, args ...string) (Usage, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	begun := time.Now()
	if err := cmd.Run(); err != nil {
		return Usage{}, fmt.Errorf("run %s: %w\n%s", name, err, said.Bytes())
	}
	u := Usage{CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), Wall: time.Since(begun)}
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.RSS = r.Maxrss << 10
	}
	return u, nil
}
