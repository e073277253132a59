// Package core measures the engine beside other dataflow libraries of Go, all
// in one process and in turn, by the CPU time that an element costs.
package core

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/weirflow/weir/bench/figures"
	"github.com/weirflow/weir/flow"
)

// Options says how much is measured.
type Options struct {
	Repeats int     // of each case
	Scale   float64 // of the elements in each; 1 is what the targets are for
}

// Run measures everything and compares it.
func Run(ctx context.Context, o Options) ([]figures.Comparison, error) {
	var all []figures.Comparison
	for _, part := range []func(context.Context, Options) ([]figures.Comparison, error){
		chains, keyed, checkpoints, arrowCases, pause,
	} {
		some, err := part(ctx, o)
		if err != nil {
			return nil, fmt.Errorf("core figures: %w", err)
		}
		all = append(all, some...)
	}
	return all, nil
}

func (o Options) of(n float64) int64 { return max(1<<14, int64(n*o.Scale)) }

const cpuUnit = "CPU ns per element"

func chains(ctx context.Context, o Options) ([]figures.Comparison, error) {
	costs, err := figures.Interleave(ctx, o.Repeats, []figures.Case{
		{Name: "weir", N: o.of(4e6), Run: fused(nil)},
		{Name: "loop", N: o.of(4e6), Run: loop},
		{Name: "async", N: o.of(4e6), Run: fused(async)},
		{Name: "go-streams v0.13.0", N: o.of(2e5), Run: goStreams},
		{Name: "destel/rill v0.7.0", N: o.of(2e5), Run: rillStream},
		{Name: "sourcegraph/conc/stream v0.3.0", N: o.of(3e5), Run: concStream},
		{Name: "samber/ro v0.3.0, unsafe", N: o.of(5e5), Run: roStream},
	})
	if err != nil {
		return nil, err
	}
	beside := func(name, peer string) figures.Comparison { return compare(costs, name, "weir", peer) }
	allocs := figures.Comparison{
		Name: "fused chain, allocations", Unit: "allocations per element",
		Weir: costs["weir"].Allocs, Peer: costs["go-streams v0.13.0"].Allocs, PeerName: "go-streams v0.13.0",
		Note: "what weir allocates is the pipeline itself, once",
	}
	return []figures.Comparison{
		figures.Cheaper(beside("fused chain", "go-streams v0.13.0"), 40),
		figures.Cheaper(beside("fused chain beside rill", "destel/rill v0.7.0"), 15),
		figures.Cheaper(beside("fused chain beside conc", "sourcegraph/conc/stream v0.3.0"), 15),
		figures.Cheaper(beside("fused chain beside ro", "samber/ro v0.3.0, unsafe"), 5),
		figures.Within(beside("fused chain beside a loop", "loop"), 2),
		figures.Below(allocs, 0.001),
		figures.Below(more(costs, "one boundary, chunks of 256", "async", "weir", "the fused chain itself"), 15),
	}, nil
}

// compare puts the least costs of two cases beside each other.
func compare(costs map[string]figures.Cost, name, weir, peer string) figures.Comparison {
	w, p := costs[weir], costs[peer]
	return figures.Comparison{
		Name: name, Unit: cpuUnit, Weir: w.Min, Peer: p.Min, PeerName: peer,
		Note: fmt.Sprintf("medians %.4g and %.4g", w.Median, p.Median),
	}
}

// more is what one case costs more than another.
func more(costs map[string]figures.Cost, name, with, without, peer string) figures.Comparison {
	w, p := costs[with], costs[without]
	return figures.Comparison{
		Name: name, Unit: cpuUnit + " more", Weir: w.Min - p.Min, Peer: p.Min, PeerName: peer,
		Note: fmt.Sprintf("%.4g with, %.4g without; medians %.4g and %.4g", w.Min, p.Min, w.Median, p.Median),
	}
}

func keyed(ctx context.Context, o Options) ([]figures.Comparison, error) {
	costs, err := figures.Interleave(ctx, o.Repeats, []figures.Case{
		{Name: "1 lane", N: o.of(4e6), Run: keyedShape{keys: 1000, lanes: 1}.run},
		{Name: "2 lanes", N: o.of(4e6), Run: keyedShape{keys: 1000, lanes: 2}.run},
	})
	if err != nil {
		return nil, err
	}
	return []figures.Comparison{
		figures.Below(more(costs, "keyed shuffle", "2 lanes", "1 lane", "the same count on one lane"), 20),
	}, nil
}

// checkpoints compares a keyed count with and without a checkpoint on disk
// after each 200 ms of its own CPU time.
func checkpoints(ctx context.Context, o Options) (all []figures.Comparison, err error) {
	const keys = 10_000
	plain := keyedShape{keys: keys, lanes: 1, every: 1 << 60}
	probe, err := figures.Interleave(ctx, 3, []figures.Case{{Name: "plain", N: o.of(4e6), Run: plain.run}})
	if err != nil {
		return nil, err
	}
	every := int64(200e6 / probe["plain"].Min)
	with := func(ctx context.Context, n int64) (err error) {
		dir, err := os.MkdirTemp("", "weir-bench-state")
		if err != nil {
			return fmt.Errorf("make state directory: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		s := keyedShape{keys: keys, lanes: 1, every: every, options: []flow.Option{flow.StateDir(dir)}}
		return s.run(ctx, n)
	}
	n := max(2*every, int64(5*float64(every)*min(1, o.Scale)))
	costs, err := figures.Interleave(ctx, o.Repeats, []figures.Case{
		{Name: "without", N: n, Run: plain.run}, {Name: "with", N: n, Run: with},
	})
	if err != nil {
		return nil, err
	}
	c := compare(costs, "checkpoint overhead", "with", "without")
	c.PeerName = "the same without state on disk"
	c.Note = fmt.Sprintf("%d keys, all dirty, a checkpoint after every %d elements (200 ms of CPU); %s", keys, every, c.Note)
	return []figures.Comparison{figures.Within(c, 1.1)}, nil
}

func arrowCases(ctx context.Context, o Options) ([]figures.Comparison, error) {
	codec, err := codecCases()
	if err != nil {
		return nil, err
	}
	filter, err := filterCases(ctx)
	if err != nil {
		return nil, err
	}
	costs, err := figures.Interleave(ctx, o.Repeats, slices.Concat(codec, filter))
	if err != nil {
		return nil, err
	}
	beside := func(name, weir, peer, peerName string) figures.Comparison {
		c := compare(costs, name, weir, peer)
		c.Unit, c.PeerName = "CPU ns per row", peerName
		return c
	}
	return []figures.Comparison{
		figures.Cheaper(beside("struct to batch, 8 columns", "encode weir", "encode arreflect", "arreflect.RecordFromSlice"), 4),
		figures.Cheaper(beside("batch to struct, 8 columns", "decode weir", "decode arreflect", "arreflect.RecordToSlice"), 10),
		figures.Cheaper(beside("row filter, 6 columns", "filter weir", "filter compute", "compute.FilterRecordBatch"), 6),
	}, nil
}

// pause measures how long a barrier holds a task up. What else the machine
// does can only add to that: of several runs, the one whose longest pause was
// the shortest counts.
func pause(ctx context.Context, o Options) ([]figures.Comparison, error) {
	const few = 1000
	rounds := max(3, o.Repeats)
	many := o.of(1e6)
	var longest, clean []float64
	for range max(1, o.Repeats/2) {
		idle, err := dirtyKeys(ctx, few, rounds)
		if err != nil {
			return nil, err
		}
		dirty, err := dirtyKeys(ctx, many, rounds)
		if err != nil {
			return nil, err
		}
		clean, longest = append(clean, slices.Max(idle)), append(longest, slices.Max(dirty))
	}
	c := figures.Comparison{
		Name: "checkpoint pause", Unit: "ms, the longest of all barriers",
		Weir: slices.Min(longest), Peer: slices.Min(clean), PeerName: fmt.Sprintf("the same with %d dirty keys", few),
		Note: fmt.Sprintf("%d dirty keys; the longest of %d barriers in each run: %.3g ms", many, rounds, longest),
	}
	return []figures.Comparison{figures.Below(c, 50)}, nil
}
