package live

import (
	"slices"
	"time"
)

// Rates are taken over the last rateWindow, and the time left from the speed
// over the last leftWindow, which moves less.
const (
	rateWindow = 5 * time.Second
	leftWindow = 30 * time.Second
)

// Meter turns a series of reports of one pipeline into rates. Its memory is
// bounded: it keeps the reports of the last 30 seconds, thinned to one every
// quarter of a second.
type Meter struct {
	kept []Report
}

// Fill sets the rates and the time left in r, which must be newer than the
// reports before it.
func (m *Meter) Fill(r *Report) {
	for i := range r.Stages {
		m.fillStage(r, &r.Stages[i])
	}
	m.keep(*r)
}

func (m *Meter) fillStage(r *Report, s *Stage) {
	s.SecondsLeft = -1
	old, dt, ok := m.before(r, s.Name, rateWindow)
	if !ok && r.Time.After(r.Started) { // nothing had passed when the run began
		old, dt, ok = Stage{}, r.Time.Sub(r.Started).Seconds(), true
	}
	if ok {
		s.RowsPerSecond = float64(s.Rows-old.Rows) / dt
		s.BytesPerSecond = float64(s.Bytes-old.Bytes) / dt
	}
	if s.Finished {
		s.SecondsLeft = 0
		return
	}
	if old, dt, ok := m.before(r, s.Name, leftWindow); ok && s.Total > 0 && s.Done > old.Done {
		perSecond := float64(s.Done-old.Done) / dt
		s.SecondsLeft = max(0, float64(s.Total-s.Done)/perSecond)
	}
}

// before finds the stage in the oldest report of the window, or else in the
// newest one before it, and how many seconds old that is.
func (m *Meter) before(r *Report, stage string, window time.Duration) (found Stage, age float64, ok bool) {
	for _, old := range slices.Backward(m.kept) {
		since := r.Time.Sub(old.Time)
		if since <= 0 {
			continue
		}
		if ok && since > window {
			break
		}
		for _, s := range old.Stages {
			if s.Name == stage {
				found, age, ok = s, since.Seconds(), true
			}
		}
	}
	return found, age, ok
}

func (m *Meter) keep(r Report) {
	if n := len(m.kept); n > 0 && r.Time.Sub(m.kept[n-1].Time) < 250*time.Millisecond {
		return
	}
	drop := 0
	for drop < len(m.kept)-1 && r.Time.Sub(m.kept[drop].Time) > leftWindow {
		drop++
	}
	m.kept = append(m.kept[:0], m.kept[drop:]...)
	m.kept = append(m.kept, r)
}

// Average sets the rates in r to the averages of the whole run: what a
// summary shows.
func Average(r *Report) {
	dt := r.Time.Sub(r.Started).Seconds()
	if dt <= 0 {
		return
	}
	for i := range r.Stages {
		s := &r.Stages[i]
		s.RowsPerSecond, s.BytesPerSecond = float64(s.Rows)/dt, float64(s.Bytes)/dt
	}
}
