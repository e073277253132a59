package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/weirflow/weir/internal/failpoint"
)

// tableSize is about how many bytes of keys and values go into one table.
const tableSize = 32 << 20

// ingest writes b as sorted tables and hands them to Pebble in one call,
// which takes all of them or none.
func (s *Store) ingest(b *buffer) error {
	ranges := b.settle()
	var paths []string
	for _, t := range tablesOf(b, ranges) {
		path := s.opts.FS.PathJoin(s.dir, tablesDir, fmt.Sprintf("%06d.sst", len(paths)))
		if err := s.writeTable(path, b, t); err != nil {
			return fmt.Errorf("write table %s: %w", path, err)
		}
		paths = append(paths, path)
	}
	failpoint.Hit("state/ingest/tables-written")
	return s.db.Ingest(context.Background(), paths)
}

// A table is a run of entries and the ranges that start and end within it.
type table struct {
	entries []entry
	ranges  []span
}

// tablesOf cuts the settled changes into tables that do not overlap: one for
// everything that is not state, then state in pieces.
func tablesOf(b *buffer, ranges []span) []table {
	var all []table
	var size int64
	first := 0
	cut := func(end int, at []byte) {
		t := table{entries: b.entries[first:end]}
		t.ranges, ranges = clip(ranges, at)
		if len(t.entries)+len(t.ranges) > 0 {
			all = append(all, t)
		}
		first, size = end, 0
	}
	inState := false
	for i := range b.entries {
		e := &b.entries[i]
		key := b.key(e)
		if !inState && key[0] == prefixState {
			inState = true
			cut(i, []byte{prefixState})
		} else if size >= tableSize {
			cut(i, key)
		}
		size += int64(e.klen + e.vlen)
	}
	if !inState {
		cut(len(b.entries), []byte{prefixState})
	}
	cut(len(b.entries), nil)
	return all
}

// clip divides ranges at key; nil is the end of all keys.
func clip(ranges []span, key []byte) (before, rest []span) {
	if key == nil {
		return ranges, nil
	}
	for i, r := range ranges {
		if bytes.Compare(r.start, key) >= 0 {
			return before, append(rest, ranges[i:]...)
		}
		if bytes.Compare(r.end, key) <= 0 {
			before = append(before, r)
			continue
		}
		before = append(before, span{start: r.start, end: key})
		rest = append(rest, span{start: key, end: r.end})
	}
	return before, rest
}

func (s *Store) writeTable(path string, b *buffer, t table) (err error) {
	f, err := s.opts.FS.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	// Close syncs the file.
	w := sstable.NewWriter(objstorageprovider.NewFileWritable(f),
		s.pebble.MakeWriterOptions(0, formatMajor.MaxTableFormat()))
	defer func() { err = errors.Join(err, w.Close()) }()
	for _, r := range t.ranges {
		if err := w.DeleteRange(r.start, r.end); err != nil {
			return err
		}
	}
	for i := range t.entries {
		step := b.step(&t.entries[i])
		if step.kind == kindDelete {
			err = w.Delete(step.key)
		} else {
			err = w.Set(step.key, step.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// clearTables makes the directory for tables, and removes what a crash left
// in it: tables that Pebble took have another name by then.
func (s *Store) clearTables() error {
	dir := s.opts.FS.PathJoin(s.dir, tablesDir)
	if err := s.opts.FS.RemoveAll(dir); err != nil {
		return err
	}
	return makeDir(s.opts.FS, dir)
}
