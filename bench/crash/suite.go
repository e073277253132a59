package crash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"
)

// Options say how much is done. The zero value of a field is its default.
type Options struct {
	Kills  int       // at failpoints, and as many at random times; 200
	Power  int       // runs of the test of power failures; 300
	Drains int       // 40
	Seed   uint64    // of all that is random
	Only   []string  // parts to run: lake, folder, ops, power, mutants; all
	Short  bool      // few kills, and no mutants
	Dir    string    // where jobs work; /dev/shm, as no kill loses what it holds
	Log    io.Writer // progress; none
}

// Report is what was done and what came of it.
type Report struct {
	Suite           string  `json:"suite"`
	Seed            uint64  `json:"seed"`
	Kills           int     `json:"kills"`
	KillsFailpoint  int     `json:"kills_failpoint"`
	KillsRandom     int     `json:"kills_random"`
	Points          int     `json:"points"`
	Targets         int     `json:"targets"`
	Lost            int64   `json:"lost"`
	Doubled         int64   `json:"doubled"`
	Drained         int     `json:"drained"`
	Zombies         int     `json:"zombies"`
	MutantsCaught   int     `json:"mutants_caught"`
	MutantsSurvived int     `json:"mutants_survived"`
	PowerFailures   int     `json:"power_failures"`
	Seconds         float64 `json:"seconds"`
}

// Run runs the suite. An error says that something got through, or that a
// part could not be run; the report holds what was done until then.
func Run(ctx context.Context, o Options) (r Report, err error) {
	begun := time.Now()
	s, err := newSuite(ctx, o)
	if err != nil {
		return r, err
	}
	defer func() {
		err = errors.Join(err, s.db.db.Close(), s.clean(err == nil))
		r = s.report
		r.Seconds = float64(time.Since(begun).Round(100*time.Millisecond)) / float64(time.Second)
	}()
	s.say("seed %d, in %s", s.seed, s.dir)
	return s.report, s.all(ctx)
}

// suite is a run of all jobs.
type suite struct {
	site
	Options
	build  builder
	bins   string
	report Report
	killed map[string]int      // kills by target
	known  map[string][]target // by job
	span   map[string]time.Duration
	errs   []error
}

func newSuite(ctx context.Context, o Options) (*suite, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Dir == "" {
		if _, err := os.Stat("/dev/shm"); err == nil {
			o.Dir = "/dev/shm"
		}
	}
	fill(&o.Kills, 200)
	fill(&o.Power, 300)
	fill(&o.Drains, 40)
	if o.Seed == 0 {
		o.Seed = rand.Uint64() >> 1
	}
	s := &suite{Options: o, killed: map[string]int{}, known: map[string][]target{}, span: map[string]time.Duration{}}
	s.report = Report{Suite: "crash", Seed: o.Seed}
	s.seed = o.Seed
	s.say = func(format string, args ...any) {
		_, _ = fmt.Fprintf(o.Log, format+"\n", args...) // nothing hangs on it
	}
	if s.dir, err = os.MkdirTemp(o.Dir, "weir-crash-"); err != nil {
		return nil, err
	}
	if s.bins, err = os.MkdirTemp("", "weir-crash-bin-"); err != nil {
		return nil, err
	}
	s.build = builder{root: root, dir: s.bins, made: map[string]string{}}
	s.db, err = openReader()
	return s, err
}

func fill(n *int, standard int) {
	if *n == 0 {
		*n = standard
	}
}

// clean removes what was built, and what is left of the jobs unless
// something got through.
func (s *suite) clean(well bool) error {
	err := os.RemoveAll(s.bins)
	if well {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

func (s *suite) wants(part string) bool { return len(s.Only) == 0 || slices.Contains(s.Only, part) }

// failed notes a fault and goes on; any other error ends the suite.
func (s *suite) failed(err error) error {
	fault, ok := errors.AsType[*faultError](err)
	if !ok {
		return err
	}
	s.say("FAULT: %v", err)
	s.report.Lost += fault.lost
	s.report.Doubled += fault.doubled
	s.errs = append(s.errs, err)
	return nil
}

func (s *suite) all(ctx context.Context) error {
	var chosen []job
	for _, j := range jobs() {
		if s.wants(j.name) {
			chosen = append(chosen, j)
		}
	}
	for i, j := range chosen {
		left := len(chosen) - i
		points, randoms := s.Kills-s.report.KillsFailpoint, s.Kills-s.report.KillsRandom
		if err := s.failed(s.kill(ctx, j, max(points, left)/left, max(randoms, left)/left)); err != nil {
			return err
		}
	}
	if s.wants("power") && !s.Short {
		n, err := s.build.power(ctx, "", s.Power)
		if err := s.failed(err); err != nil {
			return err
		}
		s.report.PowerFailures = n
		s.say("power: %d failures in %d runs", n, s.Power)
	}
	if s.wants("mutants") && !s.Short {
		if err := s.mutants(ctx, chosen); err != nil {
			return err
		}
	}
	return s.judge()
}

// judge ends the suite.
func (s *suite) judge() error {
	points := map[string]bool{}
	for t := range s.killed {
		name, _, _ := strings.Cut(t, ":")
		points[name] = true
	}
	s.report.Points, s.report.Targets = len(points), len(s.killed)
	if len(s.Only) == 0 && !s.Short {
		s.errs = append(s.errs, unreached(s.build.root, s.killed))
	}
	if s.report.MutantsSurvived > 0 {
		s.errs = append(s.errs, fmt.Errorf("%d mutants survived", s.report.MutantsSurvived))
	}
	return errors.Join(s.errs...)
}

// kill kills job j at failpoints and at random times, stops it, and lets
// zombies at it.
func (s *suite) kill(ctx context.Context, j job, points, randoms int) error {
	s.say("%s: %s", j.name, j.about)
	c, err := s.build.crew(ctx, "", j)
	if err != nil {
		return err
	}
	known, span, err := s.learn(ctx, j, c)
	if err != nil {
		return err
	}
	s.known[j.name], s.span[j.name] = known, span
	if !s.Short {
		points = max(points, len(known))
	}
	s.say("%s: %d targets, a life takes %v", j.name, len(known), span.Round(time.Millisecond))
	p := newPlan(rand.New(rand.NewPCG(s.seed, uint64(len(j.name)))), known, span, points, randoms)
	begun := time.Now()
	err = s.storm(ctx, j, c, p)
	for t, n := range p.killed {
		s.killed[t] += n
		s.report.KillsFailpoint += n
	}
	s.report.KillsRandom += randoms - p.randoms
	s.report.Kills = s.report.KillsFailpoint + s.report.KillsRandom
	s.say("%s: %d kills in %v", j.name, points-p.points+randoms-p.randoms, time.Since(begun).Round(time.Second))
	if err != nil || j.program != weir {
		return err
	}
	return s.quiet(ctx, j, c)
}

// quiet is what is done to a job beside killing it.
func (s *suite) quiet(ctx context.Context, j job, c crew) error {
	drains, points := s.Drains/2, j.frozen
	if s.Short {
		drains, points = 2, points[:1]
	}
	n, err := s.drain(ctx, j, c, s.span[j.name], drains)
	s.report.Drained += n
	if err != nil {
		return err
	}
	for i, point := range points {
		if err := s.zombie(ctx, j, c, point, kill{}, i); err != nil {
			return err
		}
		s.report.Zombies++
	}
	// Two that write the same epoch, each its own.
	for i := range points {
		until := kill{point: fmt.Sprintf("engine/told:%d", 1+i%2)}
		if err := s.zombie(ctx, j, c, "engine/finished:2", until, len(points)+i); err != nil {
			return err
		}
		s.report.Zombies++
	}
	s.say("%s: %d drained, %d zombies kept out", j.name, n, 2*len(points))
	return nil
}
