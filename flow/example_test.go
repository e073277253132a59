package flow_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/weirflow/weir/flow"
)

// show runs p and prints what was collected.
func show[T any](p *flow.Pipeline, got *[]T) {
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(*got)
}

func Example() {
	p := flow.New("words")
	words := flow.FromSlice(p, "words", strings.Fields("the quick brown fox jumps over the lazy dog"))
	long := flow.Filter(words, func(w string) bool { return len(w) > 3 })
	flow.Each(flow.Map(long, strings.ToUpper), "screen", func(_ context.Context, w string) error {
		fmt.Println(w)
		return nil
	})
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// QUICK
	// BROWN
	// JUMPS
	// OVER
	// LAZY
}

// countdown is a source whose position is the next number.
type countdown struct{ from int }

func (c countdown) Run(ctx context.Context, at *int, out *flow.Emitter[int, int]) error {
	n := c.from
	if at != nil {
		n = *at
	}
	for ; n > 0; n-- {
		if err := out.Emit(n, n-1); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func ExampleFrom() {
	p := flow.New("p")
	show(p, flow.Collect(flow.From(p, "launch", countdown{3})))
	// Output: [3 2 1]
}

// letters is a source of splits: one for each word.
type letters []string

func (l letters) Splits(context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, w := range l {
			if !yield(w, nil) {
				return
			}
		}
	}
}

func (letters) ID(w string) string { return w }

func (letters) Run(_ context.Context, w string, from *int, out *flow.Emitter[string, int]) error {
	at := 0
	if from != nil {
		at = *from
	}
	for ; at < len(w); at++ {
		if err := out.Emit(w[at:at+1], at+1); err != nil {
			return err
		}
	}
	return nil
}

func ExampleFromSplits() {
	p := flow.New("p")
	show(p, flow.Collect(flow.FromSplits(p, "letters", letters{"ab", "cd"})))
	// Output: [a b c d]
}

func ExampleFromFunc() {
	p := flow.New("p")
	squares := flow.FromFunc(p, "squares", func(_ context.Context, from int, emit func(v, next int) error) error {
		for i := from; i < 4; i++ {
			if err := emit(i*i, i+1); err != nil {
				return err
			}
		}
		return nil
	})
	show(p, flow.Collect(squares))
	// Output: [0 1 4 9]
}

func ExampleFromSeq() {
	p := flow.New("p")
	lines := func(yield func(string, error) bool) {
		for line := range strings.Lines("a\nb\n") {
			if !yield(strings.TrimSpace(line), nil) {
				return
			}
		}
	}
	show(p, flow.Collect(flow.FromSeq(p, "lines", lines)))
	// Output: [a b]
}

func ExampleFromSlice() {
	p := flow.New("p")
	show(p, flow.Collect(flow.FromSlice(p, "in", []int{1, 2, 3})))
	// Output: [1 2 3]
}

func ExampleThen() {
	p := flow.New("p")
	both := flow.Then[int](countdown{2}, countdown{3})
	show(p, flow.Collect(flow.From(p, "both", both)))
	// Output: [2 1 3 2 1]
}

func ExampleMap() {
	p := flow.New("p")
	in := flow.FromSlice(p, "in", []int{1, 2, 3})
	show(p, flow.Collect(flow.Map(in, func(i int) string { return strings.Repeat("*", i) })))
	// Output: [* ** ***]
}

func ExampleTryMap() {
	p := flow.New("p")
	in := flow.FromSlice(p, "in", []string{"1", "two"})
	show(p, flow.Collect(flow.TryMap(in, strconv.Atoi, flow.Name("parse"))))
	// Output:
	// parse: strconv.Atoi: parsing "two": invalid syntax
	// [1]
}

func ExampleFilter() {
	p := flow.New("p")
	in := flow.FromSlice(p, "in", []int{1, 2, 3, 4})
	show(p, flow.Collect(flow.Filter(in, func(i int) bool { return i%2 == 0 })))
	// Output: [2 4]
}

func ExampleFlatMap() {
	p := flow.New("p")
	in := flow.FromSlice(p, "in", []string{"a b", "c"})
	words := flow.FlatMap(in, func(s string, emit func(string) error) error {
		for w := range strings.FieldsSeq(s) {
			if err := emit(w); err != nil {
				return err
			}
		}
		return nil
	})
	show(p, flow.Collect(words))
	// Output: [a b c]
}

func ExampleAttempt() {
	p := flow.New("p")
	in := flow.FromSlice(p, "in", []string{"1", "two", "3"})
	numbers, failed := flow.Attempt(in, strconv.Atoi)
	flow.Each(failed, "dead letters", func(_ context.Context, f flow.Failed[string]) error {
		fmt.Println("could not take", f.In)
		return nil
	})
	show(p, flow.Collect(numbers))
	// Output:
	// could not take two
	// [1 3]
}

func ExampleTap() {
	p := flow.New("p")
	in := flow.FromSlice(p, "in", []int{1, 2})
	show(p, flow.Collect(flow.Tap(in, func(i int) { fmt.Println("saw", i) })))
	// Output:
	// saw 1
	// saw 2
	// [1 2]
}

func ExampleSplit() {
	p := flow.New("p")
	even, odd := flow.Split(flow.FromSlice(p, "in", []int{1, 2, 3}), func(i int) bool { return i%2 == 0 })
	evens := flow.Collect(even)
	show(p, flow.Collect(odd))
	fmt.Println(*evens)
	// Output:
	// [1 3]
	// [2]
}

func ExampleMerge() {
	p := flow.New("p")
	a := flow.FromSlice(p, "a", []int{1, 2})
	b := flow.FromSlice(p, "b", []int{3, 4})
	sum := 0
	flow.Each(flow.Merge(a, b), "sum", func(_ context.Context, i int) error { sum += i; return nil })
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(sum)
	// Output: 10
}

func ExampleAsync() {
	p := flow.New("p")
	in := flow.Async(flow.FromSlice(p, "in", []int{1, 2, 3}))
	show(p, flow.Collect(in))
	// Output: [1 2 3]
}

func ExampleSpread() {
	p := flow.New("p")
	lanes := flow.Spread(flow.FromSlice(p, "in", []int{1, 2, 3, 4}), 2)
	doubled := flow.Merge(flow.Map(lanes, func(i int) int { return 2 * i }))
	sum := 0
	flow.Each(doubled, "sum", func(_ context.Context, i int) error { sum += i; return nil })
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(sum)
	// Output: 20
}

func ExampleMapAsync() {
	p := flow.New("p")
	in := flow.FromSlice(p, "in", []string{"ulm", "bonn"})
	lookUp := func(_ context.Context, city string) (string, error) { return strings.ToTitle(city), nil }
	show(p, flow.Collect(flow.MapAsync(in, lookUp, flow.Workers(64))))
	// Output: [ULM BONN]
}

// sale is what the examples with keys and time are about.
type sale struct {
	City string
	Hour int
	Sum  int
}

func sales(p *flow.Pipeline) flow.Flow[sale] {
	return flow.FromSlice(p, "sales", []sale{{"ulm", 0, 1}, {"bonn", 0, 10}, {"ulm", 0, 2}, {"ulm", 1, 4}})
}

func hourOf(s sale) time.Time { return time.Unix(0, 0).Add(time.Duration(s.Hour) * time.Hour).UTC() }

func ExampleEventTime() {
	p := flow.New("p")
	timed := flow.EventTime(sales(p), hourOf, time.Minute)
	show(p, flow.Collect(timed))
	// Output: [{ulm 0 1} {bonn 0 10} {ulm 0 2} {ulm 1 4}]
}

func ExampleKeyBy() {
	p := flow.New("p")
	byCity := flow.KeyBy(sales(p), func(s sale) string { return s.City })
	total := flow.Process(byCity, "total", func(c *flow.Ctx[string, int, string], s sale) error {
		*c.State += s.Sum
		return c.Emit(fmt.Sprint(c.Key, " ", *c.State))
	})
	show(p, flow.Collect(total))
	// Output: [ulm 1 bonn 10 ulm 3 ulm 7]
}

func ExampleProcess() {
	p := flow.New("p")
	byCity := flow.KeyBy(sales(p), func(s sale) string { return s.City })
	type seen struct{ N int }
	second := flow.Process(byCity, "second", func(c *flow.Ctx[string, seen, sale], s sale) error {
		if c.State.N++; c.State.N == 2 {
			return c.Emit(s)
		}
		return nil
	})
	show(p, flow.Collect(second))
	// Output: [{ulm 0 2}]
}

func ExampleProcessTimed() {
	p := flow.New("p")
	timed := flow.EventTime(sales(p), hourOf, 0)
	byCity := flow.KeyBy(timed, func(s sale) string { return s.City })
	daily := flow.ProcessTimed(byCity, "daily",
		func(c *flow.Ctx[string, int, string], s sale) error {
			*c.State += s.Sum
			c.Timer(hourOf(s).Truncate(24 * time.Hour).Add(24*time.Hour - 1))
			return nil
		},
		func(c *flow.Ctx[string, int, string]) error {
			defer c.Clear()
			return c.Emit(fmt.Sprintf("%s %s: %d", c.Time.Format("Jan 2"), c.Key, *c.State))
		})
	got := flow.Collect(daily)
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	for _, line := range *got {
		fmt.Println(line)
	}
	// Unordered output:
	// Jan 1 ulm: 7
	// Jan 1 bonn: 10
}

func ExampleCoProcess() {
	p := flow.New("p")
	people := flow.FromSlice(p, "people", []string{"ann", "eve"})
	visits := flow.FromSlice(p, "visits", []string{"ann", "ann", "eve"})
	self := func(s string) string { return s }
	type both struct{ People, Visits int }
	note := func(c *flow.Ctx[string, both, string]) error {
		if c.State.People == 1 && c.State.Visits == map[string]int{"ann": 2, "eve": 1}[c.Key] {
			return c.Emit(fmt.Sprint(c.Key, " came ", c.State.Visits, " times"))
		}
		return nil
	}
	out := flow.CoProcess(flow.KeyBy(people, self), flow.KeyBy(visits, self), "match",
		func(c *flow.Ctx[string, both, string], _ string) error { c.State.People++; return note(c) },
		func(c *flow.Ctx[string, both, string], _ string) error { c.State.Visits++; return note(c) })
	got := flow.Collect(out)
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	for _, line := range *got {
		fmt.Println(line)
	}
	// Unordered output:
	// ann came 2 times
	// eve came 1 times
}

// city is a row of the examples with batches.
type city struct {
	Name   string `arrow:"name"`
	People int64  `arrow:"people"`
}

func cities(p *flow.Pipeline) flow.Flow[flow.Batch] {
	return flow.ToBatches(flow.FromSlice(p, "cities", []city{{"ulm", 129_000}, {"bonn", 332_000}, {"koln", 1_085_000}}))
}

func ExampleToBatches() {
	p := flow.New("p")
	flow.Each(cities(p), "screen", func(_ context.Context, b flow.Batch) error {
		fmt.Println(b.NumRows(), "rows of", b.Schema().Field(0).Name, "and", b.Schema().Field(1).Name)
		return nil
	})
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: 3 rows of name and people
}

func ExampleToRows() {
	p := flow.New("p")
	show(p, flow.Collect(flow.ToRows[city](cities(p))))
	// Output: [{ulm 129000} {bonn 332000} {koln 1085000}]
}

func ExampleToChanges() {
	p := flow.New("p")
	changed := flow.MapBatch(cities(p), func(_ flow.BatchCtx, b flow.Batch) (flow.Batch, error) {
		b.Ops = []flow.OpKind{flow.Insert, flow.Insert, flow.Delete}
		return b, nil
	})
	flow.Each(flow.ToChanges[city](changed), "screen", func(_ context.Context, c flow.Change[city]) error {
		fmt.Println(string(c.Op), c.Row.Name)
		return nil
	})
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// I ulm
	// I bonn
	// D koln
}

func ExampleMapBatch() {
	p := flow.New("p")
	first := flow.MapBatch(cities(p), func(_ flow.BatchCtx, b flow.Batch) (flow.Batch, error) {
		return flow.Batch{RecordBatch: b.NewSlice(0, 1)}, nil
	})
	show(p, flow.Collect(flow.ToRows[city](first)))
	// Output: [{ulm 129000}]
}

func ExampleFilterRows() {
	p := flow.New("p")
	big := flow.FilterRows(cities(p), func(b flow.Batch, keep []bool) {
		for i, n := range flow.Col[int64](b, "people") {
			keep[i] = n > 300_000
		}
	})
	show(p, flow.Collect(flow.ToRows[city](big)))
	// Output: [{bonn 332000} {koln 1085000}]
}

func ExampleTo() {
	p := flow.New("p")
	seen := map[string]bool{}
	flow.To(flow.FromSlice(p, "in", []string{"a", "b", "a"}), "set",
		flow.Idempotent(func(_ context.Context, vs []string) error {
			for _, v := range vs {
				seen[v] = true
			}
			return nil
		}))
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(len(seen))
	// Output: 2
}

func ExampleEach() {
	p := flow.New("p")
	flow.Each(flow.FromSlice(p, "in", []int{1, 2}), "print", func(_ context.Context, i int) error {
		fmt.Println(i)
		return nil
	})
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1
	// 2
}

func ExampleCollect() {
	p := flow.New("p")
	got := flow.Collect(flow.FromSlice(p, "in", []int{1, 2}))
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(*got)
	// Output: [1 2]
}

// numbering is an operator with state of its own: it numbers what comes.
type numbering struct{ n int64 }

func (o *numbering) Push(s string, out func(string) error) error {
	o.n++
	return out(fmt.Sprint(o.n, ":", s))
}
func (o *numbering) Watermark(time.Time, func(string) error) error { return nil }
func (o *numbering) Close() error                                  { return nil }
func (o *numbering) Snapshot(_ flow.Epoch, w flow.StateWriter) error {
	w.Set(0, []byte("n"), strconv.AppendInt(nil, o.n, 10))
	return nil
}

func openNumbering(_ context.Context, t flow.OpenTask) (flow.Operator[string, string], error) {
	o := &numbering{}
	text, ok, err := t.Get(0, []byte("n"))
	if err == nil && ok {
		o.n, err = strconv.ParseInt(string(text), 10, 64)
	}
	return o, err
}

func ExampleApply() {
	p := flow.New("p")
	in := flow.FromSlice(p, "in", []string{"a", "b"})
	show(p, flow.Collect(flow.Apply(in, "number", openNumbering)))
	// Output: [1:a 2:b]
}

func ExampleApplyKeyed() {
	p := flow.New("p")
	in := flow.KeyBy(flow.FromSlice(p, "in", []string{"a", "b"}), func(s string) string { return s })
	show(p, flow.Collect(flow.ApplyKeyed(in, "number", openNumbering)))
	// Output: [1:a 2:b]
}

func ExampleKindOf() {
	err := flow.Mark(flow.Transient, errors.New("connection refused"))
	fmt.Println(flow.KindOf(fmt.Errorf("open: %w", err)))
	// Output: transient
}
