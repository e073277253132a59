package iceberg

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/flow"
)

// marker is what a commit leaves in the table, in the same atomic step: as a
// table property, which outlives the snapshot, and in the snapshot's summary.
type marker struct {
	Incarnation string     `json:"incarnation"`
	Epoch       flow.Epoch `json:"epoch"`
	Snapshot    int64      `json:"snapshot,omitempty"` // that the commit made
	Parts       string     `json:"parts,omitempty"`    // sum of what it was made of
}

// sumOf tells the parts of one commit from those of another.
func sumOf(parts []Part) (string, error) {
	text, err := json.Marshal(parts)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), err
}

// committed returns the marker of the commit t of parts if it was made before,
// whoever made it. A commit of the same number made of other parts is one of
// a copy of our state.
func committed(meta table.Metadata, name string, t flow.Txn, parts []Part, takeover bool) (*marker, error) {
	done, err := check(meta, name, t, takeover)
	if err != nil || !done {
		return nil, err
	}
	m, err := readMarker(meta, t)
	if err != nil {
		return nil, err
	}
	sum, err := sumOf(parts)
	if err == nil && m.Parts != "" && m.Parts != sum {
		err = conflict(name, m, t, "another process with a copy of this state directory has written that epoch. "+
			"Use the newest copy, and only once")
	}
	return m, err
}

// Keys of the marker in the summary of a snapshot.
const (
	summaryPipeline    = "weir.pipeline"
	summarySink        = "weir.sink"
	summaryIncarnation = "weir.incarnation"
	summaryEpoch       = "weir.epoch"
)

// property is the name of the table property of a sink.
func property(t flow.Txn) string { return "weir." + escape(t.Pipeline) + "." + escape(t.Sink) }

// escape keeps the dots of a name apart from those between names.
func escape(name string) string {
	return strings.NewReplacer("%", "%25", ".", "%2E").Replace(name)
}

func summary(t flow.Txn) iceberg.Properties {
	return iceberg.Properties{
		summaryPipeline: t.Pipeline, summarySink: t.Sink,
		summaryIncarnation: t.Incarnation, summaryEpoch: strconv.FormatUint(uint64(t.Epoch), 10),
	}
}

// readMarker returns the marker of t's sink; nil when it never committed.
func readMarker(meta table.Metadata, t flow.Txn) (*marker, error) {
	if text, ok := meta.Properties()[property(t)]; ok {
		m := &marker{}
		if err := json.Unmarshal([]byte(text), m); err != nil {
			return nil, flow.Markf(flow.Conflict, "table property %s is %q, which is no marker of ours: "+
				"restore it from an older metadata file of the table, or remove it to let the sink start afresh",
				property(t), text)
		}
		return m, nil
	}
	for s := meta.CurrentSnapshot(); s != nil; s = parent(meta, s) {
		if s.Summary == nil {
			continue
		}
		p := s.Summary.Properties
		if p[summaryPipeline] != t.Pipeline || p[summarySink] != t.Sink {
			continue
		}
		epoch, err := strconv.ParseUint(p[summaryEpoch], 10, 64)
		if err != nil {
			return nil, flow.Markf(flow.Conflict, "snapshot %d: %s is %q, which is no epoch",
				s.SnapshotID, summaryEpoch, p[summaryEpoch])
		}
		return &marker{Incarnation: p[summaryIncarnation], Epoch: flow.Epoch(epoch), Snapshot: s.SnapshotID}, nil
	}
	return nil, nil
}

func parent(meta table.Metadata, s *table.Snapshot) *table.Snapshot {
	if s.ParentSnapshotID == nil {
		return nil
	}
	return meta.SnapshotByID(*s.ParentSnapshotID)
}

// rolledBack reports whether the table's current state does not descend from
// the snapshot of m. Where the history was expired, it is trusted.
func rolledBack(meta table.Metadata, m *marker) bool {
	if m.Snapshot == 0 {
		return false
	}
	for s := meta.CurrentSnapshot(); s != nil; s = parent(meta, s) {
		if s.SnapshotID == m.Snapshot {
			return false
		}
		if s.ParentSnapshotID != nil && meta.SnapshotByID(*s.ParentSnapshotID) == nil {
			return meta.SnapshotByID(m.Snapshot) != nil
		}
	}
	return true
}

// check compares the marker in the table with t. done means that the commit t
// was made before. Otherwise, without an error, it may be made now.
func check(meta table.Metadata, name string, t flow.Txn, takeover bool) (done bool, err error) {
	m, err := readMarker(meta, t)
	if err != nil {
		return false, err
	}
	if m == nil {
		if t.Previous == 0 {
			return false, nil
		}
		return false, conflict(name, m, t, "the marker is gone: somebody removed the property, or restored an older table. "+
			"Restore the table to where this pipeline was, or give the pipeline a new state directory to write everything again")
	}
	if m.Incarnation != t.Incarnation {
		if takeover && t.Previous == 0 {
			return false, nil
		}
		return false, conflict(name, m, t, "another state directory has written to it. "+
			"Run the pipeline with that directory; if it is lost, set takeover: true once, "+
			"and know that the rows read again are appended again")
	}
	if rolledBack(meta, m) {
		return false, conflict(name, m, t, "the table was rolled back behind the snapshot of our last commit. "+
			"Set it back to that snapshot, or remove the property and give the pipeline a new state directory")
	}
	switch {
	case m.Epoch == t.Epoch:
		return true, nil
	case m.Epoch == t.Previous:
		return false, nil
	case m.Epoch > t.Epoch:
		return false, conflict(name, m, t, "the table is ahead: this state directory is an old copy, "+
			"or another process with the same state is running. Use the newest copy, and only once")
	}
	return false, conflict(name, m, t, "the table is behind: somebody restored an older table. "+
		"Restore the newest one, or give the pipeline a new state directory to write everything again")
}

func conflict(name string, m *marker, t flow.Txn, text string) error {
	have := "no marker"
	if m != nil {
		have = "epoch " + strconv.FormatUint(uint64(m.Epoch), 10) + " of incarnation " + m.Incarnation
	}
	return flow.Markf(flow.Conflict, "table %s, property %s: it has %s, "+
		"and the pipeline has epoch %d after %d of incarnation %s: %s",
		name, property(t), have, t.Epoch, t.Previous, t.Incarnation, text)
}
