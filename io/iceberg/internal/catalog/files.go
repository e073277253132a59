package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/apache/iceberg-go"
	icebergio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"
)

// Files is the file system of a warehouse.
type Files interface {
	icebergio.WriteFileIO

	// Sync makes files that were created and closed durable, with the folders
	// that they are in.
	Sync(paths []string) error

	// Draft is Create for a file that Sync makes durable later.
	Draft(path string) (io.WriteCloser, error)
}

// FilesAt returns the file system of location. Other schemes than file are
// those that a program has linked.
func FilesAt(ctx context.Context, location string, props iceberg.Properties) (Files, error) {
	if isLocal(location) {
		return Disk{}, nil
	}
	under, err := icebergio.LoadFS(ctx, props, location)
	if err != nil {
		return nil, fmt.Errorf("open file system of %s: %w", location, err)
	}
	w, ok := under.(icebergio.WriteFileIO)
	if !ok {
		return nil, fmt.Errorf("open file system of %s: it is read only", location)
	}
	return remote{w}, nil
}

func isLocal(location string) bool {
	return strings.HasPrefix(location, "file:") || !strings.Contains(location, "://")
}

// filesOf is [FilesAt] in the form that a table wants.
func filesOf(location string, props iceberg.Properties) table.FSysF {
	return func(ctx context.Context) (icebergio.IO, error) { return FilesAt(ctx, location, props) }
}

// remote is a file system where a closed file is durable.
type remote struct{ icebergio.WriteFileIO }

func (remote) Sync([]string) error { return nil }

func (r remote) Draft(path string) (io.WriteCloser, error) { return r.Create(path) }

// Disk is the local file system. What is written to it by Create and
// WriteFile is durable when it is closed.
type Disk struct{}

// Open opens a file for reading.
func (Disk) Open(name string) (icebergio.File, error) {
	path, err := LocalPath(name)
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

// Remove removes a file.
func (Disk) Remove(name string) error {
	path, err := LocalPath(name)
	if err != nil {
		return err
	}
	return os.Remove(path)
}

// Draft creates a file and the folders above it.
func (Disk) Draft(name string) (io.WriteCloser, error) { return create(name) }

// Create creates a file that is synced when it is closed.
func (Disk) Create(name string) (icebergio.FileWriter, error) {
	f, err := create(name)
	if err != nil {
		return nil, err
	}
	return &synced{File: f}, nil
}

// WriteFile creates a file with the content p.
func (d Disk) WriteFile(name string, p []byte) error {
	f, err := d.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, bytes.NewReader(p))
	return errors.Join(err, f.Close())
}

// WalkDir walks the files below root.
func (Disk) WalkDir(root string, fn fs.WalkDirFunc) error {
	path, err := LocalPath(root)
	if err != nil {
		return err
	}
	return filepath.WalkDir(path, fn)
}

// Sync syncs the files and their folders.
func (Disk) Sync(paths []string) error {
	dirs := map[string]bool{}
	for _, name := range paths {
		path, err := LocalPath(name)
		if err != nil {
			return err
		}
		if err := syncPath(path); err != nil {
			return err
		}
		dirs[filepath.Dir(path)] = true
	}
	for dir := range dirs {
		if err := syncPath(dir); err != nil {
			return err
		}
	}
	return nil
}

func create(name string) (*os.File, error) {
	path, err := LocalPath(name)
	if err != nil {
		return nil, err
	}
	if err := makeDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
}

// makeDir makes dir and what is missing above it, each durable in the folder
// that holds it.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	up := filepath.Dir(dir)
	if up != dir {
		if err := makeDir(up); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return err
	}
	return syncPath(up)
}

// synced is a file whose Close makes it durable.
type synced struct {
	*os.File
	once sync.Once
	err  error
}

// Close syncs and closes the file, then syncs its folder.
func (s *synced) Close() error {
	s.once.Do(func() {
		s.err = errors.Join(s.Sync(), s.File.Close())
		if s.err == nil {
			s.err = syncPath(filepath.Dir(s.Name()))
		}
	})
	return s.err
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// LocalPath is the path of a local file, which may be written as a file URL.
// In a URL only what the URL escapes is unescaped: a partition value in a
// path keeps its own escapes. Java and PyIceberg escape nothing, and make
// folders whose names have a percent sign: file:/path is always taken as it
// is, and file:///path if there is such a file.
func LocalPath(name string) (string, error) {
	rest, ok := strings.CutPrefix(name, "file:")
	if !ok {
		return name, nil
	}
	after, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return rest, nil
	}
	i := strings.IndexByte(after, '/')
	if i < 0 || (i > 0 && after[:i] != "localhost") {
		return "", fmt.Errorf("file URL %q: want file:///path", name)
	}
	rest = after[i:]
	if !strings.Contains(rest, "%") {
		return rest, nil
	}
	if _, err := os.Lstat(rest); err == nil {
		return rest, nil
	}
	path, err := url.PathUnescape(rest)
	if err != nil {
		return "", fmt.Errorf("file URL %q: %w", name, err)
	}
	return path, nil
}

// FileURL is the URL of a local path.
func FileURL(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }

// CheckWritable reports whether files can be made at location, and leaves
// nothing there.
func CheckWritable(ctx context.Context, location string, props iceberg.Properties) error {
	if !isLocal(location) {
		_, err := FilesAt(ctx, location, props)
		return err
	}
	dir, err := LocalPath(location)
	if err != nil {
		return err
	}
	for {
		if info, err := os.Stat(dir); err == nil {
			if !info.IsDir() {
				return fmt.Errorf("warehouse %s: %s is no folder", location, dir)
			}
			break
		}
		dir = filepath.Dir(dir)
	}
	f, err := os.CreateTemp(dir, ".weir-check-*")
	if err != nil {
		return fmt.Errorf("warehouse %s: it can not be written to: %w", location, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
