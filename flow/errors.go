package flow

import (
	"context"
	"errors"
	"fmt"
)

// Kind says what may be done about an error. Programs act on the kind of an
// error, never on its text.
type Kind uint8

// Kinds of errors. New ones are added at the end.
const (
	Unknown   Kind = iota // Not classified: stop.
	Transient             // May pass: retry with backoff.
	BadRow                // This row is wrong: stop, or send it to the dead-letter flow.
	BadConfig             // A setting is wrong: stop, exit code 2.
	Canceled              // The context ended: stop quietly.
	Conflict              // Somebody else holds or changed what is ours: stop, a person decides.
)

// String names the kind as it appears in logs and metric labels.
func (k Kind) String() string {
	names := [...]string{"unknown", "transient", "bad_row", "bad_config", "canceled", "conflict"}
	if int(k) >= len(names) {
		return names[0]
	}
	return names[k]
}

// Error is an error with a [Kind]. It adds nothing to the text.
type Error struct {
	Kind Kind
	Err  error
}

// Error returns the text of the error inside.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error inside.
func (e *Error) Unwrap() error { return e.Err }

// Mark gives err a kind. Marking nil gives nil.
func Mark(kind Kind, err error) error {
	if err == nil {
		return nil
	}
	return &Error{kind, err}
}

// Markf is [Mark] of [fmt.Errorf].
func Markf(kind Kind, format string, args ...any) error {
	return &Error{kind, fmt.Errorf(format, args...)}
}

// KindOf returns the kind of the outermost [Error] in err's chain, Canceled
// for context errors, and Unknown otherwise.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Canceled
	}
	return Unknown
}

// OpError is an error of one operator, source or sink.
type OpError struct {
	Op  string // the name, as in Explain
	Err error
}

// Error returns the name and the text of the error inside.
func (e *OpError) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap returns the error inside.
func (e *OpError) Unwrap() error { return e.Err }
