package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// ReaderOptions say how a file is read. The zero value is the default.
type ReaderOptions struct {
	// BatchRows is the most rows of a batch; 0 means 65,536.
	BatchRows int64

	// BatchBytes is about the most memory of a batch; 0 means 16 MiB.
	BatchBytes int64

	// Alloc is where the memory for batches comes from; nil means Go's heap.
	Alloc memory.Allocator
}

// Defaults of [ReaderOptions].
const (
	DefaultBatchRows  = 65_536
	DefaultBatchBytes = 16 << 20
)

// Reader reads one Parquet file. Read may be called by several goroutines at
// a time if the file under it allows ReadAt that way.
type Reader struct {
	f      *file.Reader
	o      ReaderOptions
	schema *arrow.Schema
	groups []RowGroup
}

// RowGroup is the size of one row group.
type RowGroup struct {
	Rows  int64
	Bytes int64 // in the file, compressed
}

// Open reads the footer of r. A file that is damaged or that is no Parquet is
// an error that says what is wrong. Close of the Reader closes r if it is an
// io.Closer.
func Open(r parquet.ReaderAtSeeker, o ReaderOptions) (_ *Reader, err error) {
	defer guard("open parquet", &err)
	if o.BatchRows <= 0 {
		o.BatchRows = DefaultBatchRows
	}
	if o.BatchBytes <= 0 {
		o.BatchBytes = DefaultBatchBytes
	}
	if o.Alloc == nil {
		o.Alloc = memory.NewGoAllocator()
	}
	props := parquet.NewReaderProperties(o.Alloc)
	props.BufferedStreamEnabled = true
	props.BufferSize = 256 << 10
	f, err := file.NewParquetReader(r, file.WithReadProps(props))
	if err != nil {
		return nil, fmt.Errorf("open parquet: %w", err)
	}
	p := &Reader{f: f, o: o}
	fr, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, o.Alloc)
	if err != nil {
		return nil, fmt.Errorf("open parquet: %w", err)
	}
	if p.schema, err = fr.Schema(); err != nil {
		return nil, fmt.Errorf("open parquet: schema: %w", err)
	}
	for i := range f.NumRowGroups() {
		g := f.MetaData().RowGroup(i)
		n, err := groupBytes(g)
		if err != nil {
			return nil, fmt.Errorf("open parquet: row group %d: %w", i, err)
		}
		p.groups = append(p.groups, RowGroup{Rows: g.NumRows(), Bytes: n})
	}
	return p, nil
}

func groupBytes(g *metadata.RowGroupMetaData) (int64, error) {
	n := int64(0)
	for i := range g.NumColumns() {
		c, err := g.ColumnChunk(i)
		if err != nil {
			return 0, err
		}
		n += c.TotalCompressedSize()
	}
	return n, nil
}

// guard turns a panic of the library under us into an error.
func guard(doing string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s: damaged file: %v", doing, p)
	}
}

// Schema is the schema of the file's rows, with the exact Arrow types if an
// Arrow writer wrote the file.
func (r *Reader) Schema() *arrow.Schema { return r.schema }

// RowGroups lists the row groups in file order.
func (r *Reader) RowGroups() []RowGroup { return slices.Clone(r.groups) }

// Metadata is the footer.
func (r *Reader) Metadata() *metadata.FileMetaData { return r.f.MetaData() }

// Read calls emit with the rows of the row groups, in the order given (nil:
// all), and of the columns named (nil: all; order of the file). emit borrows
// its batch.
func (r *Reader) Read(ctx context.Context, groups []int, columns []string,
	emit func(arrow.RecordBatch) error,
) (err error) {
	leaves, err := r.leaves(columns)
	if err != nil {
		return err
	}
	if groups == nil {
		for i := range r.groups {
			groups = append(groups, i)
		}
	}
	for _, g := range groups {
		if g < 0 || g >= len(r.groups) {
			return fmt.Errorf("read parquet: row group %d of %d", g, len(r.groups))
		}
		if err := r.readGroup(ctx, g, leaves, emit); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) readGroup(ctx context.Context, g int, leaves []int,
	emit func(arrow.RecordBatch) error,
) error {
	rows := r.groups[g].Rows
	if rows == 0 {
		return nil
	}
	rr, err := r.recordReader(ctx, g, leaves)
	if err != nil {
		return fmt.Errorf("read parquet: row group %d: %w", g, err)
	}
	defer rr.Release()
	done := int64(0)
	for done < rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := next(rr)
		if err != nil {
			return fmt.Errorf("read parquet: row group %d, row %d: %w", g, done, err)
		}
		if done += b.NumRows(); b.NumRows() == 0 {
			break
		}
		if err := emit(b); err != nil {
			return err
		}
	}
	if done != rows {
		return fmt.Errorf("read parquet: row group %d: damaged file: %d rows, the footer says %d", g, done, rows)
	}
	return nil
}

func (r *Reader) recordReader(ctx context.Context, g int, leaves []int) (rr pqarrow.RecordReader, err error) {
	defer guard("begin", &err)
	props := pqarrow.ArrowReadProperties{BatchSize: r.batchRows(g, leaves)}
	fr, err := pqarrow.NewFileReader(r.f, props, r.o.Alloc)
	if err != nil {
		return nil, err
	}
	return fr.GetRecordReader(ctx, leaves, []int{g})
}

// next is Read of rr; a clean end is an error because the caller counts.
func next(rr pqarrow.RecordReader) (b arrow.RecordBatch, err error) {
	defer guard("decode", &err)
	b, err = rr.Read()
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	return b, err
}

// batchRows is how many rows fit in a batch going by the footer's sizes.
func (r *Reader) batchRows(g int, leaves []int) int64 {
	meta := r.f.MetaData().RowGroup(g)
	size := int64(0)
	for _, i := range leaves {
		if c, err := meta.ColumnChunk(i); err == nil {
			size += c.TotalUncompressedSize()
		}
	}
	perRow := max(1, size/max(1, meta.NumRows()))
	return max(1, min(r.o.BatchRows, r.o.BatchBytes/perRow))
}

// leaves are the leaf columns under the columns named.
func (r *Reader) leaves(columns []string) ([]int, error) {
	s := r.f.MetaData().Schema
	if columns == nil {
		all := make([]int, s.NumColumns())
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	for _, c := range columns {
		if !r.schema.HasField(c) {
			return nil, fmt.Errorf("read parquet: no column %q; the file has %s", c, strings.Join(names(r.schema), ", "))
		}
	}
	var out []int
	for i := range s.NumColumns() {
		if slices.Contains(columns, s.ColumnRoot(i).Name()) {
			out = append(out, i)
		}
	}
	return out, nil
}

func names(s *arrow.Schema) []string {
	var out []string
	for _, f := range s.Fields() {
		out = append(out, f.Name)
	}
	return out
}

// Close closes the file.
func (r *Reader) Close() error { return r.f.Close() }
