package cmd

import (
	"encoding/json"
	"io"
	"log/slog"
	"time"

	"github.com/weirflow/weir/internal/live"
)

// display shows how a run goes. It is used by one goroutine, its logger by
// many.
type display interface {
	log() *slog.Logger
	interval() time.Duration // between two calls of status
	status(reports []live.Report) error
	end(reports []live.Report) error
}

// view redraws a view in place on a terminal.
type view struct {
	screen *live.Screen
	every  time.Duration
	width  func() int
	logger *slog.Logger
}

func (v *view) log() *slog.Logger       { return v.logger }
func (v *view) interval() time.Duration { return v.every }

func (v *view) status(reports []live.Report) error {
	return v.screen.Draw(live.Text(reports, v.width()))
}

func (v *view) end(reports []live.Report) error {
	return v.screen.Draw(live.Text(withoutErrors(reports), 0))
}

// withoutErrors leaves the errors to what Main prints.
func withoutErrors(reports []live.Report) []live.Report {
	for i := range reports {
		reports[i].Error = ""
	}
	return reports
}

// lines logs the status every now and then.
type lines struct {
	out    io.Writer
	every  time.Duration
	logger *slog.Logger
}

func (l *lines) log() *slog.Logger       { return l.logger }
func (l *lines) interval() time.Duration { return l.every }

func (l *lines) status(reports []live.Report) error {
	for _, r := range reports {
		attrs := []any{"pipeline", r.Pipeline, "epoch", r.Epoch, "memory", live.Bytes(r.MemoryUsed)}
		if r.Error != "" {
			attrs = append(attrs, "error", r.Error)
		}
		l.logger.Info(r.State, attrs...)
		for _, s := range r.Stages {
			if s.Kind != "source" && s.Kind != "sink" {
				continue
			}
			attrs := []any{
				"pipeline", r.Pipeline, "stage", s.Name, "connector", s.Connector,
				"rows", s.Rows, "rows_per_second", int64(s.RowsPerSecond), "bytes", s.Bytes,
			}
			if share := s.Share(); s.Kind == "source" && share >= 0 {
				attrs = append(attrs, "done", int(share*100), "seconds_left", int(s.SecondsLeft))
			}
			attrs = append(attrs, "lag_seconds", s.LagSeconds, "blocked_seconds", s.BlockedSeconds)
			l.logger.Info(s.Kind, attrs...)
		}
	}
	return nil
}

func (l *lines) end(reports []live.Report) error {
	_, err := io.WriteString(l.out, live.Text(withoutErrors(reports), 0))
	return err
}

// jsonLines prints each report as a line of JSON.
type jsonLines struct {
	out    io.Writer
	every  time.Duration
	logger *slog.Logger
}

// jsonLine is a line of run --json.
type jsonLine struct {
	Kind string `json:"kind"` // status, and at the end summary
	live.Report
}

func (j *jsonLines) log() *slog.Logger       { return j.logger }
func (j *jsonLines) interval() time.Duration { return j.every }

func (j *jsonLines) status(reports []live.Report) error { return j.print("status", reports) }
func (j *jsonLines) end(reports []live.Report) error    { return j.print("summary", reports) }

func (j *jsonLines) print(kind string, reports []live.Report) error {
	enc := json.NewEncoder(j.out)
	for _, r := range reports {
		if err := enc.Encode(jsonLine{kind, r}); err != nil {
			return err
		}
	}
	return nil
}
