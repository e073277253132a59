package state

import (
	"errors"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// faultFS is the file system that Pebble sees. Where a write fails, Pebble
// may panic with its locks in a state that ends the process, or try again
// without pause. So it never learns of a failed write: the store ends its life
// with the error, and the goroutine that wrote goes no further.
type faultFS struct {
	vfs.FS
	h *health
}

type faultFile struct {
	vfs.File
	h *health
}

func (f faultFS) file(file vfs.File, err error) (vfs.File, error) {
	if err != nil {
		f.h.halt(err)
	}
	return faultFile{file, f.h}, nil
}

// Create makes a file. The entry of a manifest is synced at once: Pebble syncs
// it together with the marker that names it, and a disk that kept only the
// marker would leave a store that does not open.
func (f faultFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := f.FS.Create(name, c)
	if err == nil && strings.HasPrefix(f.PathBase(name), "MANIFEST-") {
		err = f.syncDir(f.PathDir(name))
	}
	return f.file(file, err)
}

func (f faultFS) syncDir(name string) error {
	dir, err := f.FS.OpenDir(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (f faultFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return f.file(f.FS.OpenReadWrite(name, c, o...))
}

func (f faultFS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return f.file(f.FS.ReuseForWrite(from, to, c))
}

func (f faultFS) OpenDir(name string) (vfs.File, error) {
	file, err := f.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return faultFile{file, f.h}, nil
}

func (f faultFS) Rename(from, to string) error {
	err := f.FS.Rename(from, to)
	if err != nil {
		f.h.halt(err)
	}
	return nil
}

func (f faultFS) Unwrap() vfs.FS { return f.FS }

func (f faultFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if err != nil {
		f.h.halt(err)
	}
	return n, nil
}

func (f faultFile) Sync() error {
	err := f.File.Sync()
	if err != nil {
		f.h.halt(err)
	}
	return nil
}

func (f faultFile) SyncData() error {
	err := f.File.SyncData()
	if err != nil {
		f.h.halt(err)
	}
	return nil
}

func (f faultFile) SyncTo(length int64) (full bool, err error) {
	full, err = f.File.SyncTo(length)
	if err != nil {
		f.h.halt(err)
	}
	return full, nil
}
