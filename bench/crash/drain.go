package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"time"
)

// status is a line of weir run --json.
type status struct {
	Kind   string `json:"kind"`
	State  string `json:"state"`
	Stages []struct {
		Kind string `json:"kind"`
		Rows int64  `json:"rows"`
	} `json:"stages"`
}

// read is how many rows the sources of a life gave, and how it ended.
func readRows(out []byte) (rows int64, state string, err error) {
	for line := range bytes.Lines(out) {
		var s status
		if err := json.Unmarshal(line, &s); err != nil {
			return 0, "", fmt.Errorf("read status %s: %w", line, err)
		}
		if s.Kind != "summary" {
			continue
		}
		state = s.State
		for _, stage := range s.Stages {
			if stage.Kind == "source" {
				rows += stage.Rows
			}
		}
	}
	return rows, state, nil
}

// drain stops a job with SIGTERM and SIGINT at random times, n times in all:
// each time it must end well within 10 seconds, and in the end the sources
// must have given every row exactly once, so that nothing was read again.
func (s *site) drain(ctx context.Context, j job, c crew, span time.Duration, n int) (int, error) {
	made := 0
	for run := 0; made < n; run++ {
		const first = 1 << 20 // no seed of a storm
		dir, err := s.begin(ctx, j, first+run)
		if err != nil {
			return made, err
		}
		rng := rand.New(rand.NewPCG(s.seed, uint64(first+run)))
		fault := &faultError{job: j.name, seed: s.seed, run: first + run, dir: dir}
		rows, life := int64(0), 0
		for ; ; life++ {
			k := kill{after: time.Duration(rng.Int64N(int64(span))) + 1, by: syscall.SIGTERM}
			if rng.IntN(2) == 0 {
				k.by = syscall.SIGINT
			}
			if life == lives {
				k = kill{}
			}
			e := c.live(ctx, j, dir, k)
			if e.signal == k.by && k.by != 0 {
				continue // before the process had begun
			}
			given, state, err := readRows(e.out)
			if err = errors.Join(e.err, err); err == nil && e.signal != 0 {
				err = fmt.Errorf("it was ended by %v", e.signal)
			}
			if err != nil {
				fault.last, fault.cause = k, err
				return made, fault
			}
			rows += given
			if state != "drained" {
				break
			}
			made, fault.last = made+1, k
		}
		fault.lost, fault.doubled, fault.cause = s.verify(ctx, j, dir)
		if fault.cause == nil && rows != 2*jobRows {
			fault.cause = fmt.Errorf("%d lives gave %d rows, want %d", life+1, rows, 2*jobRows)
		}
		if fault.cause != nil {
			return made, fault
		}
		if err := os.RemoveAll(dir); err != nil {
			return made, err
		}
	}
	return made, nil
}
