package flow

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// Explain describes the pipeline: the logical plan (operators and what feeds
// them), the physical plan (which of them share a goroutine, and how many of
// those there are), and what each sink guarantees and why.
func (p *Pipeline) Explain() string {
	var sb strings.Builder
	fmt.Fprintf(&sb, "pipeline %s\n", p.name)
	state := p.settings.stateDir
	if state == "" {
		state = "none: every run begins anew"
	}
	fmt.Fprintf(&sb, "  state       %s\n  checkpoint  %s\n  memory      %s\n", state,
		p.settings.checkpoint, mebibytes(p.settings.memory))
	sb.WriteString("\nlogical plan\n")
	for _, n := range p.nodes {
		fmt.Fprintf(&sb, "  %-3d %-8s %s (%s)%s\n", n.id, n.kind, n.name, p.what(n), inputs(n))
	}
	sb.WriteString("\nphysical plan\n")
	for _, n := range p.nodes {
		if n.kind == "source" || n.kind == "boundary" {
			fmt.Fprintf(&sb, "  %d x %s\n", n.par, strings.Join(p.chain(n), " -> "))
		}
	}
	sb.WriteString("\nguarantees\n")
	for _, n := range p.nodes {
		if n.kind == "sink" {
			g, why := p.guarantee(n)
			fmt.Fprintf(&sb, "  %s: %s: %s\n", n.name, g, why)
		}
	}
	return sb.String()
}

// what says what kind of operator n is.
func (p *Pipeline) what(n *node) string {
	if connector := p.settings.connectors[n.name]; connector != "" {
		return connector
	}
	return n.what
}

func mebibytes(n int64) string { return fmt.Sprintf("%.4g MiB", float64(n)/(1<<20)) }

func inputs(n *node) string {
	if len(n.in) == 0 {
		return ""
	}
	ids := make([]string, len(n.in))
	for i, in := range n.in {
		ids[i] = fmt.Sprint(in.id)
	}
	return " <- " + strings.Join(ids, ", ")
}

// chain lists the operators that run on the goroutine of root, depth first.
func (p *Pipeline) chain(root *node) []string {
	names := []string{root.name}
	for _, n := range p.nodes {
		if n.kind == "boundary" || n.kind == "source" {
			continue
		}
		for _, in := range n.in {
			if in == root {
				names = append(names, p.chain(n)...)
			}
		}
	}
	return names
}

// fingerprint describes what of the graph matters for the state: kept with
// it, to tell what a run was that left the state behind.
func (p *Pipeline) fingerprint() string {
	h := fnv.New64a()
	for _, n := range p.nodes {
		h.Write(fmt.Appendf(nil, "%d %s %s %d %s\n", n.id, n.kind, n.name, n.par, inputs(n)))
	}
	return fmt.Sprintf("%016x", h.Sum64())
}
