package state

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
)

// Options tune a store. The zero value is right for most pipelines.
type Options struct {
	// FS is the file system; nil is the machine's own.
	FS FS

	// Memory bounds what the store keeps in memory, in bytes: block cache
	// and tables being filled together. 0 means 64 MiB. The epoch that a
	// [Write] gathers comes on top.
	Memory int64

	// IngestAbove is the size of an epoch in bytes from which it is written
	// as sorted tables and ingested, rather than through the log. 0 means
	// 1 MiB.
	IngestAbove int64

	// Log gets what goes wrong in the background; nil is silence.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	o.Memory = cmp.Or(o.Memory, 64<<20)
	o.IngestAbove = cmp.Or(o.IngestAbove, 1<<20)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Store is the open state of one pipeline. Reads may run beside each other
// and beside a commit; epochs are begun and committed by one goroutine.
type Store struct {
	dir     string
	opts    Options
	health  *health
	lock    *pebble.Lock
	pebble  *pebble.Options
	db      *pebble.DB
	mark    *mark
	writing bool // a Write is open

	mu       sync.RWMutex
	manifest Manifest
	names    map[nameKind]map[string]uint16
	next     [sinkName + 1]uint32 // the next free id of each kind
	closed   bool
}

// Open opens the state of pipeline in dir. A directory that is missing or
// empty is made into a new store at epoch 0 with a new incarnation. The
// directory stays locked until Close.
//
// The errors match [ErrForeign], [ErrNewer], [ErrDamaged] and [ErrLocked].
func Open(dir, pipeline string, o Options) (*Store, error) {
	o = o.withDefaults()
	s := &Store{dir: dir, opts: o, health: newHealth(dir, o.Log)}
	if _, _, err := s.inspect(pipeline); err != nil {
		return nil, err
	}
	if err := s.acquire(); err != nil {
		return nil, err
	}
	// Look again: another process may have made the store in between.
	id, fresh, err := s.inspect(pipeline)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.open(id, pipeline, fresh); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// inspect looks at dir without touching it.
func (s *Store) inspect(pipeline string) (id identity, fresh bool, err error) {
	if pipeline == "" {
		return id, false, errors.New("open state: the pipeline has no name; give it one")
	}
	b, err := readFile(s.opts.FS, s.opts.FS.PathJoin(s.dir, identityFile))
	if errors.Is(err, fs.ErrNotExist) {
		return id, true, s.mustBeEmpty()
	}
	if err != nil {
		return id, false, fmt.Errorf("open state in %s: %w", s.dir, err)
	}
	if id, err = parseIdentity(b); err != nil {
		return id, false, damaged(s.dir, identityFile, err)
	}
	switch {
	case id.format > Format:
		return id, false, refuse(ErrNewer, "state in %s has format %d, this program knows formats up to %d; "+
			"use a newer program, or another directory", s.dir, id.format, Format)
	case id.Kind == kindSavepoint:
		return id, false, refuse(ErrForeign, "%s is a savepoint of pipeline %q; "+
			"restore it into a directory of its own and open that one", s.dir, id.Pipeline)
	case id.Pipeline != pipeline:
		return id, false, refuse(ErrForeign, "%s is the state of pipeline %q, not of %q; "+
			"give each pipeline its own directory", s.dir, id.Pipeline, pipeline)
	}
	return id, false, nil
}

// mustBeEmpty refuses a directory that holds something that is not ours. What
// an interrupted first open leaves behind is ours.
func (s *Store) mustBeEmpty() error {
	names, err := list(s.opts.FS, s.dir)
	if err != nil {
		return fmt.Errorf("open state: %w", err)
	}
	for _, name := range names {
		switch name {
		case identityFile + ".new", "lost+found":
			continue
		case dbDir:
			inside, err := list(s.opts.FS, s.opts.FS.PathJoin(s.dir, dbDir))
			if err != nil {
				return fmt.Errorf("open state: %w", err)
			}
			if len(inside) == 0 || (len(inside) == 1 && inside[0] == "LOCK") {
				continue
			}
		}
		return refuse(ErrForeign, "%s holds %q but no file %s, so it is no state directory "+
			"(or its making or restoring was cut short); give an empty or a new one", s.dir, name, identityFile)
	}
	return nil
}

func (s *Store) acquire() error {
	fsys := s.opts.FS
	db := fsys.PathJoin(s.dir, dbDir)
	for _, dir := range []string{s.dir, db} {
		if err := makeDir(fsys, dir); err != nil {
			return fmt.Errorf("open state in %s: %w", s.dir, err)
		}
	}
	lock, err := pebble.LockDirectory(db, fsys)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("lock state in %s: %w", s.dir, err)
		}
		return &refusal{kind: ErrLocked, text: fmt.Sprintf("state in %s is open already, here or in another process; "+
			"stop that one first", s.dir), cause: err}
	}
	s.lock = lock
	return nil
}

func (s *Store) open(id identity, pipeline string, fresh bool) error {
	if fresh {
		id = identity{Kind: kindState, Pipeline: pipeline, Incarnation: uuid.NewString(), format: Format}
		if err := placeIdentity(s.opts.FS, s.dir, id); err != nil {
			return fmt.Errorf("make state in %s: %w", s.dir, err)
		}
	}
	if err := s.clearTables(); err != nil {
		return fmt.Errorf("open state in %s: %w", s.dir, err)
	}
	if err := s.openDB(); err != nil {
		return err
	}
	return s.health.await(func() error {
		if err := s.load(id); err != nil {
			return err
		}
		return s.checkMark(id)
	})
}

func (s *Store) openDB() error {
	s.pebble = pebbleOptions(s.opts, s.health)
	s.pebble.Lock = s.lock
	opened := make(chan *pebble.DB, 1)
	err := s.health.await(func() error {
		db, err := pebble.Open(s.opts.FS.PathJoin(s.dir, dbDir), s.pebble)
		opened <- db
		return judge(s.dir, dbDir, err)
	})
	if err != nil {
		return err
	}
	s.db = <-opened
	return s.health.err()
}

// load reads the manifest and the names, or writes the first manifest.
func (s *Store) load(id identity) error {
	s.names = map[nameKind]map[string]uint16{opName: {}, sourceName: {}, sinkName: {}}
	value, ok, err := s.get(manifestKey())
	if err != nil {
		return err
	}
	if !ok {
		return s.first(id)
	}
	m, err := parseManifest(value)
	if err != nil {
		return damaged(s.dir, "the manifest key", err)
	}
	if m.Format > Format {
		return refuse(ErrNewer, "state in %s has format %d, this program knows formats up to %d; "+
			"use a newer program, or another directory", s.dir, m.Format, Format)
	}
	if m.Incarnation != id.Incarnation || m.Pipeline != id.Pipeline || m.KeyGroups != KeyGroups {
		return damaged(s.dir, identityFile, fmt.Errorf("it names pipeline %q, incarnation %s; "+
			"the manifest says %q, %s, %d key groups",
			id.Pipeline, id.Incarnation, m.Pipeline, m.Incarnation, m.KeyGroups))
	}
	m.Ancestors = id.Ancestors
	s.manifest = m
	if err := s.checkChain(); err != nil {
		return err
	}
	return s.loadNames()
}

// first writes the manifest of epoch 0. A store that has a mark has had one.
func (s *Store) first(id identity) error {
	if _, err := s.opts.FS.Stat(s.opts.FS.PathJoin(s.dir, markFile)); err == nil || id.Epoch != 0 {
		return damaged(s.dir, dbDir, errors.New("the manifest is missing"))
	}
	s.manifest = Manifest{
		Incarnation: id.Incarnation, Pipeline: id.Pipeline,
		KeyGroups: KeyGroups, Format: Format,
	}
	value, err := encodeManifest(s.manifest)
	if err != nil {
		return err
	}
	return judge(s.dir, dbDir, s.db.Set(manifestKey(), value, pebble.Sync))
}

func (s *Store) loadNames() error {
	return s.each([]byte{prefixName}, func(key, value []byte) error {
		k, err := parseKey(key)
		if err == nil && len(value) != 2 {
			err = fmt.Errorf("key %x: the id has %d bytes", key, len(value))
		}
		if err != nil {
			return damaged(s.dir, "a name key", err)
		}
		id := binary.BigEndian.Uint16(value)
		s.names[k.kind][string(k.rest)] = id
		s.next[k.kind] = max(s.next[k.kind], uint32(id)+1)
		return nil
	})
}

// checkMark compares the epoch found with the one that must be there. The
// mark follows the commit, so it may be one epoch behind, never ahead.
func (s *Store) checkMark(id identity) (err error) {
	incarnation, err := uuid.Parse(id.Incarnation)
	if err != nil {
		return damaged(s.dir, identityFile, err)
	}
	m := s.manifest
	s.mark, err = openMark(s.opts.FS, s.dir, incarnation)
	if errors.Is(err, fs.ErrNotExist) && m.Epoch == 0 {
		if err = createMark(s.opts.FS, s.dir, incarnation, 0); err == nil {
			s.mark, err = openMark(s.opts.FS, s.dir, incarnation)
		}
	}
	if err != nil {
		return judge(s.dir, markFile, err)
	}
	switch at := s.mark.epoch; {
	case at == m.Epoch:
		return nil
	case at == m.previous:
		if err := s.mark.set(m.Epoch); err != nil {
			return fmt.Errorf("mark epoch in %s: %w", s.dir, err)
		}
		return nil
	case at > m.Epoch:
		return damaged(s.dir, dbDir, fmt.Errorf("epoch %d was committed, the last one found is %d: "+
			"the end of the log or of Pebble's manifest is lost", at, m.Epoch))
	default:
		return damaged(s.dir, markFile, fmt.Errorf("it says epoch %d, the store is at %d: "+
			"the directory was put together from different copies", at, m.Epoch))
	}
}

// Manifest returns what the store holds.
func (s *Store) Manifest() Manifest {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.manifest
}

// Incarnation is [Manifest].Incarnation.
func (s *Store) Incarnation() string { return s.Manifest().Incarnation }

// Size returns the bytes that the store takes on disk.
func (s *Store) Size() int64 {
	var n uint64
	err := guard(s.health, func() error {
		n = s.db.Metrics().DiskSpaceUsage()
		return nil
	})
	if err != nil {
		return 0
	}
	return int64(min(n, math.MaxInt64))
}

// Close ends the store's work and unlocks the directory. What was committed
// is durable already; an open [Write] is lost.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var err error
	if s.db != nil && !s.health.isStuck() {
		err = s.health.finish(dbDir, func() error { return judge(s.dir, dbDir, s.db.Close()) })
	}
	if s.mark != nil && s.mark.file != nil {
		err = errors.Join(err, s.mark.file.Close())
	}
	if s.lock != nil && !s.health.isStuck() {
		// What is left of a stuck Pebble may still write: the lock stays
		// until the process ends.
		err = errors.Join(err, s.lock.Close())
	}
	s.health.end(fmt.Errorf("state in %s is closed", s.dir))
	return err
}
