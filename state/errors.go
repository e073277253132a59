package state

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
)

// What can be wrong with a state directory. Callers match these with
// [errors.Is]; each text says what was found and what to do about it.
var (
	// ErrForeign: the directory belongs to another pipeline, or is no state
	// directory at all.
	ErrForeign = errors.New("not the state of this pipeline")

	// ErrNewer: the directory was written by a newer program.
	ErrNewer = errors.New("state of a newer format")

	// ErrDamaged: something that was durable is missing or altered.
	ErrDamaged = errors.New("state is damaged")

	// ErrLocked: the directory is open already, in this process or another.
	ErrLocked = errors.New("state is in use")
)

const remedyDamaged = "restore the directory from a savepoint, or move it away to start anew"

// refusal is an error with its own text that matches a sentinel.
type refusal struct {
	kind  error
	text  string
	cause error
}

func (r *refusal) Error() string {
	if r.cause == nil {
		return r.text
	}
	return r.text + ": " + r.cause.Error()
}

func (r *refusal) Unwrap() []error {
	if r.cause == nil {
		return []error{r.kind}
	}
	return []error{r.kind, r.cause}
}

func refuse(kind error, format string, args ...any) error {
	return &refusal{kind: kind, text: fmt.Sprintf(format, args...)}
}

// damaged says that what (a file or a key) of the state in dir is not as it
// was written.
func damaged(dir, what string, cause error) error {
	if errors.Is(cause, ErrDamaged) {
		return cause
	}
	text := fmt.Sprintf("state in %s is damaged at %s; %s", dir, what, remedyDamaged)
	return &refusal{kind: ErrDamaged, text: text, cause: cause}
}

// judge turns an error of Pebble into [ErrDamaged] unless the operating
// system gave it a reason of its own (no space, no permission): Pebble has no
// other errors for a caller that keeps its contract.
func judge(dir, what string, err error) error {
	if err == nil || errors.Is(err, ErrDamaged) {
		return err
	}
	if errors.Is(err, pebble.ErrCorruption) || errors.Is(err, fs.ErrNotExist) {
		return damaged(dir, what, err)
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return fmt.Errorf("%s of state in %s: %w", what, dir, err)
	}
	return damaged(dir, what, err)
}
