// Package figures is how the benchmarks measure and say what they found: CPU
// time of code in this process and of child processes, in turn with a peer,
// and comparisons that are held against a target.
package figures

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// Comparison is one figure of weir beside that of a peer, measured in the
// same run. A target is about one of the other fields: "ratio >= 40" or
// "weir <= 15".
type Comparison struct {
	Name     string  `json:"name"`
	Unit     string  `json:"unit"`
	Weir     float64 `json:"weir"`
	Peer     float64 `json:"peer"`
	PeerName string  `json:"peer_name"`
	Ratio    float64 `json:"ratio"`
	Target   string  `json:"target"`
	Met      bool    `json:"met"`
	Note     string  `json:"note,omitempty"`
}

// Cheaper says that weir should cost at least times less than the peer. The
// ratio is peer to weir.
func Cheaper(c Comparison, times float64) Comparison {
	c.Ratio = c.Peer / c.Weir
	return c.judge("ratio >= ", times, c.Ratio >= times)
}

// Faster says that weir's rate should be at least times that of the peer. The
// ratio is weir to peer.
func Faster(c Comparison, times float64) Comparison {
	c.Ratio = c.Weir / c.Peer
	return c.judge("ratio >= ", times, c.Ratio >= times)
}

// Within says that weir should cost at most share of what the peer does. The
// ratio is weir to peer.
func Within(c Comparison, share float64) Comparison {
	c.Ratio = c.Weir / c.Peer
	return c.judge("ratio <= ", share, c.Ratio <= share)
}

// Below says that weir's figure should be at most limit, whatever the peer's.
// The ratio is weir to peer.
func Below(c Comparison, limit float64) Comparison {
	if c.Peer != 0 {
		c.Ratio = c.Weir / c.Peer
	}
	return c.judge("weir <= ", limit, c.Weir <= limit)
}

func (c Comparison) judge(what string, limit float64, met bool) Comparison {
	c.Target, c.Met = fmt.Sprintf("%s%g", what, limit), met
	return c
}

// Summary is the last line of a run.
type Summary struct {
	Suite       string   `json:"suite"`
	Comparisons int      `json:"comparisons"`
	Met         int      `json:"met"`
	Missed      []string `json:"missed"`
}

// Sum counts the comparisons that met their targets.
func Sum(all []Comparison) Summary {
	s := Summary{Suite: "bench", Comparisons: len(all), Missed: []string{}}
	for _, c := range all {
		if c.Met {
			s.Met++
		} else {
			s.Missed = append(s.Missed, c.Name)
		}
	}
	return s
}

// WriteLines writes each comparison as a line of JSON.
func WriteLines(w io.Writer, all []Comparison) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, c := range all {
		if err := enc.Encode(c.rounded()); err != nil {
			return fmt.Errorf("write comparison: %w", err)
		}
	}
	return nil
}

// rounded drops digits that mean nothing.
func (c Comparison) rounded() Comparison {
	for _, f := range []*float64{&c.Weir, &c.Peer, &c.Ratio} {
		if _, err := fmt.Sscanf(fmt.Sprintf("%.4g", *f), "%g", f); err != nil {
			*f = 0 // a value that is not a number has no digits
		}
	}
	return c
}

// WriteTable writes the comparisons for people, those that missed marked.
func WriteTable(w io.Writer, all []Comparison) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	if _, err := fmt.Fprintln(t, "\tname\tweir\tpeer\tunit\tpeer is\tratio\ttarget\t"); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	for _, c := range all {
		mark := "ok"
		if !c.Met {
			mark = "MISSED"
		}
		_, err := fmt.Fprintf(t, "%s\t%s\t%.4g\t%.4g\t%s\t%s\t%.3g\t%s\t\n",
			mark, c.Name, c.Weir, c.Peer, c.Unit, c.PeerName, c.Ratio, c.Target)
		if err != nil {
			return fmt.Errorf("write table: %w", err)
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// Median is the middle of vs, or the mean of the two middle ones.
func Median(vs []float64) float64 {
	s := slices.Sorted(slices.Values(vs))
	if len(s) == 0 {
		return 0
	}
	return (s[len(s)/2] + s[(len(s)-1)/2]) / 2
}
