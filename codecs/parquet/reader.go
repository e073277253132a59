package parquet

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

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
	perRow atomic.Int64 // memory of a row, as last seen; 0: not yet
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
	if err := checkArrowSchema(f.MetaData().KeyValueMetadata()); err != nil {
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
	rows := int64(0)
	for i := range f.NumRowGroups() {
		g, err := checkGroup(f.MetaData(), i)
		if err != nil {
			return nil, fmt.Errorf("open parquet: row group %d: damaged file: %w", i, err)
		}
		rows += g.Rows
		p.groups = append(p.groups, g)
	}
	if rows != f.NumRows() {
		return nil, fmt.Errorf("open parquet: damaged file: %d rows in row groups, the footer says %d", rows, f.NumRows())
	}
	return p, nil
}

// checkGroup holds what the footer says about a row group against the file,
// before anything is allocated by it.
func checkGroup(m *metadata.FileMetaData, i int) (RowGroup, error) {
	g, size := m.RowGroup(i), m.GetSourceFileSize()
	if g.NumRows() < 0 {
		return RowGroup{}, fmt.Errorf("%d rows", g.NumRows())
	}
	if g.NumColumns() != m.Schema.NumColumns() {
		return RowGroup{}, fmt.Errorf("%d columns, the schema has %d", g.NumColumns(), m.Schema.NumColumns())
	}
	out := RowGroup{Rows: g.NumRows()}
	for k := range g.NumColumns() {
		c, err := g.ColumnChunk(k)
		if err != nil {
			return out, err
		}
		name := m.Schema.Column(k).Path()
		start := c.DataPageOffset()
		if c.HasDictionaryPage() && c.DictionaryPageOffset() > 0 {
			start = min(start, c.DictionaryPageOffset())
		}
		n := c.TotalCompressedSize()
		if start < 0 || n < 0 || start > size || n > size-start {
			return out, fmt.Errorf("column %s: %d bytes from byte %d in a file of %d", name, n, start, size)
		}
		if c.TotalUncompressedSize() < 0 || c.NumValues() < 0 {
			return out, fmt.Errorf("column %s: %d values, %d bytes", name, c.NumValues(), c.TotalUncompressedSize())
		}
		if m.Schema.Column(k).MaxRepetitionLevel() == 0 && c.NumValues() != g.NumRows() {
			return out, fmt.Errorf("column %s: %d values in %d rows", name, c.NumValues(), g.NumRows())
		}
		out.Bytes += n
	}
	return out, nil
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
