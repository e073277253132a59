package pipeline

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
)

// Problem is one thing that is wrong with a pipeline file.
type Problem struct {
	Line int    `json:"line"`         // 0 when it is the file as a whole
	At   string `json:"at,omitempty"` // "source orders", "pipeline orders: checkpoint"
	Text string `json:"text"`
}

// ProblemsError is everything that is wrong with a file, in order of line.
// Its kind is BadConfig.
type ProblemsError struct {
	File string
	List []Problem
}

// Error gives one line for each problem: FILE:LINE: where: what.
func (e *ProblemsError) Error() string {
	lines := make([]string, 0, len(e.List))
	for _, p := range e.List {
		lines = append(lines, p.in(e.File))
	}
	return strings.Join(lines, "\n")
}

func (p Problem) in(file string) string {
	text := file
	if p.Line > 0 {
		text += ":" + strconv.Itoa(p.Line)
	}
	if p.At != "" {
		text += ": " + p.At
	}
	return text + ": " + p.Text
}

// problemsIn makes an error of what is wrong with file, or nil.
func problemsIn(file string, list []Problem) error {
	if len(list) == 0 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b Problem) int { return a.Line - b.Line })
	return flow.Mark(flow.BadConfig, &ProblemsError{file, slices.Compact(list)})
}

// lineIn finds the line that the YAML parser puts before its text.
func lineIn(text string) (int, string) {
	m := regexp.MustCompile(`^yaml: line (\d+): ((?s:.*))$`).FindStringSubmatch(text)
	if m == nil {
		return 0, strings.TrimPrefix(text, "yaml: ")
	}
	line, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, text
	}
	return line, m[2]
}

// problemsOf takes an error apart into those of the settings, which know
// their line, or else makes it one problem at the given line.
func problemsOf(err error, line int, at string) []Problem {
	var list []Problem
	for _, p := range spec.Problems(unmarked(err)) {
		text := p.Err.Error()
		if p.Path != "" {
			text = p.Path + ": " + text
		}
		list = append(list, Problem{p.Line, at, text})
	}
	if list == nil && err != nil {
		list = []Problem{{line, at, err.Error()}}
	}
	return list
}

// unmarked takes the kind off an error.
func unmarked(err error) error {
	for {
		marked, ok := err.(*flow.Error) //nolint:errorlint // only the outermost layer counts
		if !ok {
			return err
		}
		err = marked.Err
	}
}

// unknown is the text for a word that is not one of those known.
func unknown(what, word string, known []string) string {
	text := fmt.Sprintf("no %s is called %q", what, word)
	if near := spec.Nearest(word, known); near != "" {
		return fmt.Sprintf("%s; did you mean %s?", text, near)
	}
	if len(known) == 0 {
		return text + "; there is none"
	}
	return text + "; there are " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
}

// Problems returns the problems in err, which is of this package. What is
// none is one problem of the file as a whole.
func Problems(err error) []Problem {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*ProblemsError](err); ok {
		return e.List
	}
	return []Problem{{Text: err.Error()}}
}
