package file

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/weirflow/weir/internal/failpoint"
)

// disk is the folder that the sink works in. Nothing outside it can be
// reached. Every step that changes something has a name, so that a test can
// stop the sink before any of them.
type disk struct {
	root   *os.Root
	before func(step, name string) error
}

func (d disk) step(step, name string) error {
	failpoint.Hit("file/" + step)
	if d.before == nil {
		return nil
	}
	return d.before(step, name)
}

// create makes a file that is not there yet.
func (d disk) create(name string) (*os.File, error) {
	if err := d.step("create", name); err != nil {
		return nil, err
	}
	return d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// writeNew makes a file with that content, durable and all or nothing. It
// fails with fs.ErrExist when there is one of that name.
func (d disk) writeNew(name string, content []byte) (err error) {
	temp := path.Join(path.Dir(name), tempPrefix+random())
	f, err := d.create(temp)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = d.link(temp, name)
	}
	return errors.Join(err, d.remove(temp), d.sync(path.Dir(name)))
}

// tempPrefix begins the name of a file that is being written.
const tempPrefix = ".tmp-"

func (d disk) link(from, to string) error {
	if err := d.step("link", to); err != nil {
		return err
	}
	return d.root.Link(from, to)
}

func (d disk) rename(from, to string) error {
	if err := d.step("rename", to); err != nil {
		return err
	}
	return d.root.Rename(from, to)
}

func (d disk) remove(name string) error {
	if err := d.step("remove", name); err != nil {
		return err
	}
	if err := d.root.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d disk) mkdir(name string) error {
	if err := d.step("mkdir", name); err != nil {
		return err
	}
	return d.root.MkdirAll(name, 0o755)
}

// sync makes the names in a folder durable.
func (d disk) sync(name string) error {
	if err := d.step("sync", name); err != nil {
		return err
	}
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncUp makes the names of folder name durable, and its own, and so on up
// to the root. done are the folders that need it no more.
func (d disk) syncUp(name string, done map[string]bool) error {
	for ; !done[name]; name = path.Dir(name) {
		if err := d.sync(name); err != nil {
			return err
		}
		done[name] = true
	}
	return nil
}

func (d disk) names(dir string) ([]string, error) {
	entries, err := fs.ReadDir(d.root.FS(), dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// random is part of a name that nothing else has.
func random() string {
	var b [5]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return hex.EncodeToString(b[:])
}

// escape makes a value part of a file name: percent signs stand for all but
// letters, digits and - _ . so that nothing in it is a separator, a variable
// or a control character anywhere.
func escape(s string) string {
	const hexDigits = "0123456789ABCDEF"
	var sb strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
			sb.WriteByte(c)
		default:
			sb.WriteByte('%')
			sb.WriteByte(hexDigits[c>>4])
			sb.WriteByte(hexDigits[c&15])
		}
	}
	return sb.String()
}
