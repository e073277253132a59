package live

import (
	"fmt"
	"io"
	"strings"
	"sync"
)

// Screen draws a view in place, and lets log lines scroll by above it. It may
// be used by several goroutines.
type Screen struct {
	mu    sync.Mutex
	out   io.Writer
	view  string
	lines int // of the view, as drawn
}

// NewScreen returns a screen that draws on out, a terminal.
func NewScreen(out io.Writer) *Screen { return &Screen{out: out} }

// Draw replaces the view by text, whose lines must not be wider than the
// terminal.
func (s *Screen) Draw(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put("", text)
}

// Write prints p above the view: it makes a Screen a place for log lines.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.put(string(p), s.view); err != nil {
		return 0, err
	}
	return len(p), nil
}

// put writes everything at once, so that the terminal does not flicker.
func (s *Screen) put(above, view string) error {
	var sb strings.Builder
	if s.lines > 0 {
		fmt.Fprintf(&sb, "\x1b[%dA\r\x1b[J", s.lines)
	}
	sb.WriteString(above)
	sb.WriteString(view)
	s.view, s.lines = view, strings.Count(view, "\n")
	_, err := io.WriteString(s.out, sb.String())
	return err
}
