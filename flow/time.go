package flow

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/weirflow/weir/internal/engine"
	"github.com/weirflow/weir/state"
)

// watermarkEvery is how many elements may pass between two watermarks.
const watermarkEvery = 256

// EventTime gives elements a time and makes watermarks: the latest time seen,
// less slack. Watermarks from further up are replaced. An element later than
// its watermark is passed on; what is done with it is the business of the
// operator that works with time. The watermark is part of the state: it does
// not fall back when a run resumes. So the operator has a name that is its
// own: two on one flow need a [Name].
func EventTime[T any](in Flow[T], at func(T) time.Time, slack time.Duration, ops ...Op) Flow[T] {
	out := operator[T](in, "time", ops)
	in.n.p.claim(out.n.name)
	consume(in, func(c *compile, l *engine.Lane) (engine.Port[T], error) {
		next, err := outlet[T](c, out.n, l)
		if err != nil {
			return engine.Port[T]{}, err
		}
		t := &eventTime[T]{c: c, n: out.n, l: l, at: at, slack: int64(slack), next: next}
		if err := t.restore(); err != nil {
			return engine.Port[T]{}, out.n.named(err)
		}
		return engine.Port[T]{Push: t.push, Ctl: t.ctl}, nil
	})
	return out
}

type eventTime[T any] struct {
	c     *compile
	n     *node
	l     *engine.Lane
	at    func(T) time.Time
	slack int64
	next  engine.Port[T]

	latest  int64 // time seen
	sent    int64 // watermark
	stored  int64 // watermark
	pending int   // elements since the last watermark
	resumed bool  // a stored watermark is to be sent before the first element
	ended   bool  // the end of time was sent
}

// restore reads the watermark of the lane, or, when there was no such lane
// before, the least that any lane had.
func (t *eventTime[T]) restore() error {
	t.latest, t.sent, t.stored = engine.MinTime, engine.MinTime, engine.MinTime
	if t.c.store == nil {
		return nil
	}
	least, own := engine.MaxTime, engine.MinTime
	err := t.c.store.Scan(t.n.name, 0, keyGroups-1, func(lane uint8, _, val []byte) error {
		if len(val) != 8 {
			return fmt.Errorf("read the stored watermark: %d bytes, want 8", len(val))
		}
		at := int64(binary.BigEndian.Uint64(val))
		least, t.resumed = min(least, at), true
		if int(lane) == t.l.Sub {
			own = at
		}
		return nil
	})
	switch {
	case !t.resumed:
	case own != engine.MinTime:
		t.stored = own
	default:
		t.stored = least
	}
	return err
}

func (t *eventTime[T]) push(v T) error {
	t.l.At = t.n.id
	if t.resumed {
		if err := t.resume(); err != nil {
			return err
		}
	}
	t.latest = max(t.latest, t.at(v).UnixNano())
	if err := t.next.Push(v); err != nil {
		return err
	}
	if t.pending++; t.pending < watermarkEvery {
		return nil
	}
	return t.mark()
}

func (t *eventTime[T]) resume() error {
	t.resumed, t.sent = false, t.stored
	return t.next.Ctl(engine.Ctl{Kind: engine.Watermark, Time: t.sent})
}

// mark sends the watermark if it has risen.
func (t *eventTime[T]) mark() error {
	t.pending = 0
	if t.ended {
		return nil
	}
	if t.latest == engine.MinTime || t.latest-t.slack <= t.sent {
		return nil
	}
	t.sent = t.latest - t.slack
	return t.next.Ctl(engine.Ctl{Kind: engine.Watermark, Time: t.sent})
}

func (t *eventTime[T]) ctl(c engine.Ctl) error {
	switch c.Kind {
	case engine.Watermark:
		if c.Time != engine.MaxTime {
			return nil
		}
		if err := t.mark(); err != nil {
			return err
		}
		t.ended = true
	case engine.Flush:
		if err := t.mark(); err != nil {
			return err
		}
	case engine.Barrier:
		if err := t.mark(); err != nil {
			return err
		}
		t.store()
	case engine.None, engine.Idle, engine.End:
	}
	return t.next.Ctl(c)
}

// store hands the watermark over with the epoch. The end of time is not
// stored: a source that has more to give in a later run goes on from before.
func (t *eventTime[T]) store() {
	if t.sent == t.stored || t.sent == engine.MinTime {
		return
	}
	t.stored = t.sent
	val := binary.BigEndian.AppendUint64(nil, uint64(t.sent))
	t.c.run.AddDelta(t.n.id, func(w *state.Write) error {
		w.Set(t.n.name, uint8(t.l.Sub), []byte{'w'}, val)
		return nil
	})
}
