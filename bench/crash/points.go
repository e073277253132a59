package crash

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// pointsOf reads the source for the failpoints that there are: names, and
// beginnings of names.
func pointsOf(root string) (names, begins []string, err error) {
	hits := regexp.MustCompile(`failpoint\.Hit\("([^"]+)"\)`)
	steps := regexp.MustCompile(`failpoint\.Hit\("([^"]+)" ?\+`)
	for _, room := range []string{"flow", "state", "io", "internal/engine", "codecs"} {
		err = errors.Join(err, filepath.WalkDir(filepath.Join(root, room), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range hits.FindAllSubmatch(text, -1) {
				names = append(names, string(m[1]))
			}
			for _, m := range steps.FindAllSubmatch(text, -1) {
				begins = append(begins, string(m[1]))
			}
			return err
		}))
	}
	slices.Sort(names)
	return slices.Compact(names), begins, err
}

// unreached lists the points of the source at which nothing was killed.
// killed counts kills by target.
func unreached(root string, killed map[string]int) error {
	names, begins, err := pointsOf(root)
	if err != nil {
		return err
	}
	var missing []string
	look := func(name, ending string) {
		for t := range killed {
			if strings.HasPrefix(t, name+ending) {
				return
			}
		}
		missing = append(missing, name)
	}
	for _, name := range names {
		look(name, ":")
	}
	for _, name := range begins {
		look(name, "")
	}
	if len(missing) > 0 {
		return fmt.Errorf("nothing was killed at %s", strings.Join(missing, ", "))
	}
	return nil
}
