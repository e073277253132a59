package file

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// place is a folder that files are read under, and which of them.
type place struct {
	dir   string // on disk
	shown string // as the settings write it, with slashes: the beginning of names
	match []string
	all   bool // the settings name the folder itself: files of no known kind are left out
}

const meta = `*?[{\`

// patternPlaces turns a path with pattern characters into places: the folder
// before the first of them, and the segments after it.
func patternPlaces(dir, text string) ([]place, error) {
	var places []place
	for _, one := range expand(filepath.ToSlash(text)) {
		segments := strings.Split(path.Clean(one), "/")
		n := slices.IndexFunc(segments, func(s string) bool { return strings.ContainsAny(s, meta) })
		if n < 0 {
			n = len(segments) - 1
		}
		for _, s := range segments[n:] {
			if _, err := path.Match(s, ""); err != nil {
				return nil, fmt.Errorf("%s: %q is not a pattern: %w", text, s, err)
			}
		}
		shown := strings.Join(segments[:n], "/")
		if shown == "" && strings.HasPrefix(one, "/") {
			shown = "/"
		}
		places = append(places, place{dir: under(dir, shown), shown: shown, match: segments[n:]})
	}
	return places, nil
}

// under is name as a path on disk, from dir if it is relative.
func under(dir, name string) string {
	name = filepath.FromSlash(name)
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// expand writes out the alternatives {a,b} of a pattern.
func expand(text string) []string {
	open := strings.IndexByte(text, '{')
	if open < 0 {
		return []string{text}
	}
	end := strings.IndexByte(text[open:], '}')
	if end < 0 {
		return []string{text}
	}
	var all []string
	for alt := range strings.SplitSeq(text[open+1:open+end], ",") {
		for _, rest := range expand(text[open+end+1:]) {
			all = append(all, text[:open]+alt+rest)
		}
	}
	return all
}

// wants reports whether pattern segment s takes the file or folder called
// name. Hidden ones are taken only by a segment that begins like them.
func wants(s, name string) bool {
	if hidden(name) && !strings.HasPrefix(s, name[:1]) {
		return false
	}
	ok, err := path.Match(s, name)
	return ok && err == nil
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") }
