package file

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/weirflow/weir/codecs/parquet"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/connector"
)

// Files is the file source: its splits are files and parts of files.
type Files struct {
	cfg Config
	dir string // that relative paths start from
	log *slog.Logger
	env connector.Env
	err error // of the settings: it comes out of Splits

	listing sync.Mutex // one listing at a time

	mu     sync.Mutex
	schema *arrow.Schema    // of every batch; nil until there are files
	seen   map[string]*seen // by name of the file
	known  map[string]known // what an earlier run had begun, by name
}

// seen is a file that was listed before.
type seen struct {
	in      input
	id      identity
	checked time.Time          // the file's own time when it was last identified
	schema  *arrow.Schema      // of a Parquet file; of a text file if it was sampled
	groups  []parquet.RowGroup // of a Parquet file
	whole   bool               // a text file that is not cut
	array   bool               // JSON that is one array
	header  []string           // the columns of a CSV file
	rows    int64              // where they begin
	quotes  quoteIndex         // of a CSV file
}

// known is what an earlier run knew of a file.
type known struct {
	id   identity
	grid int64
	open bool // not all of it was read
}

// Source returns a source of the files of cfg, for [flow.FromSplits].
// Relative paths start from the working directory. A mistake in cfg comes out
// of the run.
func Source(cfg Config) *Files {
	return newFiles(cfg, connector.Env{Log: slog.New(slog.DiscardHandler), Dir: "."})
}

// OpenSource opens the file source of a pipeline file.
func OpenSource(_ context.Context, cfg Config, env connector.Env) (connector.Source, error) {
	f := newFiles(cfg, env)
	return connector.OfSplits(f), f.err
}

func newFiles(cfg Config, env connector.Env) *Files {
	f := &Files{
		cfg: cfg.withDefaults(), dir: env.Dir, log: env.Log, env: env,
		seen: map[string]*seen{}, known: map[string]known{},
	}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	if dir, err := filepath.Abs(env.Dir); err == nil {
		f.dir = dir
	}
	f.err = f.cfg.Validate()
	return f
}

// Resume tells the source which splits earlier runs began and which they
// ended; it comes before Splits. Files keep the split size that they were
// begun with, a file that changed since is an error of kind Conflict, and one
// that is gone with rows not read is warned of.
func (f *Files) Resume(_ context.Context, begun, ended iter.Seq[string]) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for part, ids := range []iter.Seq[string]{ended, begun} {
		for text := range ids {
			name, id, grid, _, err := parseSplitID(text)
			if err != nil {
				return flow.Markf(flow.Conflict, "resume: %w; the state directory is of another source", err)
			}
			f.known[name] = known{id, grid, part == 1}
		}
	}
	return nil
}

// warn logs the files that an earlier run was in the middle of and that are
// not there any more.
func (f *Files) warn(files []*seen) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, file := range files {
		if k, ok := f.known[file.in.name]; ok {
			k.open = false
			f.known[file.in.name] = k
		}
	}
	for name, k := range f.known {
		if k.open {
			f.log.Warn("a file that was read in part is gone, and the rest of its rows is left out", "file", name)
			k.open = false
			f.known[name] = k
		}
	}
}

// Splits lists the files, path by path and by name within each, and the
// parts of each file in its order.
func (f *Files) Splits(ctx context.Context) iter.Seq2[Split, error] {
	return func(yield func(Split, error) bool) {
		files, err := f.list(ctx)
		if err != nil {
			yield(Split{}, err)
			return
		}
		for _, file := range files {
			for _, s := range f.cut(file) {
				if !yield(s, nil) {
					return
				}
			}
		}
	}
}

// ID is the path, as the settings write it, and what identifies the content
// and the part.
func (*Files) ID(s Split) string { return s.String() }

// Rediscover is the watch setting.
func (f *Files) Rediscover() time.Duration { return time.Duration(f.cfg.Watch) }

// Size is the number of bytes of all files, compressed as they are.
func (f *Files) Size(ctx context.Context) (int64, error) {
	files, err := f.list(ctx)
	if err != nil {
		return 0, err
	}
	total := int64(0)
	for _, file := range files {
		total += file.id.size
	}
	return total, nil
}

// SizeOf is the number of bytes of the split.
func (*Files) SizeOf(s Split) int64 { return s.bytes }

// Run reads one split.
func (f *Files) Run(ctx context.Context, s Split, from *Position, out *flow.Emitter[flow.Batch, Position]) error {
	f.mu.Lock()
	schema, file := f.schema, f.seen[s.in.name]
	f.mu.Unlock()
	if schema == nil || file == nil {
		return fmt.Errorf("read %s: it was not listed", s.in.name)
	}
	if s.id.size == 0 {
		return nil
	}
	var err error
	if s.in.kind.format == parqName {
		err = f.readParquet(ctx, s, schema, from, out)
	} else {
		err = f.readText(ctx, s, file, schema, from, out)
	}
	return err
}

// list finds the files, reads what must be known of each, and settles the
// schema.
func (f *Files) list(ctx context.Context) ([]*seen, error) {
	if f.err != nil {
		return nil, f.err
	}
	f.listing.Lock()
	defer f.listing.Unlock()
	found, err := f.cfg.list(ctx, f.dir)
	if err != nil {
		return nil, err
	}
	files := make([]*seen, 0, len(found))
	var errs []error
	for _, in := range found {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		file, err := f.look(in)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		files = append(files, file)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	f.warn(files)
	return files, f.settle(files)
}

// look identifies a file, unless it was listed before and is as it was.
func (f *Files) look(in input) (*seen, error) {
	f.mu.Lock()
	old, was := f.seen[in.name], f.known[in.name]
	f.mu.Unlock()
	if old != nil && old.in.size == in.size && old.checked.Equal(in.mod) {
		return old, nil
	}
	id, err := identify(in)
	if err != nil {
		return nil, err
	}
	if old != nil {
		was = known{id: old.id}
	}
	if was.id != (identity{}) && was.id != id {
		return nil, changed(in.name, was.id, id)
	}
	if old != nil {
		old.checked = in.mod
		return old, nil
	}
	file := &seen{in: in, id: id, checked: in.mod}
	switch {
	case id.size == 0:
	case in.kind.format == parqName:
		err = file.footer()
	case in.kind.format == jsonlName:
		file.whole, err = beginsArray(in)
		file.array = file.whole
	default:
		// A row with a stray quote shifts what is in quotes behind it; only
		// when such a row stops the run can places be found by quotes.
		file.whole = f.cfg.OnError != failName
		err = f.readHeader(file)
	}
	file.whole = file.whole || in.kind.compression != none
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.name, err)
	}
	f.mu.Lock()
	f.seen[in.name] = file
	f.mu.Unlock()
	return file, nil
}

func changed(name string, was, is identity) error {
	return flow.Markf(flow.Conflict, "%s changed since it was first read (it had %d bytes, now %d, or other content): "+
		"put the old file back and new rows into new files; to read the whole file again give it another name",
		name, was.size, is.size)
}

func (f *Files) cut(file *seen) []Split {
	grid := int64(f.cfg.SplitSize)
	if file.whole {
		grid = 0
	}
	f.mu.Lock()
	if k, ok := f.known[file.in.name]; ok && k.id == file.id {
		grid = k.grid
	}
	f.mu.Unlock()
	if grid == 0 {
		grid = max(file.id.size, 1)
	}
	if file.in.kind.format == parqName {
		return cutGroups(file.in, file.id, grid, file.groups)
	}
	return cutText(file.in, file.id, grid)
}
