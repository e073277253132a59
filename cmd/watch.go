package cmd

import (
	"context"
	"os"
	"time"

	"github.com/weirflow/weir/internal/live"
	"github.com/weirflow/weir/internal/pipeline"
)

// watcher stands beside a group that runs: it shows how it goes, and passes
// on requests to stop.
type watcher struct {
	*call
	group    *pipeline.Group
	show     display
	cancel   context.CancelFunc
	requests int // to stop
}

// watch returns when all is closed.
func (w *watcher) watch(all <-chan struct{}) error {
	signals := make(chan os.Signal, 4)
	if w.Signals != nil {
		defer w.Signals(signals)()
	}
	tick := time.NewTicker(w.show.interval())
	defer tick.Stop()
	meters := map[string]*live.Meter{}
	reports := func() []live.Report {
		reports := w.group.Reports(time.Now())
		for i := range reports {
			name := reports[i].Pipeline
			if meters[name] == nil {
				meters[name] = &live.Meter{}
			}
			meters[name].Fill(&reports[i])
		}
		return reports
	}
	reports() // rates count from here
	for {
		select {
		case <-all:
			return w.show.end(w.summary())
		case <-signals:
			w.stop()
		case <-tick.C:
			if err := w.show.status(reports()); err != nil {
				w.cancel() // nobody reads any more; do not go on unseen
				<-all
				return err
			}
		}
	}
}

// stop handles one request to stop.
func (w *watcher) stop() {
	w.requests++
	switch w.requests {
	case 1:
		w.show.log().Info("draining: sources stop, what is on its way is committed; once more to stop at once")
		w.group.Drain()
	case 2:
		w.show.log().Info("stopping at once")
		w.cancel()
	}
}

// summary is how the pipelines ended, with the averages of the whole run.
func (w *watcher) summary() []live.Report {
	reports := w.group.Reports(time.Now())
	for i := range reports {
		r := &reports[i]
		live.Average(r)
		if r.State != "stopped" {
			continue
		}
		r.State = "finished"
		for _, s := range r.Stages {
			if s.Kind == "source" && !s.Finished {
				r.State = "drained"
			}
		}
	}
	return reports
}
