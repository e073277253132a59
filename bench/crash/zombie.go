package crash

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// zombie lets two processes with the same state loose on one table: the first
// is stopped at a failpoint, another goes on with a copy of its state until it
// ends or until ends it, and then the first wakes up. It must not get anything
// in any more.
func (s *site) zombie(ctx context.Context, j job, c crew, point string, until kill, n int) error {
	const first = 1 << 21 // no seed of a storm
	dir, err := s.begin(ctx, j, first+n)
	if err != nil {
		return err
	}
	fault := &faultError{job: j.name, seed: s.seed, run: first + n, dir: dir, last: kill{point: point + ":stop"}}
	ctx, cancel := context.WithTimeout(ctx, lifeLimit)
	defer cancel()
	cmd, _, errs := c.command(ctx, j, dir, fault.last)
	if err := cmd.Start(); err != nil {
		return err
	}
	var w syscall.WaitStatus
	for stopped := false; !stopped; {
		switch _, err := syscall.Wait4(cmd.Process.Pid, &w, syscall.WUNTRACED, nil); {
		case err == syscall.EINTR:
		case err != nil:
			return err
		case !w.Stopped():
			fault.cause = fmt.Errorf("it ended before it came to %s: %s", point, tail(errs.Bytes()))
			return fault
		default:
			stopped = true
		}
	}
	second := j
	second.args = append(j.args[:len(j.args):len(j.args)], "--state", "copy")
	fault.cause = errors.Join(copyState(j, dir), c.live(ctx, second, dir, until).failure(until))
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		return err
	}
	err = cmd.Wait()
	if fault.cause != nil && strings.Contains(fault.cause.Error(), "database is locked") {
		// The stop fell into a transaction of the catalog, on another
		// goroutine: nobody else could have gone on meanwhile.
		return os.RemoveAll(dir)
	}
	if err == nil && fault.cause == nil {
		fault.cause = fmt.Errorf("the first one ended well although another had overtaken it")
	}
	if fault.cause == nil && until.point != "" {
		fault.cause = c.live(ctx, second, dir, kill{}).failure(kill{})
	}
	if fault.cause == nil {
		fault.lost, fault.doubled, fault.cause = s.verify(ctx, j, dir)
	}
	if fault.cause != nil {
		fault.cause = fmt.Errorf("%w; the first one said: %s", fault.cause, tail(errs.Bytes()))
		return fault
	}
	return os.RemoveAll(dir)
}

// copyState copies the state of the pipeline alone: the folder above it has
// sockets.
func copyState(j job, dir string) error {
	err := os.CopyFS(filepath.Join(dir, "copy", j.name), os.DirFS(filepath.Join(dir, "state", j.name)))
	if err != nil {
		return fmt.Errorf("copy the state: %w", err)
	}
	return nil
}

// failure is an error unless the life ended well or as k had it.
func (e ending) failure(k kill) error {
	if e.err == nil && e.signal != 0 && k.point == "" {
		return fmt.Errorf("it was ended by %v", e.signal)
	}
	return e.err
}
