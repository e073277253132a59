package connector

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/weirflow/weir/flow"
)

// bareSource runs a typed source with its positions as JSON.
type bareSource[O any] struct {
	s flow.Source[flow.Batch, O]
}

// Run runs the typed source.
func (b bareSource[O]) Run(
	ctx context.Context, from *json.RawMessage, out *flow.Emitter[flow.Batch, json.RawMessage],
) error {
	start, err := position[O](from)
	if err != nil {
		return err
	}
	return b.s.Run(ctx, start, flow.ForwardTo(func(vs []flow.Batch, next O) error {
		text, err := json.Marshal(next)
		if err != nil {
			return fmt.Errorf("encode position: %w", err)
		}
		return out.EmitChunk(vs, text)
	}))
}

// Committed tells the typed source, if it wants to know.
func (b bareSource[O]) Committed(ctx context.Context, text json.RawMessage) error {
	c, ok := b.s.(flow.Committed[O])
	if !ok {
		return nil
	}
	o, err := position[O](&text)
	if err != nil {
		return err
	}
	return c.Committed(ctx, *o)
}

func position[O any](text *json.RawMessage) (*O, error) {
	if text == nil {
		return nil, nil
	}
	o := new(O)
	if err := json.Unmarshal(*text, o); err != nil {
		return nil, fmt.Errorf("decode position %s: %w", *text, err)
	}
	return o, nil
}

// bareSplits reads one split after the other. Its position is that of every
// split begun, by its ID.
type bareSplits[S, O any] struct {
	s flow.SplitSource[flow.Batch, S, O]
}

type splitPosition struct {
	At   json.RawMessage `json:"at,omitempty"`
	Done bool            `json:"done,omitempty"`
}

// Run runs the splits in their order.
func (b bareSplits[S, O]) Run(
	ctx context.Context, from *json.RawMessage, out *flow.Emitter[flow.Batch, json.RawMessage],
) error {
	at := map[string]splitPosition{}
	if from != nil {
		if err := json.Unmarshal(*from, &at); err != nil {
			return fmt.Errorf("decode position %s: %w", *from, err)
		}
	}
	emit := func(id string, vs []flow.Batch, p splitPosition) error {
		at[id] = p
		text, err := json.Marshal(at)
		if err != nil {
			return fmt.Errorf("encode position: %w", err)
		}
		return out.EmitChunk(vs, text)
	}
	for split, err := range b.s.Splits(ctx) {
		if err != nil {
			return err
		}
		id := b.s.ID(split)
		if at[id].Done {
			continue
		}
		one := func(vs []flow.Batch, p splitPosition) error { return emit(id, vs, p) }
		if err := b.split(ctx, split, at[id].At, one); err != nil {
			return fmt.Errorf("split %s: %w", id, err)
		}
	}
	return ctx.Err()
}

func (b bareSplits[S, O]) split(
	ctx context.Context, split S, at json.RawMessage, emit func([]flow.Batch, splitPosition) error,
) error {
	var from *O
	if at != nil {
		start, err := position[O](&at)
		if err != nil {
			return err
		}
		from = start
	}
	err := b.s.Run(ctx, split, from, flow.ForwardTo(func(vs []flow.Batch, next O) error {
		text, err := json.Marshal(next)
		if err != nil {
			return fmt.Errorf("encode position: %w", err)
		}
		return emit(vs, splitPosition{At: text})
	}))
	if err != nil {
		return err
	}
	return emit(nil, splitPosition{Done: true})
}

// bareSink drives a typed sink with its tokens as JSON.
type bareSink[C any] struct {
	s flow.Sink[flow.Batch, C]
}

// Start starts the typed sink, if it wants to be.
func (b bareSink[C]) Start(ctx context.Context, last flow.Txn) error {
	if s, ok := b.s.(flow.Starter); ok {
		return s.Start(ctx, last)
	}
	return nil
}

// Guarantee is that of the typed sink.
func (b bareSink[C]) Guarantee() (flow.Guarantee, string) {
	if g, ok := b.s.(flow.Guarantor); ok {
		return g.Guarantee()
	}
	return flow.ExactlyOnce, "two phases"
}

// Open opens a writer of the typed sink.
func (b bareSink[C]) Open(
	ctx context.Context, t flow.Task,
) (flow.Writer[flow.Batch, json.RawMessage], error) {
	w, err := b.s.Open(ctx, t)
	if err != nil {
		return nil, err
	}
	return bareWriter[C]{w}, nil
}

// Commit decodes the tokens and commits them.
func (b bareSink[C]) Commit(ctx context.Context, t flow.Txn, parts []json.RawMessage) error {
	tokens := make([]C, len(parts))
	for i, part := range parts {
		if err := json.Unmarshal(part, &tokens[i]); err != nil {
			return fmt.Errorf("decode token %s: %w", part, err)
		}
	}
	return b.s.Commit(ctx, t, tokens)
}

type bareWriter[C any] struct {
	w flow.Writer[flow.Batch, C]
}

// Write hands b over.
func (w bareWriter[C]) Write(ctx context.Context, b flow.Batch) error { return w.w.Write(ctx, b) }

// Close closes the typed writer.
func (w bareWriter[C]) Close() error { return w.w.Close() }

// Prepare seals, and encodes the token.
func (w bareWriter[C]) Prepare(
	ctx context.Context, e flow.Epoch,
) (func(context.Context) (json.RawMessage, error), error) {
	finish, err := w.w.Prepare(ctx, e)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (json.RawMessage, error) {
		c, err := finish(ctx)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("encode token: %w", err)
		}
		return text, nil
	}, nil
}
