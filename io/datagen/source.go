package datagen

import (
	"context"
	"embed"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/pace"
	"github.com/weirflow/weir/io/connector"
)

//go:embed doc.go config.go example.yaml
var docs embed.FS

// Register adds the datagen source to r.
func Register(r *connector.Registry) {
	connector.AddSource(r, connector.Info[Config]{
		Name:     "datagen",
		Defaults: defaults(),
		Docs:     docs,
		Promise:  "makes every row once; goes on behind the last row stored",
	}, Open)
}

// Open makes a datagen source.
func Open(_ context.Context, cfg Config, env connector.Env) (connector.Source, error) {
	g, err := newGenerator(cfg, env)
	if err != nil {
		return nil, flow.Mark(flow.BadConfig, err)
	}
	switch {
	case cfg.Splits > 1 && cfg.MaxEvents > 0:
		return connector.OfSplits(sizedSplits{splits{g}}), nil
	case cfg.Splits > 1:
		return connector.OfSplits(splits{g}), nil
	case cfg.MaxEvents > 0:
		return connector.Of(sizedSource{source{g}}), nil
	default:
		return connector.Of(source{g}), nil
	}
}

// Position is the number of the next row, or change.
type Position int64

// generator makes the rows of one configuration. It does not change, and
// serves any number of goroutines.
type generator struct {
	cfg     Config
	stream  string
	schema  *arrow.Schema
	columns []build
	env     connector.Env
	alloc   memory.Allocator // of the run
}

// in is g with the allocator of a run.
func (g *generator) in(pipeline memory.Allocator) *generator {
	lent := *g
	lent.alloc = g.env.Allocator(pipeline)
	return &lent
}

func newGenerator(cfg Config, env connector.Env) (*generator, error) {
	p := newPattern(cfg)
	columns, err := p.columns(cfg.Pattern)
	if err != nil {
		return nil, err
	}
	if cfg.IncludeSequence {
		columns = append(columns, column{"_sequence", arrow.PrimitiveTypes.Int64, true, int64s(byWrite)})
	}
	if cfg.IncludeTimestamp {
		columns = append(columns, column{"_timestamp", timestamp, true, timestamps(p.timeOf(byWrite))})
	}
	custom, err := customColumns(cfg.CustomFields)
	if err != nil {
		return nil, fmt.Errorf("custom_fields: %w", err)
	}
	for _, c := range custom {
		columns = append(columns, c.add(p))
	}
	g := &generator{cfg: cfg, stream: cfg.StreamName, env: env, alloc: env.Allocator(memory.DefaultAllocator)}
	if cfg.Namespace != "" {
		g.stream = cfg.Namespace + "." + cfg.StreamName
	}
	var fields []arrow.Field
	for _, c := range columns {
		if slices.ContainsFunc(fields, func(f arrow.Field) bool { return f.Name == c.name }) {
			return nil, fmt.Errorf("custom_fields: pattern %s has a column %s already", cfg.Pattern, c.name)
		}
		fields = append(fields, arrow.Field{Name: c.name, Type: c.typ, Nullable: c.null})
		g.columns = append(g.columns, c.build)
	}
	g.schema = arrow.NewSchema(fields, nil)
	return g, nil
}

// batch makes the rows of b.
func (g *generator) batch(b *block, ops []flow.OpKind) flow.Batch {
	columns := make([]arrow.Array, len(g.columns))
	for i, build := range g.columns {
		columns[i] = build(b)
	}
	defer func() {
		for _, c := range columns {
			c.Release()
		}
	}()
	return flow.Batch{
		RecordBatch: array.NewRecordBatch(g.schema, columns, int64(b.len())),
		Ops:         ops,
		Stream:      g.stream,
	}
}

// rows makes the n rows that begin with number first.
func (g *generator) rows(first, n int64) flow.Batch {
	numbers := make([]int64, n)
	for i := range numbers {
		numbers[i] = first + int64(i)
	}
	return g.batch(&block{numbers, numbers, g.alloc}, nil)
}

// change makes the rows of the next n changes.
func (g *generator) change(c *changes, n int64) flow.Batch {
	b := block{alloc: g.alloc}
	var ops []flow.OpKind
	for range n {
		c.step(func(row live, op flow.OpKind) {
			b.keys, b.writes = append(b.keys, row.key), append(b.writes, row.write)
			ops = append(ops, op)
		})
	}
	return g.batch(&b, ops)
}

// cut is the size of the next batch: the whole, or what comes in a tenth of a
// second.
func (g *generator) cut(parts int64) int64 {
	if rate := g.cfg.EventsPerSecond; rate > 0 {
		return min(g.cfg.BatchSize, max(rate/parts/10, 1))
	}
	return g.cfg.BatchSize
}

// bucket is nil when there is no limit.
func (g *generator) bucket() *pace.Bucket {
	if g.cfg.EventsPerSecond == 0 {
		return nil
	}
	return pace.NewBucket(g.cfg.EventsPerSecond, 0)
}

func wait(ctx context.Context, b *pace.Bucket, n int64) error {
	if b == nil {
		return ctx.Err()
	}
	_, err := b.Take(ctx, n)
	return err
}

// Discover returns the one stream there is.
func (g *generator) Discover(context.Context) ([]connector.Stream, error) {
	key := g.schema.Field(0).Name
	s := connector.Stream{Name: g.stream, Schema: g.schema, Rows: -1, Bytes: -1, Keys: []string{key}}
	if g.cfg.MaxEvents > 0 && !g.cfg.CDCMode {
		s.Rows = g.cfg.MaxEvents
	}
	return []connector.Stream{s}, nil
}

// size is how many rows or changes there are in all.
func (g *generator) size() int64 { return g.cfg.MaxEvents }

// source makes all rows on one goroutine.
type source struct{ *generator }

// Run makes the rows from *from on.
func (s source) Run(ctx context.Context, from *Position, out *flow.Emitter[flow.Batch, Position]) error {
	s.generator = s.in(out.Alloc())
	var next int64
	if from != nil {
		next = int64(*from)
		out.Progress(next)
	}
	var table *changes
	if s.cfg.CDCMode {
		table = newChanges(s.cfg.Seed, next)
	}
	bucket := s.bucket()
	for s.cfg.MaxEvents == 0 || next < s.cfg.MaxEvents {
		n := s.cut(1)
		if s.cfg.MaxEvents > 0 {
			n = min(n, s.cfg.MaxEvents-next)
		}
		if err := wait(ctx, bucket, n); err != nil {
			return err
		}
		var b flow.Batch
		if table != nil {
			b = s.change(table, n)
		} else {
			b = s.rows(next, n)
		}
		next += n
		if err := out.Emit(b, Position(next)); err != nil {
			return err
		}
		out.Progress(n)
	}
	return nil
}

// sizedSource is a source that ends.
type sizedSource struct{ source }

// Size is the number of rows, or changes.
func (s sizedSource) Size(context.Context) (int64, error) { return s.size(), nil }
