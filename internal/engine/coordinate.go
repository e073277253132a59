package engine

import (
	"context"
	"errors"
	"time"

	"github.com/weirflow/weir/internal/failpoint"
)

var errDrain = errors.New("drained")

// coordinate cuts the run into epochs until all sources have ended or a
// drain is asked for, and then ends it.
func (r *Run) coordinate(ctx context.Context, ended <-chan struct{}, stopSources func(error)) error {
	var tick <-chan time.Time
	if r.cfg.Checkpoint > 0 {
		t := time.NewTicker(r.cfg.Checkpoint)
		defer t.Stop()
		tick = t.C
	}
	drain := r.drain
	drained := false
	for live := len(r.sources); live > 0; {
		var err error
		select {
		case <-ended:
			live--
		case <-tick:
			err = r.cut(ctx)
		case <-r.request:
			err = r.cut(ctx)
		case <-drain:
			drain, drained = nil, true
			stopSources(errDrain)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
	}
	return r.finish(ctx, drained)
}

// finish sends the last signals: the end of time, unless the sources were
// only stopped, a last epoch, and the end.
func (r *Run) finish(ctx context.Context, drained bool) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if !drained {
		if err := r.toSources(Ctl{Kind: Watermark, Time: MaxTime}); err != nil {
			return err
		}
	}
	if err := r.cut(ctx); err != nil {
		return err
	}
	return r.toSources(Ctl{Kind: End})
}

func (r *Run) toSources(c Ctl) error {
	for _, s := range r.sources {
		if err := s.inject(c); err != nil {
			return err
		}
	}
	return nil
}

// cut ends an epoch: the barrier goes through the graph, and what the lanes
// have handed over goes to the completer. At most one epoch is aligning and
// two are unfinished; while there is no place for another the sources wait.
func (r *Run) cut(ctx context.Context) error {
	begun := time.Now()
	e := r.cur.Load()
	if err := r.toSources(Ctl{Kind: Barrier, Epoch: e.n}); err != nil {
		return err
	}
	failpoint.Hit("engine/barrier/injected")
	select {
	case <-e.aligned:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	failpoint.Hit("engine/barrier/aligned")
	r.phase("align", begun)
	e.cut = time.Now()
	e.startFinishes(ctx, r)
	r.nextEpoch()
	select {
	case r.queue <- e:
		return nil
	default:
	}
	for _, s := range r.sources {
		s.pause()
	}
	defer func() {
		for _, s := range r.sources {
			s.resume()
		}
	}()
	select {
	case r.queue <- e:
		return nil
	case <-ctx.Done():
		e.abandon()
		return context.Cause(ctx)
	}
}

func (r *Run) phase(name string, since time.Time) {
	if r.cfg.Phase != nil {
		r.cfg.Phase(name, time.Since(since))
	}
}
