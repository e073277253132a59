package iceberg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs/parquet"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/failpoint"
	"github.com/weirflow/weir/io/iceberg/internal/catalog"
	"github.com/weirflow/weir/io/iceberg/internal/partition"
	"github.com/weirflow/weir/io/iceberg/internal/schema"
)

// defaultMemory bounds a writer whose task has no bound.
const defaultMemory = 256 << 20

// writer writes the batches of one task into files, one at a time per
// partition.
type writer struct {
	sink  *sink
	task  flow.Task
	epoch flow.Epoch
	count int // of files, for their names

	from    *arrow.Schema // of the batches at hand
	shape   *shape
	files   catalog.Files
	convert *schema.Converter
	split   *partition.Splitter
	memory  parquet.Encoders // of all files
	open    map[*partition.Partition]*file
	done    []*file // finished, of this epoch

	mu     sync.Mutex // of sealed, which finish uses beside Write
	sealed map[*seal]bool
}

// seal is what an epoch left to finish.
type seal struct {
	epoch flow.Epoch
	files []*file
}

func newWriter(s *sink, t flow.Task) *writer {
	if t.Memory <= 0 {
		t.Memory = defaultMemory
	}
	t.Memory /= 2 // the epoch before may be on its way out
	if t.Alloc == nil {
		t.Alloc = memory.DefaultAllocator
	}
	return &writer{
		sink: s, task: t, epoch: t.Epoch,
		open: map[*partition.Partition]*file{}, sealed: map[*seal]bool{},
	}
}

// Write adds the rows of b to the files of their partitions.
func (w *writer) Write(ctx context.Context, b flow.Batch) error {
	if b.RecordBatch == nil || b.NumRows() == 0 {
		return nil
	}
	rows, err := w.plain(b)
	if err != nil {
		return err
	}
	defer rows.Release()
	if err := w.follow(ctx, rows.Schema()); err != nil {
		return err
	}
	converted, err := w.convert.Convert(rows)
	if err != nil {
		return flow.Mark(flow.BadRow, w.sink.place.errorf("%w", err))
	}
	defer converted.Release()
	for _, share := range w.split.Split(converted) {
		if err := w.add(share, converted); err != nil {
			return err
		}
	}
	return w.shrink()
}

// plain is b without the kinds of its rows, or with them as a column. The
// caller releases it.
func (w *writer) plain(b flow.Batch) (arrow.RecordBatch, error) {
	if w.sink.cfg.Changelog {
		return withOps(b)
	}
	for i, op := range b.Ops {
		if op != flow.Insert {
			return nil, flow.Mark(flow.BadConfig, w.sink.place.errorf("row %d of a batch is a change (%s), and this sink appends: "+
				"set changelog: true to append changes with a column %s", i, opName(op), opColumn))
		}
	}
	b.Retain()
	return b.RecordBatch, nil
}

// follow makes ready for batches of the schema sc.
func (w *writer) follow(ctx context.Context, sc *arrow.Schema) error {
	current := w.sink.current()
	if w.from != nil && current == w.shape && (w.from == sc || w.from.Equal(sc)) {
		return nil
	}
	bound, err := w.sink.bind(ctx, sc)
	if err != nil {
		return err
	}
	if bound.shape != w.shape {
		if err := w.closeOpen(); err != nil {
			return err
		}
		if w.split, err = partition.New(bound.shape.spec, bound.shape.schema); err != nil {
			return flow.Mark(flow.BadConfig, w.sink.place.errorf("%w", err))
		}
		if w.files, err = catalog.FilesAt(ctx, bound.shape.data, bound.shape.props); err != nil {
			return flow.Mark(flow.BadConfig, err)
		}
	}
	w.convert, err = schema.NewConverter(sc, bound.shape.arrow, bound.columns, w.task.Alloc)
	if err != nil {
		return flow.Mark(flow.BadConfig, w.sink.place.errorf("%w", err))
	}
	w.from, w.shape = sc, bound.shape
	return nil
}

// add writes the rows of one share to the file of its partition.
func (w *writer) add(share partition.Share, b arrow.RecordBatch) error {
	rows := b
	switch n := len(share.Rows); {
	case share.Rows == nil:
		rows.Retain()
	case int(share.Rows[n-1]-share.Rows[0]) == n-1:
		rows = b.NewSlice(int64(share.Rows[0]), int64(share.Rows[n-1])+1)
	default:
		var err error
		if rows, err = schema.GatherBatch(b, share.Rows, w.task.Alloc); err != nil {
			return w.sink.place.errorf("partition %s: %w", share.Partition.Path, err)
		}
	}
	defer rows.Release()
	f := w.open[share.Partition]
	if f == nil {
		if len(w.open) >= w.sink.cfg.OpenPartitions {
			if err := w.closeLargest(); err != nil {
				return err
			}
		}
		var err error
		if f, err = w.create(share.Partition); err != nil {
			return err
		}
		w.open[share.Partition] = f
	}
	if err := f.w.Write(rows); err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	if f.w.Estimate() >= int64(w.sink.cfg.TargetFileSize) {
		return w.finishFile(share.Partition)
	}
	return nil
}

// shrink finishes the largest files until the rest fits the memory.
func (w *writer) shrink() error {
	for len(w.open) > 0 {
		total := int64(0)
		for _, f := range w.open {
			total += f.w.Buffered()
		}
		if total <= w.task.Memory {
			return nil
		}
		if err := w.closeLargest(); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) closeLargest() error {
	var largest *partition.Partition
	for p, f := range w.open {
		if largest == nil || f.w.Buffered() > w.open[largest].w.Buffered() {
			largest = p
		}
	}
	return w.finishFile(largest)
}

func (w *writer) finishFile(p *partition.Partition) error {
	f := w.open[p]
	delete(w.open, p)
	w.done = append(w.done, f)
	return f.finish()
}

func (w *writer) closeOpen() error {
	for p := range w.open {
		if err := w.finishFile(p); err != nil {
			return err
		}
	}
	return nil
}

// Prepare seals the files of the epoch; finish writes them out.
func (w *writer) Prepare(_ context.Context, e flow.Epoch) (func(context.Context) (Part, error), error) {
	s := &seal{epoch: e, files: w.done}
	for _, f := range w.open {
		s.files = append(s.files, f)
	}
	slices.SortFunc(s.files, func(a, b *file) int { return a.number - b.number })
	clear(w.open)
	w.done, w.epoch = nil, e+1
	if len(s.files) == 0 {
		return flow.Done(Part{}), nil
	}
	w.mu.Lock()
	w.sealed[s] = true
	w.mu.Unlock()
	return func(context.Context) (Part, error) { return w.finish(s) }, nil
}

// finish writes the files out, makes them durable, and describes them.
func (w *writer) finish(s *seal) (Part, error) {
	part, paths := Part{}, make([]string, 0, len(s.files))
	groups := map[*shape]int{}
	for _, f := range s.files {
		if err := f.finish(); err != nil {
			return Part{}, err
		}
		entry, err := f.describe()
		if err != nil {
			return Part{}, fmt.Errorf("describe %s: %w", f.path, err)
		}
		i, ok := groups[f.shape]
		if !ok {
			i = len(part.Groups)
			groups[f.shape] = i
			part.Groups = append(part.Groups, Group{Schema: f.shape.asSchema, Base: f.shape.base, Spec: f.shape.asSpec})
			part.Table, part.Format = f.shape.uuid, f.shape.version
		}
		part.Groups[i].Files = append(part.Groups[i].Files, entry)
		part.Rows += f.rows
		part.Bytes += f.size
		paths = append(paths, f.path)
	}
	failpoint.Hit("iceberg/prepare/sealed")
	if err := s.files[0].files.Sync(paths); err != nil {
		return Part{}, fmt.Errorf("sync files of epoch %d: %w", s.epoch, err)
	}
	failpoint.Hit("iceberg/prepare/synced")
	w.mu.Lock()
	delete(w.sealed, s)
	w.mu.Unlock()
	return part, nil
}

// Close drops the files that were not handed over.
func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	drop := w.done
	for _, f := range w.open {
		drop = append(drop, f)
	}
	for s := range w.sealed {
		drop = append(drop, s.files...)
	}
	var errs []error
	for _, f := range drop {
		if err := f.drop(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	w.open, w.done, w.sealed = nil, nil, nil
	return errors.Join(errs...)
}
