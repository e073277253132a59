package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// firstRows is the most rows of a batch before the size of rows is known,
// and growth how much larger than the last one a batch may be.
const (
	firstRows = 4096
	growth    = 8
)

// Read calls emit with the rows of the row groups, in the order given (nil:
// all), and of the columns named, in the order of the file (nil: all). emit
// borrows its batch. No batch spans row groups.
func (r *Reader) Read(ctx context.Context, groups []int, columns []string,
	emit func(arrow.RecordBatch) error,
) error {
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

// group reads one row group.
type group struct {
	number  int
	rest    int64 // rows
	fields  []*pqarrow.ColumnReader
	schema  *arrow.Schema
	perRow  int64 // memory of a row, going by the footer and by batches
	largest int64 // rows of the next batch at most
}

func (r *Reader) readGroup(ctx context.Context, number int, leaves []int,
	emit func(arrow.RecordBatch) error,
) error {
	g := &group{number: number, rest: r.groups[number].Rows, schema: arrow.NewSchema(nil, nil)}
	if g.rest == 0 {
		return nil
	}
	if len(leaves) > 0 {
		if err := r.begin(ctx, g, leaves); err != nil {
			return fmt.Errorf("read parquet: row group %d: %w", number, err)
		}
	}
	defer g.release()
	for g.rest > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := r.next(g)
		if err != nil {
			return fmt.Errorf("read parquet: row group %d, row %d: %w", number, r.groups[number].Rows-g.rest, err)
		}
		g.rest -= b.NumRows()
		err = emit(b)
		b.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// begin opens the columns of a row group.
func (r *Reader) begin(ctx context.Context, g *group, leaves []int) (err error) {
	defer guard("begin", &err)
	fr, err := pqarrow.NewFileReader(r.f, pqarrow.ArrowReadProperties{}, r.o.Alloc)
	if err != nil {
		return err
	}
	all := make(map[int]bool, len(leaves))
	for _, i := range leaves {
		all[i] = true
	}
	ids, err := fr.Manifest.GetFieldIndices(leaves)
	if err != nil {
		return err
	}
	var fields []arrow.Field
	for _, i := range ids {
		f, err := fr.GetFieldReader(ctx, i, all, []int{g.number})
		if err != nil {
			g.release()
			return fmt.Errorf("column %s: %w", fr.Manifest.Fields[i].Field.Name, err)
		}
		g.fields = append(g.fields, f)
		fields = append(fields, *f.Field())
	}
	g.schema = arrow.NewSchema(fields, fr.Manifest.SchemaMeta)
	g.perRow, g.largest = r.storedPerRow(g.number, leaves), firstRows
	if seen := r.perRow.Load(); seen > 0 {
		g.perRow, g.largest = max(g.perRow, seen), r.o.BatchRows
	}
	return nil
}

// storedPerRow is the bytes of a row going by the footer; with dictionaries
// it may be far less than the row takes in memory.
func (r *Reader) storedPerRow(number int, leaves []int) int64 {
	meta, size := r.f.MetaData().RowGroup(number), int64(0)
	for _, i := range leaves {
		if c, err := meta.ColumnChunk(i); err == nil {
			size += c.TotalUncompressedSize()
		}
	}
	return size / max(1, meta.NumRows())
}

// next reads a batch, which the caller releases.
func (r *Reader) next(g *group) (_ arrow.RecordBatch, err error) {
	defer guard("decode", &err)
	n := min(g.rest, r.o.BatchRows)
	if len(g.fields) == 0 {
		return array.NewRecordBatch(g.schema, nil, n), nil
	}
	n = max(1, min(n, g.largest, r.o.BatchBytes/max(1, g.perRow)))
	cols := make([]arrow.Array, len(g.fields))
	defer func() {
		for _, c := range cols {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i, f := range g.fields {
		if cols[i], err = nextColumn(f, n, r); err != nil {
			return nil, fmt.Errorf("column %s: %w", g.schema.Field(i).Name, err)
		}
	}
	b := array.NewRecordBatch(g.schema, cols, n)
	g.perRow = max(1, batchBytes(b)/n)
	g.largest = min(r.o.BatchRows, n*growth)
	r.perRow.Store(g.perRow)
	return b, nil
}

// nextColumn reads n values as one array.
func nextColumn(f *pqarrow.ColumnReader, n int64, r *Reader) (arrow.Array, error) {
	chunks, err := f.NextBatch(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("damaged file: %w", err)
	}
	defer chunks.Release()
	if int64(chunks.Len()) != n {
		return nil, fmt.Errorf("damaged file: it ends after %d of %d rows", chunks.Len(), n)
	}
	if len(chunks.Chunks()) == 1 {
		c := chunks.Chunk(0)
		c.Retain()
		return c, nil
	}
	return array.Concatenate(chunks.Chunks(), r.o.Alloc)
}

func (g *group) release() {
	for _, f := range g.fields {
		f.Release()
	}
	g.fields = nil
}
