package live

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Text draws the reports, one block for each pipeline, as a view on a
// terminal. No line is longer than width characters; 0 means no limit.
func Text(reports []Report, width int) string {
	var sb strings.Builder
	for _, r := range reports {
		for _, line := range block(r) {
			sb.WriteString(clip(strings.TrimRight(line, " "), width))
			sb.WriteByte('\n')
		}
	}
	return sb.String()
}

func block(r Report) []string {
	lines := []string{headline(r)}
	rows := [][]string{}
	for _, s := range r.Stages {
		if s.Kind == "source" || s.Kind == "sink" {
			rows = append(rows, cells(s, r.Stored))
		}
	}
	lines = append(lines, align(rows)...)
	if r.Error != "" {
		lines = append(lines, "  error: "+r.Error)
	}
	return lines
}

func headline(r Report) string {
	parts := []string{r.Pipeline, r.State}
	if !r.Stored {
		parts = append(parts, Duration(r.Time.Sub(r.Started)))
	}
	epoch := "epoch " + strconv.FormatUint(r.Epoch, 10)
	if r.LastCommit != nil && !r.ended() {
		epoch += " (committed " + Duration(r.Time.Sub(*r.LastCommit)) + " ago)"
	}
	parts = append(parts, epoch)
	if r.MemoryLimit > 0 && !r.ended() {
		parts = append(parts, fmt.Sprintf("memory %s of %s", Bytes(r.MemoryUsed), Bytes(r.MemoryLimit)))
	}
	if r.StateBytes > 0 {
		parts = append(parts, "state "+Bytes(r.StateBytes))
	}
	return strings.Join(parts, "  ")
}

// cells are the columns of one source or sink.
func cells(s Stage, stored bool) []string {
	name := s.Name
	if s.Connector != "" {
		name += " (" + s.Connector + ")"
	}
	if stored {
		return []string{s.Kind, name, strings.Join(notes(s), ", ")}
	}
	row := []string{
		s.Kind, name, progress(s),
		Count(s.Rows) + " rows", Count(int64(math.Round(s.RowsPerSecond))) + " rows/s",
		Bytes(s.Bytes), Bytes(int64(s.BytesPerSecond)) + "/s",
	}
	return append(row, strings.Join(notes(s), ", "))
}

func notes(s Stage) []string {
	var notes []string
	if s.LagSeconds > 0 {
		notes = append(notes, "lag "+Duration(seconds(s.LagSeconds)))
	}
	if s.BlockedSeconds >= 0.1 {
		notes = append(notes, "blocked "+Duration(seconds(s.BlockedSeconds)))
	}
	if s.Kind == "sink" && s.Queue > 0 {
		notes = append(notes, fmt.Sprintf("queue %d (%s)", s.Queue, Bytes(s.QueueBytes)))
	}
	if s.Detail != "" {
		notes = append(notes, s.Detail)
	}
	return notes
}

// progress is how far a source has come, and how long it has to go.
func progress(s Stage) string {
	share := s.Share()
	switch {
	case s.Kind != "source" || share < 0:
		return ""
	case s.Finished || s.SecondsLeft < 0:
		return bar(share)
	default:
		return bar(share) + " " + Duration(seconds(s.SecondsLeft)) + " left"
	}
}

// bar shows a share from 0 to 1.
func bar(share float64) string {
	const width = 10
	full := int(share * width)
	return fmt.Sprintf("[%s%s] %3.0f%%",
		strings.Repeat("#", full), strings.Repeat(".", width-full), math.Floor(share*100))
}

// align pads the columns: words to the right, numbers to the left.
func align(rows [][]string) []string {
	if len(rows) == 0 {
		return nil
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	lines := make([]string, 0, len(rows))
	for _, row := range rows {
		var sb strings.Builder
		for i, c := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			isNumber := i >= 3 && i <= 6
			if isNumber {
				sb.WriteString("  " + pad + c)
			} else {
				sb.WriteString("  " + c + pad)
			}
		}
		lines = append(lines, sb.String())
	}
	return lines
}

// clip cuts line to width characters.
func clip(line string, width int) string {
	if width <= 0 || utf8.RuneCountInString(line) <= width {
		return line
	}
	return string([]rune(line)[:width])
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Count writes n with a comma between thousands.
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Bytes writes n in the largest binary unit that leaves a number of at least
// one.
func Bytes(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f, unit := float64(n), 0
	for f >= 1024 && unit < 5 {
		f /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", f, "BKMGTP"[unit])
}

// Duration writes d as a person would: 0.4s, 12s, 3m04s, 2h10m.
func Duration(d time.Duration) string {
	switch d = max(0, d); {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
}
