package wrap_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/internal/wrap"
)

var errLost = flow.Markf(flow.Transient, "connection lost")

// numbers emits 0 to 9, and fails with each error of fails behind the number
// it stands for, once.
type numbers struct {
	fails map[int][]error
	froms []int // where each Run began; -1 at the start
}

func (s *numbers) Run(ctx context.Context, from *int, out *flow.Emitter[int, int]) error {
	next := 0
	s.froms = append(s.froms, -1)
	if from != nil {
		next = *from
		s.froms[len(s.froms)-1] = next
	}
	for ; next < 10; next++ {
		if errs := s.fails[next]; len(errs) > 0 {
			s.fails[next] = errs[1:]
			return errs[0]
		}
		if err := out.Emit(next, next+1); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func collect[O any](got *[]int) *flow.Emitter[int, O] {
	return flow.ForwardTo(func(vs []int, _ O) error {
		*got = append(*got, vs...)
		return nil
	})
}

func settings(attempts int) wrap.Settings {
	s := wrap.Defaults()
	s.Retry.MaxAttempts = attempts
	return s
}

func TestSourceGoesOnWhereItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &numbers{fails: map[int][]error{0: {errLost}, 3: {errLost, errLost}, 9: {errLost}}}
		var got []int
		err := wrap.Source(s, wrap.Options[int]{Settings: settings(3)}).Run(t.Context(), nil, collect[int](&got))
		if err != nil {
			t.Fatal(err)
		}
		if want := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}; !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
		if want := []int{-1, -1, 3, 3, 9}; !slices.Equal(s.froms, want) {
			t.Errorf("runs began at %v, want %v", s.froms, want)
		}
	})
}

func TestRetryGivesUp(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		runs int
		text string
	}{
		{"transient", errLost, 3, "connection lost (after 3 attempts in "},
		{"unknown", errors.New("what"), 1, "what"},
		{"bad row", flow.Markf(flow.BadRow, "row 3"), 1, "row 3"},
		{"conflict", flow.Markf(flow.Conflict, "not ours"), 1, "not ours"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &numbers{fails: map[int][]error{0: slices.Repeat([]error{c.err}, 100)}}
				var got []int
				err := wrap.Source(s, wrap.Options[int]{Settings: settings(3)}).Run(t.Context(), nil, collect[int](&got))
				if !errors.Is(err, c.err) || len(err.Error()) < len(c.text) || err.Error()[:len(c.text)] != c.text {
					t.Errorf("got %v, want %s", err, c.text)
				}
				if flow.KindOf(err) != flow.KindOf(c.err) {
					t.Errorf("the kind became %v", flow.KindOf(err))
				}
				if len(s.froms) != c.runs {
					t.Errorf("%d runs, want %d", len(s.froms), c.runs)
				}
			})
		})
	}
}

// The pipeline behind the source has stopped, with an error that would pass.
func TestEmitErrorsAreFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &numbers{}
		err := wrap.Source(s, wrap.Options[int]{Settings: settings(0)}).Run(t.Context(), nil,
			flow.ForwardTo(func([]int, int) error { return errLost }))
		if !errors.Is(err, errLost) || len(s.froms) != 1 {
			t.Errorf("got %v after %d runs", err, len(s.froms))
		}
	})
}

func TestBackoffGrowsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := settings(0)
		o.Retry.MaxElapsed = spec.Duration(10 * time.Minute)
		seen := &observer{}
		s := &numbers{fails: map[int][]error{0: slices.Repeat([]error{errLost}, 1000)}}
		start := time.Now()
		err := wrap.Source(s, wrap.Options[int]{Settings: o, Observer: seen}).Run(t.Context(), nil, collect[int](new([]int)))
		if !errors.Is(err, errLost) || time.Since(start) > 10*time.Minute {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		longest := 100 * time.Millisecond
		for i, w := range seen.waits {
			if w < 0 || w > min(longest, 30*time.Second) {
				t.Errorf("wait %d is %v, of at most %v", i, w, longest)
			}
			longest *= 2
			if i > 20 {
				longest = time.Hour
			}
		}
		if most := slices.Max(seen.waits); most < 15*time.Second {
			t.Errorf("the longest wait was %v", most)
		}
	})
}

func TestRetryEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s := &numbers{fails: map[int][]error{0: slices.Repeat([]error{errLost}, 1000)}}
		err := wrap.Source(s, wrap.Options[int]{Settings: settings(0)}).Run(ctx, nil, collect[int](new([]int)))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := settings(1)
		o.RateLimit.RowsPerSecond = 100
		seen := &observer{}
		start := time.Now()
		err := wrap.Source(&numbers{}, wrap.Options[int]{
			Settings: o, Observer: seen, Measure: func(int) (int64, int64) { return 50, 7 },
		}).Run(t.Context(), nil, collect[int](new([]int)))
		if err != nil {
			t.Fatal(err)
		}
		// The tenth batch has to wait for nine.
		if took := time.Since(start); took != 4500*time.Millisecond {
			t.Errorf("500 rows took %v", took)
		}
		if seen.rows != 500 || seen.bytes != 70 || seen.held != 4500*time.Millisecond {
			t.Errorf("observed %+v", seen)
		}
	})
}

func TestByteLimitOfWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := settings(1)
		o.RateLimit.BytesPerSecond = 1000
		w, err := wrap.Sink(&memory{}, wrap.Options[int]{
			Settings: o, Measure: func(int) (int64, int64) { return 1, 500 },
		}).Open(t.Context(), flow.Task{})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for i := range 11 {
			if err := w.Write(t.Context(), i); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("5.5 KB took %v", took)
		}
	})
}

type owned struct{ refs *int }

func (o owned) Release() { *o.refs-- }

type ownedSource struct{ refs *int }

func (s ownedSource) Run(_ context.Context, _ *int, out *flow.Emitter[owned, int]) error {
	for i := 0; ; i++ {
		*s.refs++
		if err := out.Emit(owned(s), i); err != nil {
			return err
		}
	}
}

// What the rate limit holds back when the context ends is given back.
func TestLimitDropsWhatItHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		o := settings(1)
		o.RateLimit.RowsPerSecond = 1
		refs, passed := 0, 0
		err := wrap.Source(ownedSource{&refs}, wrap.Options[owned]{Settings: o}).Run(ctx, nil,
			flow.ForwardTo(func(vs []owned, _ int) error {
				passed++
				vs[0].Release()
				return nil
			}))
		if flow.KindOf(err) != flow.Canceled || refs != 0 || passed != 3 {
			t.Errorf("got %v, %d references left, %d passed", err, refs, passed)
		}
	})
}

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := settings(0)
		o.Retry.InitialBackoff, o.Retry.MaxBackoff = spec.Duration(time.Millisecond), spec.Duration(time.Millisecond)
		b := wrap.CircuitBreaker{}.Defaults()
		o.CircuitBreaker = &b
		seen := &observer{}
		m := &memory{fails: slices.Repeat([]error{errLost}, 7)}
		s := wrap.Sink(m, wrap.Options[int]{Settings: o, Observer: seen})
		start := time.Now()
		if err := s.Commit(t.Context(), flow.Txn{Epoch: 1}, []int{1}); err != nil {
			t.Fatal(err)
		}
		// Five failures open it; the trials after 30 s and 60 s fail too.
		if took := time.Since(start); took < 90*time.Second || took > 91*time.Second {
			t.Errorf("the commit took %v", took)
		}
		if err := s.Commit(t.Context(), flow.Txn{Epoch: 2}, []int{1}); err != nil {
			t.Fatal(err)
		}
		want := []wrap.State{wrap.Opened, wrap.HalfOpen, wrap.Opened, wrap.HalfOpen, wrap.Opened, wrap.HalfOpen, wrap.Closed}
		if diff := cmp.Diff(want, seen.states); diff != "" {
			t.Error(diff)
		}
		if m.commits != 9 {
			t.Errorf("%d calls, want 9", m.commits)
		}
	})
}

func TestBreakerIgnoresBadRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := settings(1)
		b := wrap.CircuitBreaker{}.Defaults()
		o.CircuitBreaker = &b
		m := &memory{fails: slices.Repeat([]error{flow.Markf(flow.BadRow, "no")}, 20)}
		s := wrap.Sink(m, wrap.Options[int]{Settings: o})
		start := time.Now()
		for range 20 {
			if err := s.Commit(t.Context(), flow.Txn{}, nil); flow.KindOf(err) != flow.BadRow {
				t.Fatal(err)
			}
		}
		if time.Since(start) != 0 {
			t.Errorf("bad rows opened the breaker")
		}
	})
}

// One trial at a time: the others wait for how it goes.
func TestBreakerHalfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := settings(0)
		b := wrap.CircuitBreaker{}.Defaults()
		b.FailureThreshold = 1
		o.CircuitBreaker = &b
		m := &memory{fails: []error{errLost}, slow: time.Minute}
		s := wrap.Sink(m, wrap.Options[int]{Settings: o})
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				if err := s.Commit(t.Context(), flow.Txn{Epoch: flow.Epoch(i)}, nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if m.most != 5 { // before the first failure all are let through
			t.Errorf("%d calls at once", m.most)
		}
		m.most, m.fails = 0, []error{errLost}
		start := time.Now()
		for i := range 5 {
			wg.Go(func() {
				if i > 0 {
					time.Sleep(time.Minute + time.Second)
				}
				if err := s.Commit(t.Context(), flow.Txn{Epoch: flow.Epoch(i)}, nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); m.most > 3 || took < 2*time.Minute {
			t.Errorf("%d calls at once, all took %v", m.most, took)
		}
	})
}

func TestSinkSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &observer{}
		m := &memory{fails: []error{errLost, errLost}, finishFails: []error{errLost}, openFails: []error{errLost}, startFails: []error{errLost}}
		s := wrap.Sink(m, wrap.Options[int]{Settings: settings(5), Observer: seen})
		if err := s.(flow.Starter).Start(t.Context(), flow.Txn{}); err != nil {
			t.Fatal(err)
		}
		w, err := s.Open(t.Context(), flow.Task{})
		if err != nil {
			t.Fatal(err)
		}
		m.writeFails = []error{errLost}
		if err := w.Write(t.Context(), 1); !errors.Is(err, errLost) {
			t.Errorf("Write was repeated: %v", err)
		}
		if err := w.Write(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		finish, err := w.Prepare(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		token, err := finish(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(t.Context(), flow.Txn{Epoch: 1}, []int{token}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"start connection lost", "start", "open connection lost", "open", "write connection lost", "write", "prepare",
			"finish connection lost", "finish", "commit connection lost", "commit connection lost", "commit",
		}
		if diff := cmp.Diff(want, seen.did); diff != "" {
			t.Error(diff)
		}
		if seen.rows != 1 {
			t.Errorf("%d rows passed, want 1", seen.rows)
		}
	})
}

func TestSplits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &parts{fails: []error{nil, errLost, nil, errLost}}
		s := wrap.Splits(p, wrap.Options[int]{Settings: settings(3)})
		var ids []string
		for v, err := range s.Splits(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, s.ID(v))
		}
		if want := []string{"0", "1", "2"}; !slices.Equal(ids, want) {
			t.Errorf("listed %v, want %v", ids, want)
		}
		var got []int
		p.fails = []error{errLost}
		if err := s.Run(t.Context(), 2, nil, collect[int](&got)); err != nil || !slices.Equal(got, []int{20, 21}) {
			t.Errorf("got %v, %v", got, err)
		}
		p.fails = slices.Repeat([]error{errLost}, 100)
		for _, err := range s.Splits(t.Context()) {
			if !errors.Is(err, errLost) {
				t.Errorf("got %v", err)
			}
		}
	})
}

// parts is three splits of two numbers. It fails, step by step, with fails.
type parts struct{ fails []error }

func (p *parts) next() error {
	if len(p.fails) == 0 {
		return nil
	}
	err := p.fails[0]
	p.fails = p.fails[1:]
	return err
}

func (p *parts) Splits(context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range 3 {
			if err := p.next(); err != nil {
				yield(0, err)
				return
			}
			if !yield(i, nil) {
				return
			}
		}
	}
}

func (p *parts) ID(i int) string { return fmt.Sprint(i) }

func (p *parts) Run(_ context.Context, s int, from *int, out *flow.Emitter[int, int]) error {
	i := 0
	if from != nil {
		i = *from
	}
	for ; i < 2; i++ {
		if err := out.Emit(s*10+i, i+1); err != nil {
			return err
		}
		if err := p.next(); err != nil {
			return err
		}
	}
	return nil
}

// memory is a sink that fails as it is told.
type memory struct {
	mu                                                    sync.Mutex
	fails, finishFails, openFails, startFails, writeFails []error
	commits, now, most                                    int
	slow                                                  time.Duration
}

func (m *memory) take(errs *[]error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(*errs) == 0 {
		return nil
	}
	err := (*errs)[0]
	*errs = (*errs)[1:]
	return err
}

func (m *memory) Start(context.Context, flow.Txn) error { return m.take(&m.startFails) }

func (m *memory) Open(context.Context, flow.Task) (flow.Writer[int, int], error) {
	return memoryWriter{m}, m.take(&m.openFails)
}

func (m *memory) Commit(context.Context, flow.Txn, []int) error {
	m.mu.Lock()
	m.commits++
	m.now++
	m.most = max(m.most, m.now)
	m.mu.Unlock()
	time.Sleep(m.slow)
	m.mu.Lock()
	m.now--
	m.mu.Unlock()
	return m.take(&m.fails)
}

type memoryWriter struct{ m *memory }

func (w memoryWriter) Write(context.Context, int) error { return w.m.take(&w.m.writeFails) }

func (w memoryWriter) Prepare(context.Context, flow.Epoch) (func(context.Context) (int, error), error) {
	return func(context.Context) (int, error) { return 7, w.m.take(&w.m.finishFails) }, nil
}

func (w memoryWriter) Close() error { return nil }

// observer remembers what it is told.
type observer struct {
	mu          sync.Mutex
	rows, bytes int64
	held        time.Duration
	waits       []time.Duration
	did         []string
	states      []wrap.State
}

func (o *observer) Passed(rows, bytes int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rows, o.bytes = o.rows+rows, o.bytes+bytes
}

func (o *observer) Did(s wrap.Step, _ time.Duration, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := string(s)
	if err != nil {
		text += " " + err.Error()
	}
	o.did = append(o.did, text)
}

func (o *observer) Retrying(_ wrap.Step, _ int, wait time.Duration, _ error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waits = append(o.waits, wait)
}

func (o *observer) HeldBack(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held += d
}

func (o *observer) Breaker(s wrap.State) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.states = append(o.states, s)
}
