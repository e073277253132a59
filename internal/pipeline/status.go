package pipeline

import (
	"encoding/json"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/live"
)

// reportOf turns what the engine says of a pipeline into a report.
func reportOf(s flow.Status) live.Report {
	r := live.Report{
		Pipeline: s.Pipeline, State: s.State, Epoch: uint64(s.Epoch),
		MemoryUsed: s.MemoryUsed, MemoryLimit: s.MemoryLimit, StateBytes: s.StateBytes,
	}
	if !s.LastCommit.IsZero() {
		r.LastCommit = &s.LastCommit
	}
	for _, st := range s.Stages {
		stage := live.Stage{
			Name: st.Name, Kind: st.Kind, Connector: st.Connector,
			Rows: st.Rows, Bytes: st.Bytes, Batches: st.Batches,
			Queue: st.Queue, QueueBytes: st.QueueBytes,
			BlockedSeconds: st.Blocked.Seconds(), LagSeconds: st.Lag.Seconds(),
			Done: st.Done, Total: st.Total, SecondsLeft: -1, Finished: st.Finished,
			Guarantee: st.Guarantee, Why: st.Why, Detail: st.Detail,
		}
		if json.Valid([]byte(st.Position)) {
			stage.Position = json.RawMessage(st.Position)
		}
		r.Stages = append(r.Stages, stage)
	}
	return r
}
