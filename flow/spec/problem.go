package spec

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// LineError is one thing wrong with the settings in a file.
type LineError struct {
	Line, Column int    // from 1
	Path         string // of the setting: tables[2].name; "" when it is the whole
	Err          error  // what is wrong and what would be right
}

// Error says where and what: "line 4, column 3: sede: no such setting".
func (p *LineError) Error() string {
	if p.Path == "" {
		return fmt.Sprintf("line %d, column %d: %v", p.Line, p.Column, p.Err)
	}
	return fmt.Sprintf("line %d, column %d: %s: %v", p.Line, p.Column, p.Path, p.Err)
}

// Unwrap returns the error inside.
func (p *LineError) Unwrap() error { return p.Err }

// Problems returns every [LineError] inside err, in the order of the file.
func Problems(err error) []*LineError {
	all := within(err)
	slices.SortStableFunc(all, func(a, b *LineError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return all
}

func within(err error) []*LineError {
	switch e := err.(type) { //nolint:errorlint // this walks the chain itself
	case nil:
		return nil
	case *LineError:
		return []*LineError{e}
	case interface{ Unwrap() []error }:
		var all []*LineError
		for _, one := range e.Unwrap() {
			all = append(all, within(one)...)
		}
		return all
	default:
		return within(errors.Unwrap(err))
	}
}

// At is an error about the setting called name, for a Validate method: the
// problem is then reported at that setting's line.
func At(name string, err error) error {
	if err == nil {
		return nil
	}
	return &atError{name, err}
}

type atError struct {
	name string
	err  error
}

func (e *atError) Error() string { return e.name + ": " + e.err.Error() }
func (e *atError) Unwrap() error { return e.err }

// flatten takes joined errors apart.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}

func problemAt(node *yaml.Node, path, format string, args ...any) *LineError {
	return &LineError{max(node.Line, 1), max(node.Column, 1), path, fmt.Errorf(format, args...)}
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// Nearest returns the one of known that word is most likely a misspelling of,
// or "". Case, '-' and '_' make no difference.
func Nearest(word string, known []string) string {
	best, least := "", max(1, len(word)/3)+1
	for _, k := range known {
		if d := distance(fold(word), fold(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

func fold(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "_") }

// distance counts the edits between a and b: letters added, dropped, changed,
// or two neighbours swapped.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
