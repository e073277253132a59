package flow_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/weirflow/weir/flow"
)

var errPower = errors.New("power failure")

// world is everything that outlives a crash: a disk that forgets what was not
// synced, and outside systems that forget nothing. It loses power at the
// left-th step, and then nothing can be done to it any more.
type world struct {
	mu    sync.Mutex
	disk  *vfs.MemFS
	after *vfs.MemFS // what the disk holds when the power is back
	left  int
	rng   *rand.Rand
	steps map[string]int
	where string
}

// step returns an error when the power is gone.
func (w *world) step(name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.after != nil {
		return errPower
	}
	w.steps[name]++
	if w.left--; w.left >= 0 {
		return nil
	}
	w.after = w.disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: w.rng.IntN(101), RNG: w.rng})
	w.where = name
	return errPower
}

func (w *world) fs() vfs.FS {
	return errorfs.Wrap(w.disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() != errorfs.OpIsRead {
			_ = w.step("disk") // the old disk goes on, and nobody will see it again
		}
		return nil
	}))
}

// table is an outside system: what is prepared becomes visible by a commit
// that carries its epoch.
type table struct {
	w         *world
	mu        sync.Mutex
	staged    map[string][]string
	rows      []string
	has       map[string]bool
	committed map[flow.Epoch]bool
	last      flow.Epoch
	next      int
	commits   int
	repeated  int
}

func newTable() *table {
	return &table{staged: map[string][]string{}, has: map[string]bool{}, committed: map[flow.Epoch]bool{}}
}

type tableSink[T any] struct {
	t    *table
	text func(T) string
}

func (s tableSink[T]) Open(context.Context, flow.Task) (flow.Writer[T, string], error) {
	return &tableWriter[T]{s: s}, nil
}

func (s tableSink[T]) Start(_ context.Context, last flow.Txn) error {
	if s.t.last > last.Epoch {
		return fmt.Errorf("the table is at epoch %d and the state at %d", s.t.last, last.Epoch)
	}
	return nil
}

func (s tableSink[T]) Commit(_ context.Context, t flow.Txn, parts []string) error {
	if err := s.t.w.step("commit begins"); err != nil {
		return err
	}
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	if s.t.committed[t.Epoch] {
		s.t.repeated++
		return nil
	}
	if s.t.last != t.Previous {
		return fmt.Errorf("commit of epoch %d after %d finds %d", t.Epoch, t.Previous, s.t.last)
	}
	for _, id := range parts {
		rows, ok := s.t.staged[id]
		if !ok {
			return fmt.Errorf("part %s of epoch %d is not there", id, t.Epoch)
		}
		s.t.rows = append(s.t.rows, rows...)
		for _, r := range rows {
			s.t.has[r] = true
		}
	}
	s.t.committed[t.Epoch], s.t.last = true, t.Epoch
	s.t.commits++
	return s.t.w.step("commit answers")
}

type tableWriter[T any] struct {
	s   tableSink[T]
	buf []string
}

func (w *tableWriter[T]) Write(_ context.Context, v T) error {
	w.buf = append(w.buf, w.s.text(v))
	return nil
}

func (w *tableWriter[T]) Prepare(context.Context, flow.Epoch) (func(context.Context) (string, error), error) {
	rows := w.buf
	w.buf = nil
	return func(context.Context) (string, error) {
		if err := w.s.t.w.step("finish"); err != nil {
			return "", err
		}
		w.s.t.mu.Lock()
		defer w.s.t.mu.Unlock()
		w.s.t.next++
		id := strconv.Itoa(w.s.t.next)
		w.s.t.staged[id] = rows
		return id, nil
	}, nil
}

func (w *tableWriter[T]) Close() error { return nil }

type ping struct {
	ID  int64
	Key string
	At  time.Time
}

const (
	pings    = 4000
	pingKeys = 300
	window   = 1000
	liveFrom = pings/3 + pings/3%2 // where Then hands over
)

func pingOf(i int64) ping {
	return ping{i, "k" + strconv.FormatInt(i*7919%pingKeys, 10), time.Unix(i, 0).UTC()}
}

// pingSource gives every second ping of [from, to).
type pingSource struct {
	w        *world
	from, to int64
	told     *int64
	all      *table // that every ping goes to
}

func (s pingSource) Run(ctx context.Context, from *int64, out *flow.Emitter[ping, int64]) error {
	at := s.from
	if from != nil {
		at = *from
	}
	for ; at < s.to; at += 2 {
		if err := ctx.Err(); err != nil {
			return err
		}
		if at%128 < 2 {
			if err := s.w.step("read"); err != nil {
				return err
			}
			wait := time.NewTimer(50 * time.Microsecond)
			<-wait.C
		}
		if err := out.Emit(pingOf(at), at+2); err != nil {
			return err
		}
	}
	return nil
}

// Committed forgets what it is told of: from then on the table must have it.
func (s pingSource) Committed(_ context.Context, o int64) error {
	if o < *s.told {
		return fmt.Errorf("told %d after %d", o, *s.told)
	}
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	for ; *s.told < o; *s.told += 2 {
		if id := strconv.FormatInt(*s.told, 10); !s.all.has[id] {
			return fmt.Errorf("told to forget ping %s, which is in no table", id)
		}
	}
	return s.w.step("told")
}

type tables struct{ first, all, windows *table }

func buildCrash(w *world, t tables, told *[3]int64, par int) *flow.Pipeline {
	p := flow.New("crash", flow.StateDir("state"), flow.StateFS(w.fs()), flow.Checkpoint(time.Millisecond), flow.ChunkSize(16))
	at := func(v ping) time.Time { return v.At }
	a := flow.From(p, "a", flow.Then[ping](pingSource{w, 0, liveFrom, &told[0], t.all}, pingSource{w, liveFrom, pings, &told[2], t.all}))
	b := flow.From(p, "b", pingSource{w, 1, pings, &told[1], t.all})
	in := flow.Merge(flow.EventTime(a, at, 0), flow.EventTime(b, at, 0))
	keyed := flow.KeyBy(in, func(v ping) string { return v.Key }, flow.Parallel(par))
	first := flow.Process(keyed, "first", func(c *flow.Ctx[string, bool, string], v ping) error {
		if *c.State {
			return nil
		}
		*c.State = true
		return c.Emit(v.Key)
	})
	text := func(s string) string { return s }
	flow.To(first, "firsts", tableSink[string]{t.first, text})
	counts := flow.ProcessTimed(keyed, "windows", func(c *flow.Ctx[string, map[int64]int, string], v ping) error {
		if *c.State == nil {
			*c.State = map[int64]int{}
		}
		w := v.ID / window
		(*c.State)[w]++
		c.Timer(time.Unix((w+1)*window-1, 0))
		return nil
	}, func(c *flow.Ctx[string, map[int64]int, string]) error {
		w := c.Time.Unix() / window
		n := (*c.State)[w]
		delete(*c.State, w)
		if len(*c.State) == 0 {
			c.Clear()
		}
		return c.Emit(fmt.Sprintf("%s/%d=%d", c.Key, w, n))
	})
	flow.To(counts, "windows.out", tableSink[string]{t.windows, text})
	flow.To(in, "all", tableSink[ping]{t.all, func(v ping) string { return strconv.FormatInt(v.ID, 10) }})
	return p
}

// crashRuns is how often each graph is run until it has come through.
// WEIR_CRASH_RUNS sets it.
func crashRuns() int {
	if n, err := strconv.Atoi(os.Getenv("WEIR_CRASH_RUNS")); err == nil {
		return n
	}
	return 12
}

// toll counts the power failures of a test.
type toll struct {
	crashes, commits, repeated int
	points                     map[string]int
	calm                       bool // the power stays
}

// survive runs what build builds on a disk that loses what was not synced,
// and takes the power away at random steps until it has come through.
func (c *toll) survive(t *testing.T, seed int, ts []*table, build func(w *world) *flow.Pipeline) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(seed), 7))
	disk := vfs.NewCrashableMem()
	for attempt := 0; ; attempt++ {
		w := &world{disk: disk, left: rng.IntN(60 << (attempt % 4)), rng: rng, steps: map[string]int{}}
		if attempt > 12 || c.calm {
			w.left = 1 << 40
		}
		for _, one := range ts {
			one.w = w
		}
		err := ends(t.Context(), t, build(w))
		if w.after == nil {
			if err != nil {
				t.Fatalf("seed %d attempt %d: %v", seed, attempt, err)
			}
			break
		}
		c.crashes++
		c.points[w.where]++
		disk = w.after
	}
	for _, one := range ts {
		c.commits += one.commits
		c.repeated += one.repeated
	}
}

func (c *toll) log(t *testing.T) {
	t.Helper()
	t.Logf("%d crashes %v, %d commits, %d repeated and left alone", c.crashes, c.points, c.commits, c.repeated)
}

// TestExactlyOnce runs a pipeline with two sources, a merge, a shuffle, keyed
// state, timers and three sinks through power failures: every row must be in
// every table exactly once.
func TestExactlyOnce(t *testing.T) {
	c := toll{points: map[string]int{}}
	for seed := range crashRuns() {
		ts := tables{newTable(), newTable(), newTable()}
		told := [3]int64{0, 1, liveFrom} // the next ping that each source has not been told of
		c.survive(t, seed, []*table{ts.first, ts.all, ts.windows}, func(w *world) *flow.Pipeline {
			return buildCrash(w, ts, &told, 1+seed%2)
		})
		checkTables(t, seed, ts)
	}
	c.log(t)
}

func checkTables(t *testing.T, seed int, ts tables) {
	t.Helper()
	firsts, all, counts, windows := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for i := range int64(pings) {
		v := pingOf(i)
		firsts[v.Key] = 1
		all[strconv.FormatInt(i, 10)] = 1
		counts[fmt.Sprintf("%s/%d", v.Key, i/window)]++
	}
	for k, n := range counts {
		windows[fmt.Sprintf("%s=%d", k, n)] = 1
	}
	checkTable(t, seed, "firsts", ts.first, firsts)
	checkTable(t, seed, "all", ts.all, all)
	checkTable(t, seed, "windows", ts.windows, windows)
}

// checkTable compares the rows that were committed with those that are wanted,
// once each.
func checkTable(t *testing.T, seed int, name string, table *table, want map[string]int) {
	t.Helper()
	got := map[string]int{}
	for _, r := range table.rows {
		got[r]++
	}
	lost, doubled, foreign := 0, 0, 0
	for r := range want {
		switch {
		case got[r] == 0:
			lost++
		case got[r] > 1:
			doubled++
		}
	}
	for r := range got {
		if want[r] == 0 {
			foreign++
		}
	}
	if lost+doubled+foreign > 0 {
		t.Fatalf("seed %d: table %s: %d rows lost, %d doubled, %d that should not be", seed, name, lost, doubled, foreign)
	}
}
