package flow

import (
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/weirflow/weir/internal/arrowrow"
	"github.com/weirflow/weir/internal/engine"
)

const (
	// batchRows is how many rows ToBatches gathers when not said.
	batchRows = 8192

	// batchWait is how long a row may wait for its batch to fill.
	batchWait = 50 * time.Millisecond
)

// ToBatches turns structs into Arrow batches, with one codec for the type:
// exported fields by the name in their `arrow` tag, pointers nullable. A batch
// goes on with ChunkRows(n) rows (8192 when not said), at a barrier, and when
// its first row has waited for 50 ms.
func ToBatches[T any](in Flow[T], ops ...Op) Flow[Batch] {
	codec, err := arrowrow.Of[T]()
	if err != nil {
		in.n.p.fail(fmt.Errorf("batches of %s: %w", in.n.name, err))
	}
	size := optsOf(ops).chunk
	if size <= 0 {
		size = batchRows
	}
	out := operator[Batch](in, "batches", ops)
	consume(in, func(c *compile, l *engine.Lane) (engine.Port[T], error) {
		next, err := outlet[Batch](c, out.n, l)
		if err != nil {
			return engine.Port[T]{}, err
		}
		t := &batcher[T]{c: c, n: out.n, l: l, codec: codec, next: next, rows: make([]T, 0, size), sizer: engine.SizerOf[T]()}
		t.limit = max(1, c.p.settings.memory/8/int64(out.n.par))
		return engine.Port[T]{Push: t.push, Ctl: t.ctl}, nil
	})
	return out
}

// batcher gathers the rows of one lane.
type batcher[T any] struct {
	c     *compile
	n     *node
	l     *engine.Lane
	codec *arrowrow.Codec[T]
	next  engine.Port[Batch]
	sizer engine.Sizer[T]
	limit int64 // bytes

	rows  []T
	bytes int64
	first time.Time
	mark  engine.Ctl // a watermark behind rows that are held; None: no such
}

func (t *batcher[T]) push(v T) error {
	if len(t.rows) == 0 {
		t.first = time.Now()
	}
	t.rows = append(t.rows, v)
	if t.sizer.Extra != nil {
		t.bytes += t.sizer.Extra(v)
	}
	if len(t.rows) < cap(t.rows) && t.bytes < t.limit {
		return nil
	}
	return t.flush()
}

func (t *batcher[T]) flush() error {
	t.l.At = t.n.id
	if len(t.rows) == 0 {
		return nil
	}
	rb, err := t.codec.Encode(t.c.p.alloc, t.rows)
	clear(t.rows)
	t.rows, t.bytes = t.rows[:0], 0
	if err != nil {
		return t.n.named(Mark(BadRow, err))
	}
	defer rb.Release()
	if err := t.next.Push(Batch{RecordBatch: rb}); err != nil || t.mark.Kind == engine.None {
		return err
	}
	mark := t.mark
	t.mark = engine.Ctl{}
	return t.next.Ctl(mark)
}

// ctl sends on what is held before a signal. A watermark waits with the rows
// before it, and a flush for their time.
func (t *batcher[T]) ctl(c engine.Ctl) error {
	if len(t.rows) == 0 {
		return t.next.Ctl(c)
	}
	switch {
	case c.Kind == engine.Watermark && c.Time != engine.MaxTime:
		t.mark = c
		return nil
	case c.Kind == engine.Flush && time.Since(t.first) < batchWait:
		t.l.Again()
	default:
		if err := t.flush(); err != nil {
			return err
		}
	}
	return t.next.Ctl(c)
}

// Change is a row and what happened to it.
type Change[T any] struct {
	Op  OpKind
	Row T
}

// ToRows turns batches into structs: columns by name, found once for each
// schema; a missing column is an error that shows both. Rows that were
// inserted and the new rows of updates come through. A delete is an error,
// because a T can not say it: use [ToChanges] for streams that have them.
func ToRows[T any](in Flow[Batch], ops ...Op) Flow[T] {
	return rows(in, "rows", ops, func(b Batch, i int, row T, emit func(T) error) error {
		switch kindAt(b, i) {
		case Before:
			return nil
		case Delete:
			return Markf(BadRow, "row %d of a batch of %q is a delete, which a row can not say: use ToChanges", i, b.Stream)
		default:
			return emit(row)
		}
	})
}

// ToChanges is [ToRows] with the kind of each change.
func ToChanges[T any](in Flow[Batch], ops ...Op) Flow[Change[T]] {
	return rows(in, "changes", ops, func(b Batch, i int, row T, emit func(Change[T]) error) error {
		return emit(Change[T]{kindAt(b, i), row})
	})
}

func kindAt(b Batch, i int) OpKind {
	if b.Ops == nil {
		return Insert
	}
	return b.Ops[i]
}

func rows[T, B any](
	in Flow[Batch], what string, ops []Op, give func(b Batch, i int, row T, emit func(B) error) error,
) Flow[B] {
	codec, err := arrowrow.Of[T]()
	if err != nil {
		in.n.p.fail(fmt.Errorf("rows of %s: %w", in.n.name, err))
	}
	out := operator[B](in, what, ops)
	consume(in, func(c *compile, l *engine.Lane) (engine.Port[Batch], error) {
		next, err := outlet[B](c, out.n, l)
		if err != nil {
			return engine.Port[Batch]{}, err
		}
		t := &unbatcher[T]{codec: codec}
		emit := emitting(l, out.n, new(Batch), next.Push)
		return engine.Port[Batch]{
			Push: func(b Batch) error {
				l.At = out.n.id
				rows, err := t.decode(b)
				if err != nil {
					return out.n.named(err)
				}
				for i := range rows {
					if err := give(b, i, rows[i], emit); err != nil {
						return out.n.named(err)
					}
				}
				return nil
			},
			Ctl: next.Ctl,
		}, nil
	})
	return out
}

// unbatcher decodes the batches of one lane.
type unbatcher[T any] struct {
	codec  *arrowrow.Codec[T]
	schema *arrow.Schema
	bound  *arrowrow.Decoder[T]
	rows   []T
}

func (t *unbatcher[T]) decode(b Batch) ([]T, error) {
	if t.schema != b.Schema() {
		bound, err := t.codec.Bind(b.Schema())
		if err != nil {
			return nil, Mark(BadConfig, err)
		}
		t.schema, t.bound = b.Schema(), bound
	}
	rows, err := t.bound.Decode(b.RecordBatch, t.rows[:0])
	if err != nil {
		return nil, Mark(BadRow, err)
	}
	t.rows = rows
	return rows, nil
}
