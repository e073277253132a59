package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// faultError is a job that did not come through.
type faultError struct {
	job     string
	seed    uint64
	run     int
	last    kill
	dir     string // what is left of it
	lost    int64
	doubled int64
	cause   error
}

func (f *faultError) Error() string {
	text := fmt.Sprintf("job %s, seed %d, run %d, last kill %v, kept in %s", f.job, f.seed, f.run, f.last, f.dir)
	if f.lost+f.doubled > 0 {
		text += fmt.Sprintf(": %d rows lost, %d doubled", f.lost, f.doubled)
	}
	if f.cause != nil {
		text += ": " + f.cause.Error()
	}
	return text
}

func (f *faultError) Unwrap() error { return f.cause }

// site is where jobs run.
type site struct {
	db   *reader
	dir  string
	seed uint64
	say  func(format string, args ...any)
}

// begin lays the input of a run into a fresh folder. What is random in it
// follows from the seed, the job and its number alone.
func (s *site) begin(ctx context.Context, j job, n int) (dir string, err error) {
	if dir, err = os.MkdirTemp(s.dir, fmt.Sprintf("%s-%d-", j.name, n)); err != nil {
		return "", err
	}
	rng := rand.New(rand.NewPCG(s.seed, uint64(n)))
	if err := j.lay(ctx, s.db, dir, rng); err != nil {
		return "", fmt.Errorf("lay the input of job %s: %w", j.name, err)
	}
	return dir, nil
}

// verify compares the tables of a run that has ended with its input.
func (s *site) verify(ctx context.Context, j job, dir string) (lost, doubled int64, err error) {
	tables, err := j.tables(ctx, dir)
	if err != nil {
		return 0, 0, err
	}
	var wrong []string
	for _, t := range tables {
		d, err := s.db.compare(ctx, t)
		if err != nil {
			return 0, 0, err
		}
		if d != (differences{}) {
			wrong = append(wrong, fmt.Sprintf("%s: %d lost, %d doubled", t.name, d.lost, d.doubled))
		}
		lost, doubled = lost+d.lost, doubled+d.doubled
	}
	if len(wrong) > 0 {
		return lost, doubled, errors.New(strings.Join(wrong, "; "))
	}
	return 0, 0, j.check(ctx, dir)
}

// learn runs a job without a kill, and once more with one, and returns the
// hits of failpoints that it can be killed at and how long it lives.
func (s *site) learn(ctx context.Context, j job, c crew) ([]target, time.Duration, error) {
	var known []target
	var span time.Duration
	for _, k := range []kill{{}, {point: "engine/durable:3"}} {
		dir, err := s.begin(ctx, j, -1)
		if err != nil {
			return nil, 0, err
		}
		fault := &faultError{job: j.name, seed: s.seed, run: -1, last: k, dir: dir}
		e := c.live(ctx, j, dir, k)
		if k.point != "" && e.signal != 0 {
			if err := os.Remove(filepath.Join(dir, learned)); err != nil {
				return nil, 0, err
			}
			e = c.live(ctx, j, dir, kill{})
		}
		fault.cause = e.err
		if e.err == nil && e.signal == 0 {
			fault.lost, fault.doubled, fault.cause = s.verify(ctx, j, dir)
		} else if e.err == nil {
			fault.cause = fmt.Errorf("it was ended by %v", e.signal)
		}
		if fault.cause != nil {
			return nil, 0, fault
		}
		log, err := os.ReadFile(filepath.Join(dir, learned))
		if err != nil {
			return nil, 0, err
		}
		for hit := range bytes.Lines(log) {
			t := target{hit: strings.TrimSpace(string(hit)), again: k.point != ""}
			if !slices.ContainsFunc(known, func(o target) bool { return o.hit == t.hit }) {
				known = append(known, t)
			}
		}
		span = max(span, e.took)
		if err := os.RemoveAll(dir); err != nil {
			return nil, 0, err
		}
	}
	return known, span, nil
}

// mostMisses is how often a target may be missed in all.
const mostMisses = 12

// storm runs job j again and again, killed as p says, until p is done. The
// error is a [faultError] when the job did not come through.
func (s *site) storm(ctx context.Context, j job, c crew, p *plan) error {
	for n := 0; !p.done(); n++ {
		if err := s.run(ctx, j, c, p, n); err != nil {
			return err
		}
	}
	return nil
}

// run is one run of a job: lives that are killed, and a last one.
func (s *site) run(ctx context.Context, j job, c crew, p *plan, n int) error {
	dir, err := s.begin(ctx, j, n)
	if err != nil {
		return err
	}
	fault := &faultError{job: j.name, seed: s.seed, run: n, dir: dir}
	for life := 0; ; life++ {
		k := p.next(life)
		e := c.live(ctx, j, dir, k)
		if e.err != nil {
			fault.cause = fmt.Errorf("life %d ended by itself: %w", life, e.err)
			return fault
		}
		if e.signal == 0 {
			if misses := p.missed(k); misses > mostMisses {
				fault.cause = fmt.Errorf("point %s was not reached in %d runs", k.point, misses)
				return fault
			}
			break
		}
		p.made(k)
		fault.last = k
	}
	fault.lost, fault.doubled, fault.cause = s.verify(ctx, j, dir)
	if fault.cause != nil {
		return fault
	}
	return os.RemoveAll(dir)
}
