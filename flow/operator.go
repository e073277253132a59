package flow

import (
	"context"
	"time"

	"github.com/weirflow/weir/internal/engine"
	"github.com/weirflow/weir/internal/mutant"
	"github.com/weirflow/weir/state"
)

// Operator is the low-level stateful operator: one instance for each lane,
// called by one goroutine.
type Operator[A, B any] interface {
	// Push takes a, which it borrows; what it gives to out it gives away.
	Push(a A, out func(B) error) error

	// Watermark is told that no element with a time at or before t follows.
	Watermark(t time.Time, out func(B) error) error

	// Snapshot hands over what has changed in the state since the last one.
	// Nothing else happens in the lane meanwhile, so it should be quick: what
	// takes long belongs into w.Later.
	Snapshot(e Epoch, w StateWriter) error

	// Close is called once, also after an error.
	Close() error
}

// StateWriter takes the changes of an operator's state in one epoch. Keys are
// the operator's own; group is a key group that the lane owns.
type StateWriter interface {
	Set(group int, key, val []byte)
	Delete(group int, key []byte)
	DeleteRange(group int, from, to []byte)

	// Later calls f with the writer to write to, beside the next epoch and
	// before this one becomes durable.
	Later(f func(w StateWriter) error)
}

// OpenTask is what an operator gets when it is made for a lane.
type OpenTask struct {
	Task
	FirstGroup, LastGroup int // the key groups that the lane owns

	// Get reads a key of the state, as it was at the last durable epoch.
	Get func(group int, key []byte) (val []byte, ok bool, err error)

	// Scan reads all keys of the lane's groups.
	Scan func(f func(group int, key, val []byte) error) error

	// Schema notes the shape of the operator's state, and fails when the
	// state that is there has another.
	Schema func(text string) error

	// Durable is the last epoch that is durable.
	Durable func() Epoch

	// Checkpoint asks for an epoch soon: the state that has changed grows.
	Checkpoint func()

	// Stateless says that nothing is remembered: Get and Scan find nothing.
	Stateless bool
}

// Apply adds a stateful operator. Its state belongs to the lane: group is the
// lane's number.
func Apply[A, B any](in Flow[A], name string, open func(context.Context, OpenTask) (Operator[A, B], error)) Flow[B] {
	return apply(in, name, func(sub, _ int) (int, int) { return sub, sub }, open)
}

// ApplyKeyed adds a stateful operator on keyed elements. Its state belongs to
// the key groups.
func ApplyKeyed[K comparable, A, B any](
	in Keyed[K, A], name string, open func(context.Context, OpenTask) (Operator[A, B], error),
) Flow[B] {
	return apply(in.in, name, groups, open)
}

func apply[A, B any](
	in Flow[A], name string, owns func(sub, par int) (first, last int),
	open func(context.Context, OpenTask) (Operator[A, B], error),
) Flow[B] {
	out := add[B](in.n.p, &node{
		name: in.n.p.claim(name), kind: "operator", what: "stateful", par: in.n.par, in: []*node{in.n},
	})
	consume(in, func(c *compile, l *engine.Lane) (engine.Port[A], error) {
		next, err := outlet[B](c, out.n, l)
		if err != nil {
			return engine.Port[A]{}, err
		}
		first, last := owns(l.Sub, out.n.par)
		t := &opTask[A, B]{c: c, n: out.n, l: l, next: next}
		err = engine.Calm(func() (err error) {
			t.op, err = open(c.ctx, c.openTask(out.n, l.Sub, first, last))
			return err
		})
		if err != nil {
			return engine.Port[A]{}, out.n.named(err)
		}
		c.run.OnEnd(out.n.id, t.op.Close)
		_, release := engine.Refs[B]()
		t.lent = release != nil
		t.out = emitting(l, out.n, &t.in, next.Push)
		return engine.Port[A]{Push: t.push, Ctl: t.ctl}, nil
	})
	return out
}

func (c *compile) openTask(n *node, sub, first, last int) OpenTask {
	t := OpenTask{Task: c.task(n, sub), FirstGroup: first, LastGroup: last, Stateless: c.store == nil}
	t.Durable = func() Epoch {
		e, _ := c.run.Durable()
		return Epoch(e)
	}
	t.Checkpoint = c.run.Request
	t.Schema = func(text string) error { return c.opSchema(n, text) }
	t.Get = func(group int, key []byte) ([]byte, bool, error) {
		if c.store == nil {
			return nil, false, nil
		}
		return c.store.Get(n.name, uint8(group), key)
	}
	t.Scan = func(f func(group int, key, val []byte) error) error {
		if c.store == nil {
			return nil
		}
		return c.store.Scan(n.name, first, last, func(g uint8, key, val []byte) error { return f(int(g), key, val) })
	}
	return t
}

// opSchema compares the shape of n's state with that of the state that is
// there.
func (c *compile) opSchema(n *node, text string) error {
	if c.store == nil {
		return nil
	}
	stored, ok, err := c.store.OpSchema(n.name)
	if err != nil {
		return err
	}
	if ok && stored != text {
		return Markf(Conflict, "the state of %s was written as\n  %s\nand the program has\n  %s\n"+
			"give the operator a new name to begin anew, or go back to the old type", n.name, stored, text)
	}
	if !ok {
		c.run.Prologue(func(w *state.Write) error { w.SetOpSchema(n.name, text); return nil })
	}
	return nil
}

// opTask is an operator in its lane.
type opTask[A, B any] struct {
	c    *compile
	n    *node
	l    *engine.Lane
	op   Operator[A, B]
	next engine.Port[B]
	out  func(B) error
	lent bool // what is emitted is counted, and may be what was lent
	in   A    // what is lent
}

func (t *opTask[A, B]) push(a A) error {
	t.l.At = t.n.id
	if t.lent {
		t.in = a
	}
	return t.n.named(t.op.Push(a, t.out))
}

func (t *opTask[A, B]) ctl(c engine.Ctl) error {
	t.l.At = t.n.id
	if t.lent {
		t.in = *new(A)
	}
	var err error
	switch c.Kind {
	case engine.Watermark:
		err = t.op.Watermark(time.Unix(0, c.Time), t.out)
	case engine.Barrier:
		err = t.snapshot(Epoch(c.Epoch))
	case engine.None, engine.Idle, engine.Flush, engine.End:
	}
	if err != nil {
		return t.n.named(err)
	}
	return t.next.Ctl(c)
}

func (t *opTask[A, B]) snapshot(e Epoch) error {
	d := &delta{n: t.n}
	if err := t.op.Snapshot(e, d); err != nil {
		return err
	}
	if mutant.NoState || t.c.store == nil {
		d.changes, d.later = nil, nil
	}
	if len(d.changes)+len(d.later) > 0 {
		t.c.run.AddDelta(t.n.id, d.write)
	}
	return nil
}

// delta gathers an operator's changes for the completer.
type delta struct {
	n       *node
	changes []func(w *state.Write)
	later   []func(w StateWriter) error
}

// Set notes a new value.
func (d *delta) Set(group int, key, val []byte) {
	d.changes = append(d.changes, func(w *state.Write) { w.Set(d.n.name, uint8(group), key, val) })
}

// Delete notes that key is gone.
func (d *delta) Delete(group int, key []byte) {
	d.changes = append(d.changes, func(w *state.Write) { w.Delete(d.n.name, uint8(group), key) })
}

// DeleteRange notes that the keys from from up to to are gone.
func (d *delta) DeleteRange(group int, from, to []byte) {
	d.changes = append(d.changes, func(w *state.Write) { w.DeleteRange(d.n.name, uint8(group), from, to) })
}

// Later notes what is to be written beside the next epoch.
func (d *delta) Later(f func(w StateWriter) error) { d.later = append(d.later, f) }

func (d *delta) write(w *state.Write) error {
	for _, change := range d.changes {
		change(w)
	}
	for _, f := range d.later {
		if err := f(direct{d.n.name, w}); err != nil {
			return d.n.named(err)
		}
	}
	return nil
}

// direct writes to the epoch at once.
type direct struct {
	op string
	w  *state.Write
}

// Set writes a value.
func (d direct) Set(group int, key, val []byte) { d.w.Set(d.op, uint8(group), key, val) }

// Delete removes a key.
func (d direct) Delete(group int, key []byte) { d.w.Delete(d.op, uint8(group), key) }

// DeleteRange removes the keys from from up to to.
func (d direct) DeleteRange(group int, from, to []byte) {
	d.w.DeleteRange(d.op, uint8(group), from, to)
}

// Later is at once: it is later already.
func (d direct) Later(func(w StateWriter) error) { panic("flow: Later inside Later") }
