package flow

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/internal/columns"
	"github.com/weirflow/weir/internal/engine"
)

// BatchCtx is what a function on batches is lent for the call.
type BatchCtx struct {
	context.Context //nolint:containedctx // lent for one call, as an argument would be
	Alloc           memory.Allocator
}

// MapBatch applies f to every batch. f may return its input, a slice of it, a
// new batch, or the zero Batch, which drops it; it calls neither Retain nor
// Release on its input, and gives what it returns away.
func MapBatch(in Flow[Batch], f func(c BatchCtx, b Batch) (Batch, error), ops ...Op) Flow[Batch] {
	out := operator[Batch](in, "batch", ops)
	consume(in, func(c *compile, l *engine.Lane) (engine.Port[Batch], error) {
		next, err := outlet[Batch](c, out.n, l)
		if err != nil {
			return engine.Port[Batch]{}, err
		}
		push := giving[Batch](next.Push)
		lent := BatchCtx{c.ctx, c.p.alloc}
		return engine.Port[Batch]{
			Push: func(b Batch) error {
				l.At = out.n.id
				made, err := f(lent, b)
				if err != nil {
					return out.n.named(err)
				}
				if made.RecordBatch == nil {
					return nil
				}
				return push(b, made)
			},
			Ctl: next.Ctl,
		}, nil
	})
	return out
}

// FilterRows passes the rows for which f sets keep, which has an element for
// each row of b and is false at first. A batch of which no row is kept goes
// no further.
func FilterRows(in Flow[Batch], f func(b Batch, keep []bool), ops ...Op) Flow[Batch] {
	out := operator[Batch](in, "filter", ops)
	consume(in, func(c *compile, l *engine.Lane) (engine.Port[Batch], error) {
		next, err := outlet[Batch](c, out.n, l)
		if err != nil {
			return engine.Port[Batch]{}, err
		}
		var keep []bool
		return engine.Port[Batch]{
			Push: func(b Batch) error {
				l.At = out.n.id
				n := int(b.NumRows())
				if cap(keep) < n {
					keep = make([]bool, n)
				}
				keep = keep[:n]
				clear(keep)
				f(b, keep)
				kept, err := columns.Filter(c.p.alloc, b.RecordBatch, keep)
				if err != nil {
					return out.n.named(err)
				}
				defer kept.Release()
				if kept.NumRows() == 0 {
					return nil
				}
				return next.Push(Batch{kept, keepOps(b.Ops, keep), b.Stream})
			},
			Ctl: next.Ctl,
		}, nil
	})
	return out
}

func keepOps(ops []OpKind, keep []bool) []OpKind {
	if ops == nil {
		return nil
	}
	kept := make([]OpKind, 0, len(ops))
	for i, op := range ops {
		if keep[i] {
			kept = append(kept, op)
		}
	}
	return kept
}

// Col is a typed view of a column, without a copy for columns of fixed width,
// valid for the call. V is the Go type of the column (int64, float64, string,
// arrow.Timestamp, ...); what stands at a null is undefined. A column that is
// not there or of another type stops the pipeline with an error that names
// both.
func Col[V any](b Batch, name string) []V {
	at := b.Schema().FieldIndices(name)
	if len(at) != 1 {
		panic(fmt.Sprintf("column %s: %d of that name in a batch of %s", name, len(at), b.Schema()))
	}
	var v any = *new(V)
	switch arr := b.Column(at[0]).(type) {
	case *array.String:
		if _, ok := v.(string); ok {
			return any(values[string](arr)).([]V)
		}
	case *array.Boolean:
		if _, ok := v.(bool); ok {
			return any(values[bool](arr)).([]V)
		}
	}
	view, err := columns.View[V](b.Column(at[0]))
	if err != nil {
		panic(fmt.Sprintf("column %s: %v", name, err))
	}
	return view
}

// values gathers the values of an array that has no slice of them.
func values[V any](arr interface {
	Len() int
	Value(i int) V
},
) []V {
	vs := make([]V, arr.Len())
	for i := range vs {
		vs[i] = arr.Value(i)
	}
	return vs
}
