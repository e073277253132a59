package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/weirflow/weir/internal/failpoint"
)

// kill is how a life is to end. The zero kill lets it end by itself.
type kill struct {
	point string         // "name:hit" of a failpoint, or
	after time.Duration  // this long after the start
	by    syscall.Signal // after that time
}

func (k kill) String() string {
	switch {
	case k.point != "":
		return k.point
	case k.after > 0:
		return fmt.Sprintf("%v after %v", k.by, k.after)
	default:
		return "none"
	}
}

// ending is how a life ended.
type ending struct {
	signal syscall.Signal // that ended it; 0 for none
	err    error          // it ended by itself, and not well
	out    []byte
	took   time.Duration
}

const (
	lifeLimit  = 2 * time.Minute  // a life that takes longer hangs
	drainLimit = 10 * time.Second // from SIGTERM to the end
	learned    = "failpoints.log" // in the folder of a run
)

// command is a life that is not begun.
func (c crew) command(ctx context.Context, j job, dir string, k kill, more ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	cmd := exec.CommandContext(ctx, c[j.program], append(j.args[:len(j.args):len(j.args)], more...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), failpoint.LogEnv+"="+filepath.Join(dir, learned))
	if k.point != "" {
		cmd.Env = append(cmd.Env, failpoint.Env+"="+k.point)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	return cmd, &out, &errs
}

// live runs job j in dir until it ends or k ends it.
func (c crew) live(ctx context.Context, j job, dir string, k kill) ending {
	limit, signal, grace := k.after, k.by, drainLimit
	if k.after == 0 {
		limit, signal, grace = lifeLimit, syscall.SIGABRT, 5*time.Second // with all stacks
	}
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd, out, errs := c.command(timed, j, dir, k)
	cmd.Cancel = func() error { return cmd.Process.Signal(signal) }
	cmd.WaitDelay = grace
	begun := time.Now()
	err := cmd.Run()
	e := ending{took: time.Since(begun), out: out.Bytes()}
	if cmd.ProcessState == nil {
		e.err = err
		return e
	}
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case ctx.Err() != nil:
		e.err = ctx.Err()
	case e.took > limit+grace-time.Millisecond && k.by != syscall.SIGKILL:
		e.err = fmt.Errorf("it did not end within %v of %v: %s", grace, signal, tail(errs.Bytes()))
	case status.Signaled():
		e.signal = status.Signal()
	case !cmd.ProcessState.Success():
		e.err = errors.New(tail(errs.Bytes()))
	}
	return e
}

// tail is the end of what a process had to say.
func tail(text []byte) string {
	const most = 3000
	text = bytes.TrimSpace(text)
	return string(text[max(0, len(text)-most):])
}
