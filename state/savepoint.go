package state

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
)

// Savepoint makes a copy of the last durable epoch in dir, which must not
// exist and be on the same file system for the copy to be cheap: tables are
// linked, not copied. It may run beside reads, between commits. A savepoint
// is not opened; [Restore] makes a state directory of it.
func (s *Store) Savepoint(dir string) error {
	fsys, m := s.opts.FS, s.Manifest()
	names, err := list(fsys, dir)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return refuse(ErrForeign, "make savepoint in %s: it is not empty; give a new directory", dir)
	}
	if err := makeDir(fsys, dir); err != nil {
		return fmt.Errorf("make savepoint in %s: %w", dir, err)
	}
	err = s.health.await(func() error {
		return s.db.Checkpoint(fsys.PathJoin(dir, dbDir), pebble.WithFlushedWAL())
	})
	if err != nil {
		return fmt.Errorf("make savepoint in %s: %w", dir, err)
	}
	id := identity{
		Kind: kindSavepoint, Pipeline: m.Pipeline, Incarnation: m.Incarnation,
		Epoch: m.Epoch, Ancestors: m.Ancestors, format: Format,
	}
	if err := placeIdentity(fsys, dir, id); err != nil {
		return fmt.Errorf("make savepoint in %s: %w", dir, err)
	}
	return nil
}

func placeIdentity(fsys FS, dir string, id identity) error {
	text, err := id.encode()
	if err != nil {
		return err
	}
	return placeFile(fsys, dir, identityFile, text)
}

// Restore makes a state directory in dir, which must be empty or missing,
// from the savepoint in from, and leaves the savepoint as it is.
//
// The restored store has a new incarnation: sinks may have committed epochs
// after the savepoint, and what is replayed now is cut into epochs otherwise,
// so an old mark of a sink must not pass for one of ours. The incarnation of
// the savepoint becomes the last of the manifest's ancestors, with the
// savepoint's epoch: a sink whose mark is exactly that epoch can be gone on
// with; one whose mark is later must be rolled back to it first.
func Restore(from, dir string, o Options) (err error) {
	o = o.withDefaults()
	id, err := readSavepoint(from, o.FS)
	if err != nil {
		return err
	}
	fail := func(err error) error { return fmt.Errorf("restore %s from savepoint %s: %w", dir, from, err) }
	s := &Store{dir: dir, opts: o, health: newHealth(dir, o.Log)}
	if _, err := o.FS.Stat(o.FS.PathJoin(dir, identityFile)); err == nil {
		return fail(refuse(ErrForeign, "%s is a state directory already; give a new one", dir))
	}
	if err := s.mustBeEmpty(); err != nil {
		return fail(err)
	}
	if err := s.acquire(); err != nil {
		return fail(err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := copyDB(o.FS, o.FS.PathJoin(from, dbDir), o.FS.PathJoin(dir, dbDir)); err != nil {
		return fail(err)
	}
	if err := s.openDB(); err != nil {
		return fail(err)
	}
	next := identity{
		Kind: kindState, Pipeline: id.Pipeline, Incarnation: uuid.NewString(), Epoch: id.Epoch,
		Ancestors: append(slices.Clone(id.Ancestors), Ancestor{id.Incarnation, id.Epoch}), format: Format,
	}
	if err := s.health.await(func() error { return s.adopt(id, next) }); err != nil {
		return fail(err)
	}
	return nil
}

// adopt makes the copy of a savepoint a store of its own. The identity file
// comes last: without it the directory is refused.
func (s *Store) adopt(old, next identity) error {
	if err := s.load(old); err != nil {
		return err
	}
	if s.manifest.Epoch != old.Epoch {
		return damaged(s.dir, dbDir, fmt.Errorf("the savepoint is of epoch %d, its manifest of %d",
			old.Epoch, s.manifest.Epoch))
	}
	m := s.manifest
	m.Incarnation = next.Incarnation
	value, err := encodeManifest(m)
	if err != nil {
		return err
	}
	if err := s.db.Set(manifestKey(), value, pebble.Sync); err != nil {
		return judge(s.dir, dbDir, err)
	}
	incarnation, err := uuid.Parse(next.Incarnation)
	if err != nil {
		return err
	}
	if err := createMark(s.opts.FS, s.dir, incarnation, m.Epoch); err != nil {
		return err
	}
	return placeIdentity(s.opts.FS, s.dir, next)
}

func readSavepoint(dir string, fsys FS) (identity, error) {
	b, err := readFile(fsys, fsys.PathJoin(dir, identityFile))
	if err != nil {
		return identity{}, refuse(ErrForeign, "%s is no savepoint: %v; a savepoint has a file %s", dir, err, identityFile)
	}
	id, err := parseIdentity(b)
	switch {
	case err != nil:
		return id, damaged(dir, identityFile, err)
	case id.format > Format:
		return id, refuse(ErrNewer, "savepoint %s has format %d, this program knows formats up to %d; "+
			"use a newer program", dir, id.format, Format)
	case id.Kind != kindSavepoint:
		return id, refuse(ErrForeign, "%s is the state of pipeline %q, not a savepoint; "+
			"make a savepoint of it, and restore that", dir, id.Pipeline)
	}
	return id, nil
}

// copyDB links the tables, which never change, and copies the rest.
func copyDB(fsys FS, from, to string) error {
	names, err := fsys.List(from)
	if err != nil {
		return err
	}
	slices.SortFunc(names, cmp.Compare[string])
	for _, name := range names {
		if name == "LOCK" {
			continue
		}
		copyFile := vfs.Copy
		if path.Ext(name) == ".sst" || strings.HasSuffix(name, ".blob") {
			copyFile = vfs.LinkOrCopy
		}
		if err := copyFile(fsys, fsys.PathJoin(from, name), fsys.PathJoin(to, name)); err != nil {
			return err
		}
	}
	return syncDir(fsys, to)
}
