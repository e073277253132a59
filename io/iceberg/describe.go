package iceberg

import (
	"fmt"
	"strconv"

	"github.com/apache/iceberg-go/table"
)

// Describe says what the table holds since the last commit, or since the start.
func (s *sink) Describe() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

// holds is a table's current snapshot for people.
func holds(m table.Metadata) string {
	now := m.CurrentSnapshot()
	if now == nil {
		return "no snapshot"
	}
	text := fmt.Sprintf("snapshot %d", now.SnapshotID)
	if now.Summary == nil {
		return text
	}
	for _, c := range []struct{ key, unit string }{{"total-data-files", "files"}, {"total-records", "rows"}} {
		if n, err := strconv.ParseInt(now.Summary.Properties[c.key], 10, 64); err == nil {
			text += fmt.Sprintf(", %s %s", thousands(n), c.unit)
		}
	}
	return text
}

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
