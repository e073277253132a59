package crash

import (
	"math/rand/v2"
	"slices"
	"syscall"
	"time"
)

// plan says where the next life of a job ends.
type plan struct {
	rng     *rand.Rand
	points  int           // kills at failpoints that are still to be made
	randoms int           // kills at random times that are still to be made
	span    time.Duration // in which a life may be killed at random
	lives   int           // how often a run is killed at most

	known  []target // all that are known
	todo   []target
	killed map[string]int // by target
}

// target is a hit of a failpoint, as "name:hit".
type target struct {
	hit    string
	again  bool // only reached by a life that follows a killed one
	misses int
}

// lives is how often a run is killed at most, unless a plan says less.
const lives = 12

func newPlan(rng *rand.Rand, known []target, span time.Duration, points, randoms int) *plan {
	p := &plan{rng: rng, points: points, randoms: randoms, span: span, lives: lives, known: known, killed: map[string]int{}}
	p.refill()
	return p
}

func (p *plan) refill() {
	p.todo = slices.Clone(p.known)
	p.rng.Shuffle(len(p.todo), func(i, j int) { p.todo[i], p.todo[j] = p.todo[j], p.todo[i] })
}

func (p *plan) done() bool { return p.points <= 0 && p.randoms <= 0 }

// next is the kill of the n-th life of a run, counted from 0.
func (p *plan) next(n int) kill {
	if n >= p.lives || p.done() {
		return kill{}
	}
	if p.rng.IntN(max(p.points, 0)+max(p.randoms, 0)) < p.points {
		if i := slices.IndexFunc(p.todo, func(t target) bool { return t.fits(n) }); i >= 0 {
			return kill{point: p.todo[i].hit}
		}
		if p.randoms <= 0 {
			return kill{}
		}
	}
	return kill{after: 1 + time.Duration(p.rng.Int64N(int64(p.span))), by: syscall.SIGKILL}
}

// fits reports whether the n-th life may be killed there. What was missed is
// tried as early in a run as it can be.
func (t target) fits(n int) bool {
	if t.again {
		return n > 0 && (t.misses == 0 || n == 1)
	}
	return t.misses == 0 || n == 0
}

// made notes that k was made.
func (p *plan) made(k kill) {
	if k.point == "" {
		p.randoms--
		p.span += p.span / 8
		return
	}
	p.points--
	p.killed[k.point]++
	p.todo = slices.DeleteFunc(p.todo, func(t target) bool { return t.hit == k.point })
	if len(p.todo) == 0 {
		p.refill()
	}
}

// missed notes that a life ended before k, and returns how often that was so.
// How long lives take depends on what else the machine does, so the times of
// random kills follow what is seen.
func (p *plan) missed(k kill) int {
	if k.after > 0 {
		p.span = max(p.span*2/3, 20*time.Millisecond)
	}
	i := slices.IndexFunc(p.todo, func(t target) bool { return t.hit == k.point })
	if i < 0 {
		return 0
	}
	t := p.todo[i]
	t.misses++
	p.todo = append(slices.Delete(p.todo, i, i+1), t)
	return t.misses
}
