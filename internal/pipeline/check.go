package pipeline

import (
	"context"
	"slices"
	"time"

	"github.com/weirflow/weir/io/connector"
)

// checkTimeout bounds how long one source or sink is tried.
const checkTimeout = 30 * time.Second

// Plan is what a pipeline would do.
type Plan struct {
	Pipeline string `json:"pipeline"`
	Text     string `json:"plan"` // of Explain: the plan, and the guarantee of each sink
}

// Check tries everything that can be tried without moving a row: the settings
// of every part, whether it opens, and what it finds on the other side. It
// returns the plans of the pipelines that are in order. The error is a
// [ProblemsError] with all problems.
func (b Builder) Check(ctx context.Context) ([]Plan, error) {
	problems := b.static()
	bad := map[string]bool{}
	for _, part := range b.parts() {
		found := b.staticPart(part)
		if len(found) == 0 {
			found = problemsOf(b.try(ctx, part), part.Line, part.At())
			problems = append(problems, found...)
		}
		bad[part.At()] = len(found) > 0
	}
	var plans []Plan
	for _, p := range b.File.Pipelines {
		isBad := func(part *Part) bool { return bad[part.At()] }
		if slices.ContainsFunc(p.Sources, isBad) || slices.ContainsFunc(p.Sinks, isBad) {
			continue
		}
		graph, err := b.Build(ctx, p)
		if err != nil {
			problems = append(problems, problemsOf(err, p.Line, "pipeline "+p.Name)...)
			continue
		}
		plans = append(plans, Plan{p.Name, graph.Explain()})
	}
	return plans, problemsIn(b.File.Path, problems)
}

// try opens a part and has it check what is on the other side.
func (b Builder) try(ctx context.Context, part *Part) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	if part.Kind == "source" {
		source, err := b.openSource(ctx, part, b.Log)
		if err != nil {
			return err
		}
		return connector.Check(ctx, source)
	}
	sink, err := b.openSink(ctx, part, b.Log)
	if err != nil {
		return err
	}
	return connector.Check(ctx, sink)
}
