package iceberg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/connector"
	"github.com/weirflow/weir/io/iceberg/internal/catalog"
	"github.com/weirflow/weir/io/iceberg/internal/filter"
)

// Split is a data file of the table, or a range of its row groups.
type Split struct {
	File   string // its path
	Start  int64  // of the range, in bytes
	Length int64

	table *table.Table
	task  table.FileScanTask
	read  []table.ScanOption
	snap  int64
}

// Position is how far a split was read.
type Position struct {
	Rows int64 `json:"rows"` // that were given out
}

// source is the source of one table.
type source struct {
	cfg    SourceConfig
	place  place
	filter *filter.Filter // nil for all rows
	err    error          // of the settings

	pinned int64 // the snapshot that earlier runs have read from; 0 for none

	mu    sync.Mutex
	total int64
}

// Source reads an Iceberg table as batches, a split per data file. What is
// not set in cfg has its default. Wrong settings come out when the pipeline
// runs, as errors of kind BadConfig.
func Source(cfg SourceConfig) flow.SplitSource[flow.Batch, Split, Position] { return newSource(cfg) }

func newSource(cfg SourceConfig) *source {
	s := &source{cfg: cfg.defaults()}
	s.place, s.err = openPlace(s.cfg.Table, s.cfg.Warehouse, s.cfg.Catalog)
	if err := s.cfg.Validate(); err != nil && s.err == nil {
		s.err = flow.Mark(flow.BadConfig, err)
	}
	if s.cfg.Filter != "" && s.err == nil {
		if s.filter, s.err = filter.Parse(s.cfg.Filter); s.err != nil {
			s.err = flow.Mark(flow.BadConfig, s.err)
		}
	}
	return s
}

// Splits lists the files of the snapshot, less those that the filter rules
// out by their statistics.
func (s *source) Splits(ctx context.Context) iter.Seq2[Split, error] {
	return func(yield func(Split, error) bool) {
		splits, err := s.plan(ctx)
		if err != nil {
			yield(Split{}, err)
			return
		}
		for _, split := range splits {
			if !yield(split, nil) {
				return
			}
		}
	}
}

// plan lists the splits.
func (s *source) plan(ctx context.Context) ([]Split, error) {
	if s.err != nil {
		return nil, s.err
	}
	t, err := s.place.Load(ctx, s.place.id)
	if err != nil {
		return nil, s.noTable(err)
	}
	snap, err := s.snapshot(t)
	if err != nil || snap == 0 {
		return nil, err
	}
	opts := []table.ScanOption{
		table.WithMaxConcurrency(1), table.WithArrowBatchSize(s.cfg.BatchRows), table.WithSnapshotID(snap),
	}
	sc, err := schemaAt(t, snap)
	if err != nil {
		return nil, s.place.errorf("%w", err)
	}
	list, read, err := s.narrow(opts, t, sc)
	if err != nil {
		return nil, flow.Mark(flow.BadConfig, s.place.errorf("%w", err))
	}
	tasks, err := s.tasks(ctx, t, snap, list)
	if err != nil {
		return nil, s.place.errorf("list the files of snapshot %d: %w", snap, err)
	}
	splits := make([]Split, len(tasks))
	total := int64(0)
	for i, task := range tasks {
		splits[i] = Split{task.File.FilePath(), task.Start, task.Length, t, task, read, snap}
		total += task.Length
	}
	s.mu.Lock()
	s.total = total
	s.mu.Unlock()
	return splits, nil
}

func (s *source) noTable(err error) error {
	if errors.Is(err, catalog.ErrNoTable) {
		return flow.Mark(flow.BadConfig, err)
	}
	return mark(err)
}

// snapshot is the snapshot to read, 0 for an empty table.
func (s *source) snapshot(t *table.Table) (int64, error) {
	at := max(s.cfg.Snapshot, s.cfg.ToSnapshot) // one of them at most is set
	if s.cfg.AsOf != nil {
		if at = asOf(t.Metadata(), *s.cfg.AsOf); at == 0 {
			return 0, flow.Mark(flow.BadConfig, s.place.errorf("as_of: there was no snapshot at %s", s.cfg.AsOf.Format(time.RFC3339)))
		}
	}
	if s.pinned != 0 && at != 0 && at != s.pinned {
		return 0, flow.Mark(flow.BadConfig, s.place.errorf("the settings say snapshot %d, and the pipeline has begun with %d: "+
			"set that one, or give the pipeline a new state directory", at, s.pinned))
	}
	at = max(at, s.pinned)
	if at == 0 {
		if now := t.CurrentSnapshot(); now != nil {
			return now.SnapshotID, nil
		}
		return 0, nil
	}
	if t.SnapshotByID(at) == nil {
		return 0, flow.Mark(flow.BadConfig, s.place.errorf("there is no snapshot %d; it was expired, or never was. "+
			"To read the newest, leave the setting out and give the pipeline a new state directory", at))
	}
	return at, nil
}

// asOf is the snapshot that was current at when; 0 for none.
func asOf(meta table.Metadata, when time.Time) (id int64) {
	for e := range meta.SnapshotLogs() {
		if e.TimestampMs <= when.UnixMilli() {
			id = e.SnapshotID
		}
	}
	return id
}

func schemaAt(t *table.Table, snap int64) (*iceberg.Schema, error) {
	id := t.SnapshotByID(snap).SchemaID
	if id == nil {
		return t.Schema(), nil
	}
	if sc, ok := t.Schemas()[*id]; ok {
		return sc, nil
	}
	return nil, fmt.Errorf("snapshot %d has schema %d, which the table has not", snap, *id)
}

// narrow adds columns and filter to the options, for listing the files and
// for reading them.
func (s *source) narrow(opts []table.ScanOption, t *table.Table, sc *iceberg.Schema) (list, read []table.ScanOption, err error) {
	for _, c := range s.cfg.Columns {
		if _, ok := sc.FindFieldByName(c); !ok {
			return nil, nil, fmt.Errorf("columns: there is no column %q", c)
		}
	}
	opts = slices.Clip(append(opts, table.WithSelectedFields(s.cfg.Columns...)))
	if s.filter == nil {
		return opts, opts, nil
	}
	rows, err := s.filter.Bind(sc)
	if err != nil {
		return nil, nil, err
	}
	files, err := s.filter.BindFor(sc, func(id int) bool { return !widened(t, sc, id) })
	return append(opts, table.WithRowFilter(files)), append(opts, table.WithRowFilter(rows)), err
}

// widened reports whether a column had another type once. Its old files have
// bounds of that type, and iceberg-go v0.7.0 fails on them ("expected 8 bytes
// for int64 value, got 4"); so they rule no files out.
func widened(t *table.Table, sc *iceberg.Schema, id int) bool {
	now, _ := sc.FindFieldByID(id)
	for _, old := range t.Metadata().Schemas() {
		if was, ok := old.FindFieldByID(id); ok && !was.Type.Equals(now.Type) {
			return true
		}
	}
	return false
}

func (s *source) tasks(ctx context.Context, t *table.Table, snap int64, opts []table.ScanOption) ([]table.FileScanTask, error) {
	var tasks []table.FileScanTask
	var err error
	if s.cfg.FromSnapshot != 0 {
		tasks, err = t.NewIncrementalAppendScan(opts...).FromSnapshotExclusive(s.cfg.FromSnapshot).ToSnapshot(snap).PlanFiles(ctx)
	} else {
		tasks, err = t.Scan(opts...).PlanFiles(ctx)
	}
	slices.SortStableFunc(tasks, func(a, b table.FileScanTask) int {
		return cmp.Or(strings.Compare(a.File.FilePath(), b.File.FilePath()), cmp.Compare(a.Start, b.Start))
	})
	return tasks, err
}

// ID is the snapshot, the file, and where in it the split begins.
func (*source) ID(s Split) string {
	return fmt.Sprintf("%d:%s@%d", s.snap, s.File, s.Start)
}

// Resume fixes the snapshot to the one that earlier runs have read from.
func (s *source) Resume(_ context.Context, begun, ended iter.Seq[string]) error {
	for _, ids := range []iter.Seq[string]{begun, ended} {
		for id := range ids {
			text, _, _ := strings.Cut(id, ":")
			snap, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return fmt.Errorf("split %q is none of an Iceberg table: give the pipeline a new state directory", id)
			}
			if snap == s.cfg.FromSnapshot {
				continue // of the read that this one goes on from
			}
			if s.pinned != 0 && snap != s.pinned {
				return flow.Mark(flow.Conflict, s.place.errorf("the state has splits of the snapshots %d and %d: "+
					"give the pipeline a new state directory", snap, s.pinned))
			}
			s.pinned = snap
		}
	}
	return nil
}

// Run reads one split.
func (s *source) Run(ctx context.Context, split Split, from *Position, out *flow.Emitter[flow.Batch, Position]) error {
	skip, rows := int64(0), int64(0)
	if from != nil {
		skip = from.Rows
	}
	_, batches, err := split.table.Scan(split.read...).ReadTasks(ctx, []table.FileScanTask{split.task})
	if err != nil {
		return fmt.Errorf("read %s: %w", split.File, err)
	}
	for b, err := range batches {
		if err != nil {
			return fmt.Errorf("read %s: %w", split.File, err)
		}
		if err := ctx.Err(); err != nil {
			b.Release()
			return err
		}
		n := b.NumRows()
		if b = behind(b, skip-rows); b != nil {
			if err := out.Emit(flow.Batch{RecordBatch: b, Stream: s.cfg.Table}, Position{rows + n}); err != nil {
				return err
			}
		}
		rows += n
	}
	out.Progress(split.Length)
	return ctx.Err()
}

// behind is b without its first n rows; nil when nothing is left. It gives b
// away.
func behind(b arrow.RecordBatch, n int64) arrow.RecordBatch {
	if b.NumRows() > 0 && n <= 0 {
		return b
	}
	defer b.Release()
	if n >= b.NumRows() {
		return nil
	}
	return b.NewSlice(n, b.NumRows())
}

// Size is the bytes of the files to read.
func (s *source) Size(ctx context.Context) (int64, error) {
	if _, err := s.plan(ctx); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total, nil
}

// SizeOf is the bytes of a split.
func (*source) SizeOf(s Split) int64 { return s.Length }

// Check lists the splits.
func (s *source) Check(ctx context.Context) error {
	_, err := s.plan(ctx)
	return err
}

// Discover lists the tables of the catalog.
func (s *source) Discover(ctx context.Context) ([]connector.Stream, error) {
	ids, err := s.place.Tables(ctx)
	if err != nil {
		return nil, mark(err)
	}
	var all []connector.Stream
	for _, id := range ids {
		t, err := s.place.Load(ctx, id)
		if err != nil {
			return nil, mark(err)
		}
		st, err := stream(t)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", catalog.String(id), err)
		}
		all = append(all, st)
	}
	return all, nil
}

func stream(t *table.Table) (connector.Stream, error) {
	sc, err := table.SchemaToArrowSchema(t.Schema(), nil, false, false)
	st := connector.Stream{Name: catalog.String(t.Identifier()), Schema: sc}
	for _, id := range t.Schema().IdentifierFieldIDs {
		if name, ok := t.Schema().FindColumnName(id); ok {
			st.Keys = append(st.Keys, name)
		}
	}
	if now := t.CurrentSnapshot(); now != nil {
		st.Rows, st.Bytes = total(now, "total-records"), total(now, "total-files-size")
	}
	return st, err
}

// total is a figure of the summary of a snapshot; -1 when it has none.
func total(s *table.Snapshot, key string) int64 {
	if s.Summary == nil {
		return -1
	}
	n, err := strconv.ParseInt(s.Summary.Properties[key], 10, 64)
	if err != nil {
		return -1
	}
	return n
}
