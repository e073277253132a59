package figures

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTargets(t *testing.T) {
	c := Comparison{Name: "a", Weir: 2, Peer: 4}
	for _, x := range []struct {
		got    Comparison
		ratio  float64
		target string
		met    bool
	}{
		{Cheaper(c, 2), 2, "ratio >= 2", true},
		{Cheaper(c, 2.1), 2, "ratio >= 2.1", false},
		{Faster(c, 0.5), 0.5, "ratio >= 0.5", true},
		{Faster(c, 0.6), 0.5, "ratio >= 0.6", false},
		{Within(c, 0.5), 0.5, "ratio <= 0.5", true},
		{Within(c, 0.4), 0.5, "ratio <= 0.4", false},
		{Below(c, 2), 0.5, "weir <= 2", true},
		{Below(c, 1.9), 0.5, "weir <= 1.9", false},
	} {
		if x.got.Ratio != x.ratio || x.got.Target != x.target || x.got.Met != x.met {
			t.Errorf("%+v, want ratio %g, target %q, met %v", x.got, x.ratio, x.target, x.met)
		}
	}
}

func TestOutput(t *testing.T) {
	all := []Comparison{
		Cheaper(Comparison{Name: "a", Unit: "ns", Weir: 1, Peer: 3, PeerName: "b"}, 2),
		Below(Comparison{Name: "c", Unit: "ms", Weir: 0.123456, PeerName: "d"}, 0.1),
	}
	var lines, table bytes.Buffer
	if err := WriteLines(&lines, all); err != nil {
		t.Fatal(err)
	}
	want := `{"name":"a","unit":"ns","weir":1,"peer":3,"peer_name":"b","ratio":3,"target":"ratio >= 2","met":true}
{"name":"c","unit":"ms","weir":0.1235,"peer":0,"peer_name":"d","ratio":0,"target":"weir <= 0.1","met":false}
`
	if diff := cmp.Diff(want, lines.String()); diff != "" {
		t.Error(diff)
	}
	if err := WriteTable(&table, all); err != nil || strings.Count(table.String(), "MISSED") != 1 {
		t.Errorf("%v\n%s", err, &table)
	}
	if diff := cmp.Diff(Summary{"bench", 2, 1, []string{"c"}}, Sum(all)); diff != "" {
		t.Error(diff)
	}
}

func TestInterleave(t *testing.T) {
	calls := ""
	one := func(name string) Case {
		return Case{Name: name, N: 10, Run: func(_ context.Context, n int64) error {
			calls += name
			x := make([][]byte, n)
			for i := range x {
				x[i] = make([]byte, 1<<16)
			}
			return nil
		}}
	}
	costs, err := Interleave(t.Context(), 2, []Case{one("a"), one("b")})
	if err != nil {
		t.Fatal(err)
	}
	if calls != "ababab" {
		t.Errorf("called in order %s", calls)
	}
	if a := costs["a"].Allocs; a < 1 || a > 10 {
		t.Errorf("%g allocations an element, want a little more than 1", a)
	}
}

func TestMedian(t *testing.T) {
	if got := Median([]float64{3, 1, 2}); got != 2 {
		t.Errorf("median of 3, 1, 2 is %g", got)
	}
	if got := Median([]float64{4, 1, 2, 3}); got != 2.5 {
		t.Errorf("median of 4, 1, 2, 3 is %g", got)
	}
}

func TestChild(t *testing.T) {
	u, err := Child(t.Context(), "true")
	if err != nil || u.Wall <= 0 || u.RSS <= 0 {
		t.Errorf("%+v, %v", u, err)
	}
	if _, err := Child(t.Context(), "false"); err == nil {
		t.Error("a command that fails is no error")
	}
}
