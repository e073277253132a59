package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/failpoint"
)

// Part is what a writer hands over for an epoch: files that are complete and
// durable, and not visible.
type Part struct {
	Files []Staged `json:"files"`
}

// Staged is a file that is not visible yet. Paths are from the sink's folder,
// with slashes.
type Staged struct {
	Staged string `json:"staged"` // where it is
	Path   string `json:"path"`   // where it will be
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
}

// writer writes the rows of one task.
type writer struct {
	cfg   SinkConfig
	d     disk
	t     flow.Task
	where folders
	epoch flow.Epoch
	parts *partitioner

	open   map[fileKey]*outFile
	ended  []*outFile // in this epoch
	schema *arrow.Schema
	made   int    // files so far
	clock  uint64 // writes so far
}

// fileKey is what the rows of one file have in common.
type fileKey struct {
	folder string
	schema string
}

// outFile is a file that is being written.
type outFile struct {
	staged, path string
	f            *os.File
	enc          encoder
	rows         int64
	begun        time.Time
	used         uint64 // when it was last written to
	closed       bool   // the encoder is
}

// Write appends the rows of b to the files of their partitions.
func (w *writer) Write(_ context.Context, b flow.Batch) error {
	if b.NumRows() == 0 {
		return nil
	}
	rows, err := w.columns(b)
	if err != nil {
		return err
	}
	defer rows.Release()
	if err := w.accept(rows.Schema()); err != nil {
		return err
	}
	w.clock++
	if len(w.parts.parts) == 0 {
		return w.append(".", rows)
	}
	which, names, err := w.parts.split(rows)
	if err != nil {
		return err
	}
	return gather(w.t.Alloc, rows, which, func(n int32, some arrow.RecordBatch) error {
		return w.append(names[n], some)
	})
}

// accept decides on a schema that is not that of the rows before.
func (w *writer) accept(s *arrow.Schema) error {
	if w.schema == nil || w.schema == s || w.schema.Equal(s) {
		w.schema = s
		return nil
	}
	how := w.cfg.OnSchemaChange
	if how == newFile || how == auto && w.cfg.Format != csvName {
		w.schema = s
		return nil
	}
	return flow.Markf(flow.BadConfig, "the columns changed from %s to %s; set on_schema_change to new_file to begin new files",
		schemaText(w.schema), schemaText(s))
}

func (w *writer) append(folder string, b arrow.RecordBatch) error {
	key := fileKey{folder, b.Schema().Fingerprint()}
	if key.schema == "" { // a type that has none
		key.schema = b.Schema().String()
	}
	f := w.open[key]
	if f != nil && w.cfg.MaxAge > 0 && time.Since(f.begun) >= time.Duration(w.cfg.MaxAge) {
		if err := w.end(key); err != nil {
			return err
		}
		f = nil
	}
	if f == nil {
		var err error
		if f, err = w.begin(key, b.Schema()); err != nil {
			return err
		}
	}
	if err := f.enc.write(b); err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	f.rows += b.NumRows()
	f.used = w.clock
	if f.enc.size() >= int64(w.cfg.TargetSize) {
		return w.end(key)
	}
	return w.relieve()
}

func (w *writer) begin(key fileKey, schema *arrow.Schema) (*outFile, error) {
	if len(w.open) >= w.cfg.MaxOpen {
		if err := w.end(w.pick(func(a, b *outFile) bool { return a.used < b.used })); err != nil {
			return nil, err
		}
	}
	w.made++
	name := fmt.Sprintf("%s-%s-e%d-%d-%d-%s%s", escape(w.t.Pipeline), shortName(w.t.Incarnation), w.epoch,
		w.t.Index, w.made, random(), w.cfg.ending())
	f := &outFile{staged: path.Join(w.where.staging, name+stagedEnding), path: path.Join(key.folder, name), begun: time.Now()}
	var err error
	if f.f, err = w.d.create(f.staged); err != nil {
		return nil, fmt.Errorf("make %s: %w", f.staged, err)
	}
	if f.enc, err = w.cfg.encoder(f.f, schema, w.t.Alloc); err != nil {
		return nil, errors.Join(fmt.Errorf("make %s: %w", f.path, err), f.f.Close(), w.d.remove(f.staged))
	}
	w.open[key] = f
	return f, nil
}

// relieve ends files until no more memory is held than the task may.
func (w *writer) relieve() error {
	for {
		held := int64(0)
		for _, f := range w.open {
			held += f.enc.held()
		}
		if w.t.Memory <= 0 || held <= w.t.Memory || len(w.open) == 0 {
			return nil
		}
		if err := w.end(w.pick(func(a, b *outFile) bool { return a.enc.held() > b.enc.held() })); err != nil {
			return err
		}
	}
}

// pick is the open file that comes first.
func (w *writer) pick(first func(a, b *outFile) bool) fileKey {
	var key fileKey
	var best *outFile
	for k, f := range w.open {
		if best == nil || first(f, best) {
			key, best = k, f
		}
	}
	return key
}

// end completes an open file. What there are more of than max_open are made
// durable at once, the others by the end of the epoch.
func (w *writer) end(key fileKey) error {
	f := w.open[key]
	delete(w.open, key)
	w.ended = append(w.ended, f)
	if err := f.close(); err != nil {
		return err
	}
	if n := len(w.ended) - w.cfg.MaxOpen; n >= 0 {
		return w.ended[n].sync()
	}
	return nil
}

// close writes what the encoder holds.
func (f *outFile) close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	if err := f.enc.close(); err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	return nil
}

// sync makes the content durable and closes the file.
func (f *outFile) sync() error {
	if f.f == nil {
		return nil
	}
	err := errors.Join(f.f.Sync(), f.f.Close())
	f.f = nil
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	return nil
}

// Prepare ends all files of the epoch.
func (w *writer) Prepare(_ context.Context, e flow.Epoch) (func(context.Context) (Part, error), error) {
	files := w.ended
	for _, f := range w.open {
		files = append(files, f)
	}
	w.ended, w.open, w.epoch = nil, map[fileKey]*outFile{}, e+1
	return func(ctx context.Context) (Part, error) { return w.finish(ctx, files) }, nil
}

// finish makes files durable, or drops them if it cannot. It shares nothing
// with the writer but d.
func (w *writer) finish(ctx context.Context, files []*outFile) (p Part, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, w.drop(files))
		}
	}()
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return p, err
		}
		if err := f.close(); err != nil {
			return p, err
		}
		failpoint.Hit("file/finish/closed")
		if err := f.sync(); err != nil {
			return p, err
		}
		info, err := w.d.root.Stat(f.staged)
		if err != nil {
			return p, err
		}
		p.Files = append(p.Files, Staged{f.staged, f.path, f.rows, info.Size()})
	}
	if len(files) == 0 {
		return p, nil
	}
	return p, w.d.sync(w.where.staging)
}

// Close drops the files of the epoch that was not prepared.
func (w *writer) Close() error {
	files := w.ended
	for _, f := range w.open {
		files = append(files, f)
	}
	w.ended, w.open = nil, nil
	return w.drop(files)
}

// drop removes files that no commit will name.
func (w *writer) drop(files []*outFile) error {
	var errs []error
	for _, f := range files {
		if !f.closed {
			f.enc.abort()
		}
		if f.f != nil {
			errs = append(errs, f.f.Close())
			f.f = nil
		}
		f.closed = true
		errs = append(errs, w.d.remove(f.staged))
	}
	return errors.Join(errs...)
}
