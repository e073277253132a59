package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/failpoint"
	"github.com/weirflow/weir/internal/mutant"
	"github.com/weirflow/weir/io/connector"
)

// Folder is the file sink: rows become files in a folder.
type Folder struct {
	cfg    SinkConfig
	dir    string
	log    *slog.Logger
	err    error // of the settings: it comes out of Start and Open
	before func(step, name string) error

	mu   sync.Mutex
	root *os.Root // of dir; nil until it is needed
}

// Sink returns a sink that writes to the folder of cfg, for [flow.To]. A
// relative folder is found from the working directory. A mistake in cfg comes
// out of the run.
func Sink(cfg SinkConfig) *Folder {
	return newFolder(cfg, connector.Env{Log: slog.New(slog.DiscardHandler), Dir: "."})
}

// OpenSink opens the file sink of a pipeline file.
func OpenSink(_ context.Context, cfg SinkConfig, env connector.Env) (connector.Sink, error) {
	s := newFolder(cfg, env)
	return connector.To(s), s.err
}

func newFolder(cfg SinkConfig, env connector.Env) *Folder {
	s := &Folder{cfg: cfg.withDefaults(), dir: under(env.Dir, cfg.Dir), log: env.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if dir, err := filepath.Abs(s.dir); err == nil {
		s.dir = dir
	}
	s.err = s.cfg.Validate()
	return s
}

const (
	ownFolder    = "_weir" // readers leave names out that begin with _
	stagedEnding = ".part" // so that no pattern for data files takes a staged one
)

// folders are the places of one sink of one pipeline in the sink's folder.
type folders struct{ staging, log string }

func foldersOf(pipeline, sink string) folders {
	name := escape(pipeline) + "." + escape(sink)
	return folders{path.Join(ownFolder, "staging", name), path.Join(ownFolder, "commits", name)}
}

// shortName is how an incarnation appears in the names of files.
func shortName(incarnation string) string {
	short := escape(strings.ReplaceAll(incarnation, "-", ""))
	return short[:min(len(short), 8)]
}

// disk opens the sink's folder, which is made if it is not there.
func (s *Folder) disk(where folders) (disk, error) {
	if s.err != nil {
		return disk{}, s.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.root == nil {
		if err := os.MkdirAll(s.dir, 0o755); err != nil {
			return disk{}, flow.Mark(flow.BadConfig, fmt.Errorf("make %s: %w", s.dir, err))
		}
		root, err := os.OpenRoot(s.dir)
		if err != nil {
			return disk{}, fmt.Errorf("open %s: %w", s.dir, err)
		}
		s.root = root
	}
	d := disk{s.root, s.before}
	done := map[string]bool{".": true}
	for _, name := range []string{where.staging, where.log} {
		if err := d.mkdir(name); err != nil {
			return d, fmt.Errorf("make %s: %w", name, err)
		}
		if err := d.syncUp(name, done); err != nil {
			return d, err
		}
	}
	return d, d.sync(".")
}

// Start checks that the commit log fits the pipeline's state, and removes
// what earlier runs left in staging.
func (s *Folder) Start(_ context.Context, last flow.Txn) error {
	where := foldersOf(last.Pipeline, last.Sink)
	d, err := s.disk(where)
	if err != nil {
		return err
	}
	l, err := openLog(d, where.log)
	if err != nil {
		return err
	}
	if err := l.clean(); err != nil {
		return err
	}
	marker, ok, err := l.last()
	if err != nil {
		return err
	}
	switch {
	case !ok:
	case marker.Incarnation != last.Incarnation && !s.cfg.Takeover && !last.Stateless:
		return flow.Markf(flow.Conflict, "%s was last written, in epoch %d, by another state directory of pipeline %s: "+
			"use that one again, or write to another folder, or set takeover to true and keep what is there",
			s.dir, marker.Epoch, last.Pipeline)
	case marker.Incarnation != last.Incarnation:
		s.log.Info("taking over a folder from another state directory", "folder", s.dir, "epoch", marker.Epoch)
		err := l.append(entry{Pipeline: last.Pipeline, Incarnation: last.Incarnation, Sink: last.Sink, Files: []logged{}})
		if err != nil {
			return fmt.Errorf("take over %s: %w", s.dir, err)
		}
	case marker.Epoch > last.Epoch:
		return flow.Markf(flow.Conflict, "%s holds epoch %d and the state directory knows of %d only: "+
			"it is an older copy; use the newer one, or write to another folder", s.dir, marker.Epoch, last.Epoch)
	}
	return sweep(d, where, last)
}

// sweep removes staged files that no commit will name: those of other
// incarnations, and of epochs that did not become durable.
func sweep(d disk, where folders, last flow.Txn) error {
	names, err := d.names(where.staging)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		incarnation, epoch, ok := parseStaged(name)
		if ok && (incarnation != shortName(last.Incarnation) || epoch > last.Epoch) {
			errs = append(errs, d.remove(path.Join(where.staging, name)))
		}
	}
	return errors.Join(errs...)
}

// parseStaged reads the incarnation and epoch in the name of a staged file.
func parseStaged(name string) (incarnation string, e flow.Epoch, ok bool) {
	m := regexp.MustCompile(`-([^-]*)-e([0-9]+)-[0-9]+-[0-9]+-[0-9a-f]+\.[a-z.0-9]+\.part$`).FindStringSubmatch(name)
	if m == nil {
		return "", 0, false
	}
	n, err := strconv.ParseUint(m[2], 10, 64)
	return m[1], flow.Epoch(n), err == nil
}

// Open makes the writer of a task.
func (s *Folder) Open(_ context.Context, t flow.Task) (flow.Writer[flow.Batch, Part], error) {
	where := foldersOf(t.Pipeline, t.Name)
	d, err := s.disk(where)
	if err != nil {
		return nil, err
	}
	parts, err := parsePartition(s.cfg.Partition)
	if err != nil {
		return nil, err
	}
	return &writer{
		cfg: s.cfg, d: d, t: t, where: where, epoch: t.Epoch,
		parts: newPartitioner(parts), open: map[fileKey]*outFile{},
	}, nil
}

// Commit moves the files of an epoch to where they are seen, and then writes
// them into the commit log. Repeated, it goes on where it was: a file that is
// there already stays, and an entry that is in the log ends it.
func (s *Folder) Commit(ctx context.Context, t flow.Txn, parts []Part) error {
	where := foldersOf(t.Pipeline, t.Sink)
	d, err := s.disk(where)
	if err != nil {
		return err
	}
	l, err := openLog(d, where.log)
	if err != nil {
		return err
	}
	if !mutant.NoMarker {
		if done, err := settled(l, t, parts); done || err != nil {
			return errors.Join(err, d.sync(where.log))
		}
	}
	failpoint.Hit("file/commit/begin")
	e := entry{
		Pipeline: t.Pipeline, Incarnation: t.Incarnation, Sink: t.Sink, Epoch: t.Epoch, Previous: t.Previous,
		Files: []logged{},
	}
	synced := map[string]bool{}
	var moved []Staged
	for _, p := range parts {
		for _, f := range p.Files {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := publish(d, where, f); err != nil {
				return err
			}
			moved = append(moved, f)
			e.Files = append(e.Files, logged{f.Path, f.Rows, f.Bytes})
		}
	}
	failpoint.Hit("file/commit/renamed")
	for _, f := range moved {
		if err := d.syncUp(path.Dir(f.Path), synced); err != nil {
			return err
		}
	}
	failpoint.Hit("file/commit/synced")
	if err := l.append(e); err != nil {
		if errors.Is(err, errTaken) {
			return s.overtaken(d, where, t, moved)
		}
		return err
	}
	failpoint.Hit("file/commit/logged")
	return l.compact()
}

// settled reports whether the commit t of parts is in the log already. It is
// an error when t does not follow what is in the log.
func settled(l *commitLog, t flow.Txn, parts []Part) (bool, error) {
	marker, ok, err := l.last()
	if err != nil {
		return false, err
	}
	switch {
	case !ok && t.Previous == 0:
		return false, nil
	case !ok:
		return false, flow.Markf(flow.Conflict, "the commit log %s is gone, it had epoch %d: put it back from a backup, "+
			"or begin with a new state directory and an empty folder", l.dir, t.Previous)
	case marker.Incarnation != t.Incarnation:
		return false, flow.Markf(flow.Conflict, "another state directory of pipeline %s has taken over: stop this one", t.Pipeline)
	case marker.Epoch == t.Epoch && !marker.holds(parts):
		return false, flow.Markf(flow.Conflict, "another process with a copy of the state directory of pipeline %s has "+
			"written epoch %d to %s: use the newest copy, and only once", t.Pipeline, t.Epoch, l.dir)
	case marker.Epoch == t.Epoch:
		return true, nil
	case marker.Epoch == t.Previous || marker.Epoch == 0:
		return false, nil
	case marker.Epoch > t.Epoch:
		if found, err := l.find(t.Incarnation, t.Epoch, parts); found || err != nil {
			return found, err
		}
	}
	return false, flow.Markf(flow.Conflict, "the commit log %s ends with epoch %d, want %d before epoch %d: "+
		"it was put back to an earlier state, or the state directory was", l.dir, marker.Epoch, t.Previous, t.Epoch)
}

// publish moves one file to its place, unless it is there.
func publish(d disk, where folders, f Staged) error {
	if path.Dir(f.Staged) != where.staging || !filepath.IsLocal(filepath.FromSlash(f.Path)) {
		return flow.Markf(flow.Conflict, "the state directory has a file %s for %s, which is not of this sink", f.Staged, f.Path)
	}
	err := d.rename(f.Staged, f.Path)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, lost := d.root.Stat(f.Staged); lost == nil { // the folder is what is not there
		if err := d.mkdir(path.Dir(f.Path)); err != nil {
			return err
		}
		return d.rename(f.Staged, f.Path)
	}
	info, lost := d.root.Stat(f.Path)
	if lost == nil && info.Size() == f.Bytes && !mutant.NoMarker {
		return nil
	}
	return flow.Markf(flow.Conflict, "%s is gone, and so are its %d rows, which the sources will not give again: "+
		"put it back from a backup, or begin with a new state directory and an empty folder", f.Staged, f.Rows)
}

// overtaken ends a commit whose place in the log another run has taken. What
// the log names by now stays: the other one made the same commit, from a copy
// of the same state.
func (s *Folder) overtaken(d disk, where folders, t flow.Txn, moved []Staged) error {
	conflict := flow.Markf(flow.Conflict, "%s: another run of pipeline %s wrote to it meanwhile: stop one of them; "+
		"epoch %d was not written by this one", s.dir, t.Pipeline, t.Epoch)
	l, err := openLog(d, where.log)
	if err != nil {
		return errors.Join(conflict, err)
	}
	all, err := l.all()
	if err != nil {
		return errors.Join(conflict, err)
	}
	named := map[string]bool{}
	for _, e := range all {
		for _, f := range e.Files {
			named[f.Path] = true
		}
	}
	moved = slices.DeleteFunc(moved, func(f Staged) bool { return named[f.Path] })
	return errors.Join(conflict, withdraw(d, moved))
}

// withdraw takes files that were moved out of sight again.
func withdraw(d disk, files []Staged) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, d.rename(f.Path, f.Staged))
	}
	return errors.Join(errs...)
}
