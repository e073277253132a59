package serve

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/weirflow/weir/internal/live"
)

// instrument is one figure that is read off a report.
type instrument struct {
	name   string // Prometheus writes _ for the dots, and adds the unit and _total
	unit   string
	counts bool // it only grows
	about  string

	// observe is called once for each report.
	observe func(r live.Report, put func(value float64, labels ...attribute.KeyValue))
}

// instruments is the table of all figures but the times of epochs.
func instruments() []instrument {
	return []instrument{
		{
			"weir.rows", "", true, "Rows through a stage since the process started.",
			perStage(func(s live.Stage) float64 { return float64(s.Rows) }),
		},
		{
			"weir.data", "By", true, "Bytes of rows, in memory, through a stage since the process started.",
			perStage(func(s live.Stage) float64 { return float64(s.Bytes) }),
		},
		{
			"weir.batches", "", true, "Batches, or chunks of rows, through a stage since the process started.",
			perStage(func(s live.Stage) float64 { return float64(s.Batches) }),
		},
		{
			"weir.blocked", "s", true, "Time that a stage has waited for room downstream.",
			perStage(func(s live.Stage) float64 { return s.BlockedSeconds }),
		},
		{
			"weir.lag", "s", false, "How far a stage is behind: the age of what it works on.",
			perStage(func(s live.Stage) float64 { return s.LagSeconds }),
		},
		{
			"weir.queue.chunks", "", false, "Chunks that wait in front of a stage.",
			perStage(func(s live.Stage) float64 { return float64(s.Queue) }),
		},
		{
			"weir.queue", "By", false, "Bytes that wait in front of a stage.",
			perStage(func(s live.Stage) float64 { return float64(s.QueueBytes) }),
		},
		{
			"weir.source.progress", "1", false, "Share of a bounded source that is read, from 0 to 1. Absent when its size is not known.",
			observeProgress,
		},
		{
			"weir.epoch", "", false, "Epoch of a pipeline.",
			perPipeline(func(r live.Report) float64 { return float64(r.Epoch) }),
		},
		{
			"weir.last.commit.timestamp", "s", false, "When a pipeline last committed, in Unix time. Absent before the first commit.",
			observeCommit,
		},
		{
			"weir.memory.used", "By", false, "Bytes of rows in flight in a pipeline.",
			perPipeline(func(r live.Report) float64 { return float64(r.MemoryUsed) }),
		},
		{
			"weir.memory.limit", "By", false, "Bytes of rows in flight that a pipeline may hold.",
			perPipeline(func(r live.Report) float64 { return float64(r.MemoryLimit) }),
		},
		{
			"weir.state", "By", false, "Bytes that the state of a pipeline takes on disk.",
			perPipeline(func(r live.Report) float64 { return float64(r.StateBytes) }),
		},
		{"weir.pipeline.info", "", false, "1 for the state that a pipeline is in.", observeState},
	}
}

type observe = func(live.Report, func(float64, ...attribute.KeyValue))

func perPipeline(value func(live.Report) float64) observe {
	return func(r live.Report, put func(float64, ...attribute.KeyValue)) {
		put(value(r), attribute.String("pipeline", r.Pipeline))
	}
}

func perStage(value func(live.Stage) float64) observe {
	return func(r live.Report, put func(float64, ...attribute.KeyValue)) {
		for _, s := range r.Stages {
			put(value(s), stageLabels(r, s)...)
		}
	}
}

func stageLabels(r live.Report, s live.Stage) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("pipeline", r.Pipeline), attribute.String("stage", s.Name),
		attribute.String("kind", s.Kind), attribute.String("connector", s.Connector),
	}
}

func observeProgress(r live.Report, put func(float64, ...attribute.KeyValue)) {
	for _, s := range r.Stages {
		if share := s.Share(); s.Kind == "source" && share >= 0 {
			put(share, stageLabels(r, s)...)
		}
	}
}

func observeCommit(r live.Report, put func(float64, ...attribute.KeyValue)) {
	if r.LastCommit != nil {
		put(float64(r.LastCommit.UnixMilli())/1000, attribute.String("pipeline", r.Pipeline))
	}
}

func observeState(r live.Report, put func(float64, ...attribute.KeyValue)) {
	put(1, attribute.String("pipeline", r.Pipeline), attribute.String("state", r.State))
}
