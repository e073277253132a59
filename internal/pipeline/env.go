package pipeline

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Lookup finds an environment variable, like [os.LookupEnv].
type Lookup func(name string) (value string, ok bool)

// vars are the variables written in a text, in order. Before the text is
// parsed each is hidden behind a mark, because ${NAME} is not a word inside
// {braces} of YAML; after that the marks are filled in, scalar by scalar, so
// that no value can change the shape of the file.
type vars []variable

type variable struct {
	text    string // as written
	name    string // "" when the text stands for itself: $${NAME} is ${NAME}
	def     string
	withDef bool
}

// The characters around a mark are private ones, which no file holds.
const (
	markBegin = '\uE000'
	markEnd   = '\uE001'
)

func hideVars(text []byte) ([]byte, vars) {
	var found vars
	text = bytes.ReplaceAll(text, []byte(string(markBegin)), []byte("\uFFFD"))
	pattern := regexp.MustCompile(`\$\$\{[^}\n]*\}|\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}\n]*))?\}`)
	out := pattern.ReplaceAllFunc(text, func(match []byte) []byte {
		m := pattern.FindSubmatch(match)
		v := variable{text: string(match), name: string(m[1]), def: string(m[3]), withDef: m[2] != nil}
		found = append(found, v)
		return fmt.Appendf(nil, "%c%d%c", markBegin, len(found)-1, markEnd)
	})
	return out, found
}

// fill puts values in the place of the marks in s.
func (vs vars) fill(s string, env Lookup) (value string, changed bool, err error) {
	value = vs.each(s, func(v variable) string {
		changed = true
		if v.name == "" {
			return v.text[1:]
		}
		if value, ok := env(v.name); ok {
			return value
		}
		if !v.withDef && err == nil {
			err = fmt.Errorf("the environment variable %s is not set; set it, or write ${%s:-default}", v.name, v.name)
		}
		return v.def
	})
	return value, changed, err
}

// show puts the variables back as they were written.
func (vs vars) show(s string) string {
	return vs.each(s, func(v variable) string { return v.text })
}

func (vs vars) each(s string, value func(variable) string) string {
	if !strings.ContainsRune(s, markBegin) {
		return s
	}
	var sb strings.Builder
	for {
		before, rest, ok := strings.Cut(s, string(markBegin))
		sb.WriteString(before)
		if !ok {
			return sb.String()
		}
		number, after, _ := strings.Cut(rest, string(markEnd))
		i, err := strconv.Atoi(number)
		if err != nil || i < 0 || i >= len(vs) { // not a mark of ours: the parser cut it
			s = rest
			continue
		}
		sb.WriteString(value(vs[i]))
		s = after
	}
}
