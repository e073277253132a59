package file

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs/parquet"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/mem"
)

// footer reads the schema and the row groups of a Parquet file.
func (s *seen) footer() (err error) {
	h, err := s.in.open()
	if err != nil {
		return err
	}
	r, err := parquet.Open(h, parquet.ReaderOptions{})
	if err != nil {
		return errors.Join(flow.Mark(flow.BadConfig, err), h.Close())
	}
	var fields []arrow.Field
	for _, f := range r.Schema().Fields() {
		f.Type = narrowType(f.Type)
		fields = append(fields, f)
	}
	s.schema, s.groups = arrow.NewSchema(fields, nil), r.RowGroups()
	return r.Close()
}

// readParquet reads the row groups of s that follow from.
func (f *Files) readParquet(ctx context.Context, s Split, schema *arrow.Schema,
	from *Position, out *flow.Emitter[flow.Batch, Position],
) (err error) {
	h, err := s.in.open()
	if err != nil {
		return err
	}
	if err := s.same(h); err != nil {
		return errors.Join(err, h.Close())
	}
	// Batches come from Go's heap: arrow-go's decoders do not give back all
	// that they take from an allocator.
	r, err := parquet.Open(h, parquet.ReaderOptions{BatchRows: batchRows, BatchBytes: batchBytes})
	if err != nil {
		return errors.Join(fmt.Errorf("read %s: %w", s.in.name, err), h.Close())
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	p := parquetRun{s: s, r: r, out: out, schema: schema, alloc: f.env.Allocator(out.Alloc()), rest: s.bytes}
	if from != nil {
		p.from = *from
	}
	for _, c := range schema.Fields() {
		if r.Schema().HasField(c.Name) {
			p.columns = append(p.columns, c.Name)
		}
	}
	for _, g := range s.groups {
		if err := p.group(ctx, g); err != nil {
			return fmt.Errorf("read %s: %w", s.in.name, err)
		}
	}
	out.Progress(p.rest)
	return nil
}

// parquetRun reads one split of a Parquet file.
type parquetRun struct {
	s       Split
	r       *parquet.Reader
	out     *flow.Emitter[flow.Batch, Position]
	schema  *arrow.Schema
	columns []string
	alloc   memory.Allocator
	from    Position // nothing before it is emitted
	rest    int64    // bytes that are not told as progress
}

func (p *parquetRun) group(ctx context.Context, g int) error {
	size := p.r.RowGroups()[g]
	step := min(p.rest, size.Bytes)
	p.rest -= step
	if g < p.from.Group || g == p.from.Group && p.from.Row >= size.Rows {
		p.out.Progress(step)
		return nil
	}
	row, told := int64(0), int64(0)
	emit := func(b arrow.RecordBatch) error {
		first := row
		row += b.NumRows()
		done := step * row / max(1, size.Rows)
		p.out.Progress(done - told)
		told = done
		if g == p.from.Group && row <= p.from.Row {
			return nil
		}
		skip := int64(0)
		if g == p.from.Group {
			skip = max(0, p.from.Row-first)
		}
		fitted, err := conform(b, p.schema, skip, p.alloc)
		if err != nil {
			return err
		}
		return p.out.Emit(flow.Batch{RecordBatch: fitted}, Position{Group: g, Row: row})
	}
	if len(p.columns) == 0 { // the file has none of the columns: rows of nulls
		for row < size.Rows {
			n := min(size.Rows-row, batchRows)
			if err := emit(array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, n)); err != nil {
				return err
			}
		}
		return nil
	}
	return p.r.Read(ctx, []int{g}, p.columns, emit)
}

// conform is the rows of b behind the first skip, with the columns of schema:
// by name, and nulls for one that b does not have. The caller owns the result.
func conform(b arrow.RecordBatch, schema *arrow.Schema, skip int64, alloc memory.Allocator) (arrow.RecordBatch, error) {
	n := b.NumRows() - skip
	cols := make([]arrow.Array, schema.NumFields())
	defer func() {
		for _, c := range cols {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i, f := range schema.Fields() {
		at := b.Schema().FieldIndices(f.Name)
		if len(at) == 0 {
			cols[i] = mem.Nulls(alloc, f.Type, int(n))
			continue
		}
		have, err := narrow(b.Column(at[0]), narrowType(b.Column(at[0]).DataType()), alloc)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
		defer have.Release()
		if !arrow.TypeEqual(have.DataType(), f.Type) {
			return nil, flow.Markf(flow.BadConfig, "column %s is %s, want %s", f.Name, typeName(have.DataType()), typeName(f.Type))
		}
		if skip == 0 {
			have.Retain()
			cols[i] = have
		} else {
			cols[i] = array.NewSlice(have, skip, b.NumRows())
		}
	}
	return array.NewRecordBatch(schema, slices.Clone(cols), n), nil
}
