package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// FS is the file system that a store lives on. Tests give one that forgets
// what was not synced (vfs.NewCrashableMem).
type FS = vfs.FS

// readFile returns the content of path.
func readFile(fsys FS, path string) (b []byte, err error) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(f)
}

// placeFile makes content durable under dir/name: all of it or nothing.
func placeFile(fsys FS, dir, name string, content []byte) error {
	path := fsys.PathJoin(dir, name)
	temp := path + ".new"
	f, err := fsys.Create(temp, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := fsys.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(fsys, dir)
}

func syncDir(fsys FS, dir string) (err error) {
	d, err := fsys.OpenDir(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.Sync()
}

// makeDir makes dir, and makes it durable in its parent.
func makeDir(fsys FS, dir string) error {
	if err := fsys.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return syncDir(fsys, fsys.PathDir(dir))
}

// list returns the names in dir; none if there is no dir.
func list(fsys FS, dir string) ([]string, error) {
	names, err := fsys.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	return names, nil
}
