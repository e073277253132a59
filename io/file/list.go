package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/weirflow/weir/flow"
)

// input is a file that was found.
type input struct {
	dir  string // the folder it was found under: it is opened inside it only
	rel  string // from dir, with slashes
	name string // as the settings write dir, and rel
	size int64
	mod  time.Time
	kind kind
}

// open opens the file. Nothing outside its folder can be reached, whatever
// links there are.
func (in input) open() (*os.File, error) {
	root, err := os.OpenRoot(in.dir)
	if err != nil {
		return nil, err
	}
	f, err := root.Open(filepath.FromSlash(in.rel))
	return f, errors.Join(err, root.Close())
}

// list finds the files of the settings, each once: path by path, and sorted
// by name within each.
func (c Config) list(ctx context.Context, dir string) ([]input, error) {
	var all []input
	seen := map[string]bool{}
	paths := c.Paths
	if c.Path != "" {
		paths = append([]string{c.Path}, paths...)
	}
	for _, p := range paths {
		found, err := c.listPath(ctx, dir, p)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", p, err)
		}
		slices.SortFunc(found, func(a, b input) int { return strings.Compare(a.name, b.name) })
		for _, in := range found {
			if !seen[in.name] {
				seen[in.name] = true
				all = append(all, in)
			}
		}
	}
	return all, nil
}

func (c Config) listPath(ctx context.Context, dir, p string) ([]input, error) {
	places, err := c.places(dir, p)
	if err != nil {
		return nil, flow.Mark(flow.BadConfig, err)
	}
	var found []input
	for _, pl := range places {
		root, err := os.OpenRoot(pl.dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		w := walker{ctx: ctx.Err, cfg: c, place: pl, root: root, seen: map[string]bool{}}
		err = w.walk(".", pl.match)
		if err = errors.Join(err, root.Close()); err != nil {
			return nil, err
		}
		found = append(found, w.found...)
	}
	if len(found) == 0 && c.Watch == 0 {
		return nil, flow.Markf(flow.BadConfig, "there is no such file (looked from %s)", dir)
	}
	return found, nil
}

// places is where the files of path p are. A path that exists is taken as it
// is, even with pattern characters in it.
func (c Config) places(dir, p string) ([]place, error) {
	shown := path.Clean(filepath.ToSlash(p))
	info, err := os.Stat(under(dir, shown))
	switch {
	case err == nil && info.IsDir():
		return []place{{dir: under(dir, shown), shown: shown, match: []string{"**", "*"}, all: true}}, nil
	case err == nil:
		// The settings name this file, so a link is followed to its end.
		target, err := filepath.EvalSymlinks(under(dir, shown))
		if err != nil {
			return nil, err
		}
		folder, base := filepath.Split(target)
		return []place{{dir: folder, shown: shown, match: []string{"", base}}}, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case !strings.ContainsAny(p, meta):
		if c.Watch > 0 {
			return patternPlaces(dir, p)
		}
		return nil, fmt.Errorf("there is no such file or folder (looked from %s)", dir)
	default:
		return patternPlaces(dir, p)
	}
}

// walker finds the files under one place.
type walker struct {
	ctx   func() error
	cfg   Config
	place place
	root  *os.Root
	seen  map[string]bool
	found []input
}

// walk matches what is in folder at against the segments.
func (w *walker) walk(at string, segments []string) error {
	if err := w.ctx(); err != nil {
		return err
	}
	if len(segments) == 2 && segments[0] == "" { // one file, by its name
		return w.file(segments[1], w.place.shown)
	}
	entries, err := fs.ReadDir(w.root.FS(), at)
	if err != nil {
		return err
	}
	s, rest := segments[0], segments[1:]
	if s == "**" {
		if len(rest) == 0 {
			rest = []string{"*"}
		}
		if err := w.walk(at, rest); err != nil {
			return err
		}
	}
	for _, e := range entries {
		rel := path.Join(at, e.Name())
		switch {
		case s == "**":
			if hidden(e.Name()) {
				continue
			}
			err = w.folder(rel, e, segments)
		case !wants(s, e.Name()):
			continue
		case len(rest) > 0:
			err = w.folder(rel, e, rest)
		case !e.IsDir():
			err = w.file(rel, path.Join(w.place.shown, rel))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// folder goes on in a folder. A link to one is refused: following it could
// read a file twice, or lead out of the place.
func (w *walker) folder(rel string, e fs.DirEntry, segments []string) error {
	if e.IsDir() {
		return w.walk(rel, segments)
	}
	if e.Type()&fs.ModeSymlink == 0 {
		return nil
	}
	info, err := os.Stat(filepath.Join(w.place.dir, filepath.FromSlash(rel)))
	if err == nil && info.IsDir() {
		return flow.Markf(flow.BadConfig, "%s is a link to a folder; remove it, and name the folder it leads to in paths",
			path.Join(w.place.shown, rel))
	}
	return nil // a link to a file, or a broken one: the file's own segment sees it
}

func (w *walker) file(rel, name string) error {
	if w.seen[name] {
		return nil
	}
	w.seen[name] = true
	info, err := w.root.Stat(filepath.FromSlash(rel))
	if err != nil {
		if l, lerr := w.root.Lstat(filepath.FromSlash(rel)); lerr == nil && l.Mode()&fs.ModeSymlink != 0 {
			return flow.Markf(flow.BadConfig, "%s is a link that is broken or leads out of %s; "+
				"remove it, and name the file it leads to in paths", name, w.place.dir)
		}
		return err
	}
	if info.IsDir() {
		return nil // a link to a folder that a file pattern took
	}
	k, ok := w.cfg.kindOf(name)
	switch {
	case !ok && w.place.all:
		return nil
	case !ok:
		return flow.Mark(flow.BadConfig, unknownKind(name))
	case !info.Mode().IsRegular():
		return flow.Markf(flow.BadConfig, "%s is not a regular file", name)
	}
	w.found = append(w.found, input{w.place.dir, rel, name, info.Size(), info.ModTime(), k})
	return nil
}
