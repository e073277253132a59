package live

import (
	"encoding/json"
	"time"
)

// Report is what is known of a pipeline at one moment. It is what the status
// endpoint answers and what run --json prints.
type Report struct {
	Pipeline    string     `json:"pipeline"`
	State       string     `json:"state"` // starting, running, draining, stopped (in a summary finished or drained), failed
	Time        time.Time  `json:"time"`
	Started     time.Time  `json:"started"`
	Epoch       uint64     `json:"epoch"`
	LastCommit  *time.Time `json:"last_commit,omitempty"`
	MemoryUsed  int64      `json:"memory_used_bytes"`
	MemoryLimit int64      `json:"memory_limit_bytes"`
	StateBytes  int64      `json:"state_bytes"`
	Stages      []Stage    `json:"stages"`
	Error       string     `json:"error,omitempty"`

	// Stored is true when nobody runs the pipeline and its state folder was
	// read: there are no counts then.
	Stored bool `json:"stored,omitempty"`
}

// Stage is one source, operator or sink of a [Report]. Counts are of this
// run, not of the runs before it.
type Stage struct {
	Name      string `json:"name"`
	Kind      string `json:"kind"` // source, operator, boundary, sink
	Connector string `json:"connector,omitempty"`

	Rows    int64 `json:"rows"`
	Bytes   int64 `json:"bytes"`
	Batches int64 `json:"batches"`

	RowsPerSecond  float64 `json:"rows_per_second"`
	BytesPerSecond float64 `json:"bytes_per_second"`

	Queue          int     `json:"queue_chunks"`
	QueueBytes     int64   `json:"queue_bytes"`
	BlockedSeconds float64 `json:"blocked_seconds"`
	LagSeconds     float64 `json:"lag_seconds"`

	// Done of Total is read, in the unit of the source; Total is 0 when it is
	// not known. SecondsLeft is -1 when it can not be told.
	Done        int64   `json:"done,omitempty"`
	Total       int64   `json:"total,omitempty"`
	SecondsLeft float64 `json:"seconds_left"`
	Finished    bool    `json:"finished"`

	Position  json.RawMessage `json:"position,omitempty"`
	Guarantee string          `json:"guarantee,omitempty"`
	Why       string          `json:"why,omitempty"`
	Detail    string          `json:"detail,omitempty"`
}

// Share is the part of the input that is read, from 0 to 1, or -1 when the
// total is not known.
func (s Stage) Share() float64 {
	switch {
	case s.Finished:
		return 1
	case s.Total <= 0:
		return -1
	}
	return min(1, float64(s.Done)/float64(s.Total))
}

// ended reports whether the pipeline has come to rest.
func (r Report) ended() bool {
	switch r.State {
	case "stopped", "finished", "drained", "failed":
		return true
	default:
		return false
	}
}
