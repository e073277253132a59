package engine

import (
	"context"

	"github.com/weirflow/weir/internal/mutant"
)

// task is what a goroutine of a run executes.
type task interface {
	run(ctx context.Context) error
	stop(err error) // makes run return soon
	nudge()         // makes run flush what follows, if it waits
	lanes() *Lane
}

// reader is the task behind an inbox. It aligns the barriers and watermarks
// of the producers and drives the chain of its lane.
type reader struct {
	lane    *Lane
	box     *Inbox
	push    func(any) error
	ctl     func(Ctl) error
	time    int64
	aligned int    // producers that have sent the barrier of the epoch that ends
	passed  uint64 // the last epoch whose barrier went through
	idle    bool   // it was said that all producers are
}

func (t *reader) lanes() *Lane   { return t.lane }
func (t *reader) stop(err error) { t.box.close(err) }
func (t *reader) nudge()         { t.box.nudge() }

func (t *reader) run(context.Context) error {
	flush := func() error { return t.ctl(Ctl{Kind: Flush}) }
	live := len(t.box.in)
	var epoch uint64
	for {
		i, it, err := t.box.get(flush)
		if err != nil {
			return err
		}
		q := &t.box.in[i]
		if it.data != nil {
			q.idle, t.idle = false, false
			if err := t.push(it.data); err != nil {
				return err
			}
		}
		switch it.ctl.Kind {
		case Watermark:
			q.time, q.idle = max(q.time, it.ctl.Time), false
			err = t.advance()
		case Idle:
			q.idle = true
			err = t.advance()
		case Barrier:
			epoch = it.ctl.Epoch
			t.aligned++
			if !mutant.NoAlign {
				t.box.hold(i)
			}
		case End:
			q.ended = true
			if live--; live == 0 {
				return t.ctl(Ctl{Kind: End})
			}
			// The last epoch is cut: no time may pass any more.
		case None, Flush:
		}
		if err == nil && t.aligned > 0 && (t.aligned >= live || mutant.NoAlign && t.aligned == 1) {
			err = t.barrier(epoch)
		}
		if err != nil {
			return err
		}
	}
}

// barrier lets an epoch's end through, once every live producer has sent it.
func (t *reader) barrier(epoch uint64) error {
	t.aligned = 0
	if epoch == t.passed {
		return nil // only without alignment
	}
	t.passed = epoch
	if err := t.ctl(Ctl{Kind: Barrier, Epoch: epoch}); err != nil {
		return err
	}
	t.box.releaseAll()
	t.lane.Run.ack(epoch)
	return nil
}

// advance sends the watermark on when the least of the producers' has risen.
// It never falls, whatever the producers say. When all of them that may still
// send are idle, so is the lane.
func (t *reader) advance() error {
	least, known, idle := MaxTime, false, false
	for i := range t.box.in {
		switch q := &t.box.in[i]; {
		case q.ended:
		case q.idle:
			idle = true
		default:
			least, known = min(least, q.time), true
		}
	}
	if least == MaxTime && idle {
		if t.idle {
			return nil
		}
		t.idle = true
		return t.ctl(Ctl{Kind: Idle})
	}
	if t.idle = false; !known || least <= t.time {
		return nil
	}
	t.time = least
	t.lane.time.Store(least)
	return t.ctl(Ctl{Kind: Watermark, Time: least})
}
