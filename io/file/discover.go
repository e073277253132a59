package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/connector"
)

// Check lists the files, settles their columns, and looks for columns of the
// schema that no file has.
func (f *Files) Check(ctx context.Context) error {
	files, err := f.list(ctx)
	if err != nil {
		return err
	}
	if len(f.cfg.Schema) == 0 || len(files) == 0 {
		return nil
	}
	met := map[string]bool{}
	for i, file := range files {
		if i < sampled && file.in.kind.format != parqName && file.id.size > 0 {
			if err := f.sample(file); err != nil {
				return fmt.Errorf("read the beginning of %s: %w", file.in.name, err)
			}
		}
		if file.schema == nil {
			continue
		}
		for _, c := range file.schema.Fields() {
			met[c.Name] = true
		}
	}
	var errs []error
	for _, c := range f.cfg.Schema {
		if !met[c.Name] && len(met) > 0 {
			errs = append(errs, fmt.Errorf("schema: no file that was looked at has a column %s: "+
				"correct the name, or leave it out", c.Name))
		}
	}
	return flow.Mark(flow.BadConfig, errors.Join(errs...))
}

// Discover gives the files as one stream, with the columns that a run would
// give. The number of rows is known when all files are Parquet.
func (f *Files) Discover(ctx context.Context) ([]connector.Stream, error) {
	files, err := f.list(ctx)
	if err != nil {
		return nil, err
	}
	var s connector.Stream // without a name, as in the batches
	for _, file := range files {
		s.Bytes += file.id.size
		if file.in.kind.format != parqName && file.id.size > 0 {
			s.Rows = -1
		}
		for _, g := range file.groups {
			if s.Rows >= 0 {
				s.Rows += g.Rows
			}
		}
	}
	f.mu.Lock()
	s.Schema = f.schema
	f.mu.Unlock()
	return []connector.Stream{s}, nil
}

// Check looks whether the folder can be written to, or made, and has room.
// It changes nothing.
func (s *Folder) Check(context.Context) error {
	if s.err != nil {
		return s.err
	}
	at := s.dir
	info, err := os.Stat(at)
	for errors.Is(err, os.ErrNotExist) && filepath.Dir(at) != at {
		at = filepath.Dir(at)
		info, err = os.Stat(at)
	}
	switch {
	case err != nil:
		return flow.Mark(flow.BadConfig, fmt.Errorf("dir: %w", err))
	case !info.IsDir():
		return flow.Markf(flow.BadConfig, "dir: %s is not a folder", at)
	}
	free, err := room(at)
	if err != nil {
		return flow.Markf(flow.BadConfig, "dir: %s cannot be written to: %w", at, err)
	}
	if free < uint64(s.cfg.TargetSize) { //nolint:gosec // not negative
		return flow.Markf(flow.BadConfig, "dir: %s has %d bytes left, less than one file of target_size (%d)",
			at, free, int64(s.cfg.TargetSize))
	}
	return nil
}

// Committed lists the files that the commit logs in a folder name, oldest
// first: what a reader should read that wants all of a checkpoint or nothing.
func Committed(dir string) (paths []string, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	d := disk{root: root}
	logs := path.Join(ownFolder, "commits")
	names, err := d.names(logs)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		l, err := openLog(d, path.Join(logs, name))
		if err != nil {
			return nil, err
		}
		entries, err := l.all()
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			for _, f := range e.Files {
				paths = append(paths, f.Path)
			}
		}
	}
	return paths, nil
}
