package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// patience is how many kills a mutant may survive.
const patience = 150

// mutants runs every mutant under every part of the suite that must catch it.
func (s *suite) mutants(ctx context.Context, chosen []job) error {
	survived := map[string]bool{}
	judge := func(mutant, part string, fault error, after string) error {
		if _, ok := errors.AsType[*faultError](fault); fault != nil && !ok {
			return fault
		}
		survived[mutant] = survived[mutant] || fault == nil
		if fault == nil {
			s.say("mutant %s SURVIVED %s after %s", mutant, part, after)
		} else {
			s.say("mutant %s caught by %s after %s: %s", mutant, part, after, reason(fault))
		}
		return nil
	}
	for _, j := range chosen {
		for _, mutant := range j.mutants {
			kills, err := s.hunt(ctx, j, mutant)
			if err := judge(mutant, j.name, err, fmt.Sprintf("%d kills", kills)); err != nil {
				return err
			}
		}
	}
	if s.wants("power") {
		for _, mutant := range powerMutants() {
			_, err := s.build.power(ctx, mutant, s.Power)
			runs := s.Power
			if f, ok := errors.AsType[*faultError](err); ok {
				runs = f.run + 1
			}
			if err := judge(mutant, "power", err, fmt.Sprintf("%d runs", runs)); err != nil {
				return err
			}
		}
	}
	for _, got := range survived {
		if got {
			s.report.MutantsSurvived++
		} else {
			s.report.MutantsCaught++
		}
	}
	return nil
}

// hunt kills a mutant until it does not come through.
func (s *suite) hunt(ctx context.Context, j job, mutant string) (kills int, err error) {
	c, err := s.build.crew(ctx, mutant, j)
	if err != nil {
		return 0, err
	}
	known := slices.Clone(s.known[j.name])
	p := newPlan(rand.New(rand.NewPCG(s.seed, uint64(len(mutant)))), known, s.span[j.name], patience*2/3, patience/3)
	p.lives = 4
	err = s.storm(ctx, j, c, p)
	return patience - p.points - p.randoms, err
}

// reason is the beginning of what a fault says.
func reason(err error) string {
	f, ok := errors.AsType[*faultError](err)
	if !ok {
		return err.Error()
	}
	text := f.Error()
	if f.cause != nil {
		text = f.cause.Error()
	}
	const most = 160
	return fmt.Sprintf("%.*s", most, text)
}
