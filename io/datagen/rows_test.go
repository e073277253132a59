package datagen

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/cockroachdb/datadriven"
	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/internal/mem"
	"github.com/weirflow/weir/internal/rowtext"
	"github.com/weirflow/weir/io/connector"
)

// config is the defaults, at full speed, with text over them.
func config(tb testing.TB, text string) Config {
	tb.Helper()
	cfg := defaults()
	cfg.EventsPerSecond = 0
	f, err := spec.Of(cfg, docs)
	if err != nil {
		tb.Fatal(err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(text), &node); err != nil {
		tb.Fatal(err)
	}
	if err := f.Decode(&node, &cfg); err != nil {
		tb.Fatal(err)
	}
	return cfg
}

func generate(tb testing.TB, text string) source {
	tb.Helper()
	g, err := newGenerator(config(tb, text), connector.Env{})
	if err != nil {
		tb.Fatal(err)
	}
	return source{g}
}

// read gives all batches to take.
func (s source) read(tb testing.TB, from *Position, take func(flow.Batch)) {
	tb.Helper()
	err := s.Run(context.Background(), from, flow.ForwardTo(func(bs []flow.Batch, _ Position) error {
		for _, b := range bs {
			take(b)
			b.Release()
		}
		return nil
	}))
	if err != nil {
		tb.Fatal(err)
	}
}

// TestRows shows the rows of every pattern. The rows of a seed must not change:
// a changed table here is a broken promise.
func TestRows(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var sb strings.Builder
			generate(t, d.Input).read(t, nil, func(b flow.Batch) {
				fmt.Fprintf(&sb, "stream %s\n%s", b.Stream, rowtext.FormatChanges(b.RecordBatch, b.Ops))
			})
			return sb.String()
		})
	})
}

// TestDigests keeps many rows of every pattern as they are.
func TestDigests(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"{pattern: sequence, max_events: 5000}", "5427137d3e477113"},
		{"{pattern: random, max_events: 5000, seed: 1}", "f833fbb8efd5a4fb"},
		{"{pattern: users, max_events: 5000, seed: 18446744073709551615}", "ba00f80c093175aa"},
		{"{pattern: orders, max_events: 5000, seed: 7}", "582fc65f178e1646"},
		{"{pattern: events, max_events: 5000}", "a0bfd930acaa3685"},
		{"{pattern: metrics, max_events: 5000}", "a0d00d8249865710"},
		{"{pattern: key_value, max_events: 5000}", "5bae7bef51fe76a7"},
		{"{pattern: orders, max_events: 25000, cdc_mode: true}", "19b578e774e8ea63"},
	} {
		sum := func(extra string) string {
			h := sha256.New()
			generate(t, strings.TrimSuffix(c.text, "}")+extra+"}").read(t, nil, func(b flow.Batch) {
				text := rowtext.FormatChanges(b.RecordBatch, b.Ops)
				for _, line := range strings.SplitAfter(text, "\n")[1:] {
					h.Write([]byte(strings.Join(strings.Fields(line), " ")))
				}
			})
			return fmt.Sprintf("%x", h.Sum(nil)[:8])
		}
		got := sum("")
		if other := sum(", batch_size: 7777"); other != got {
			t.Errorf("%s: the size of the batches changes the rows", c.text)
		}
		if got != c.want {
			t.Errorf("%s: digest %s, want %s", c.text, got, c.want)
		}
	}
}

// TestCustomFieldsErrors shows what is said of a wrong one.
func TestCustomFieldsErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a: [1]":                           "a: want a constant, or how to make one",
		"a: {min: 1}":                      "a: type: want one of string, int64, float64, bool, timestamp",
		"a: {type: int46}":                 `a: type: "int46" is not a type; did you mean int64?`,
		"a: {type: int64, max: x}":         "a: max: want a number of the type, not x",
		"a: {type: int64, min: 3, max: 1}": "a: max is below min",
		"a: {type: bool, min: 3}":          "a: min means nothing for type bool",
		"a: {type: string, oneof: x}":      "a: oneof: want a list of texts",
		"a: {type: bool, nulls: 2}":        "a: nulls: want a share from 0 to 1",
	} {
		var fields map[string]any
		f := spec.Field{Type: "object", Elem: &spec.Field{}}
		var node yaml.Node
		if err := yaml.Unmarshal([]byte(text), &node); err != nil {
			t.Fatal(err)
		}
		if err := f.Decode(&node, &fields); err != nil {
			t.Fatal(err)
		}
		_, err := customColumns(fields)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestTakenName(t *testing.T) {
	_, err := newGenerator(config(t, "{pattern: orders, custom_fields: {status: x}}"), connector.Env{})
	if err == nil || !strings.Contains(err.Error(), "pattern orders has a column status already") {
		t.Errorf("got %v", err)
	}
}

// TestChangesFitTheTable replays the changes on a table: inserts are new,
// before images and deletes are what the table has.
func TestChangesFitTheTable(t *testing.T) {
	table := map[string]string{}
	counts := map[flow.OpKind]int{}
	generate(t, "{pattern: users, cdc_mode: true, max_events: 50000, batch_size: 1000}").read(t, nil, func(b flow.Batch) {
		keys := b.Column(0).(*array.String)
		text := strings.Split(rowtext.Format(b.RecordBatch), "\n")[1:]
		for i, op := range b.Ops {
			key, row := keys.Value(i), strings.Join(strings.Fields(text[i]), " ")
			old, there := table[key]
			counts[op]++
			switch op {
			case flow.Insert:
				if there {
					t.Fatalf("insert of %s, which is there", key)
				}
				table[key] = row
			case flow.Before, flow.Delete:
				if old != row {
					t.Fatalf("%c of %s:\n%s\nthe table has\n%s", op, key, row, old)
				}
				if op == flow.Delete {
					delete(table, key)
				}
			case flow.Update:
				if b.Ops[i-1] != flow.Before || keys.Value(i-1) != key || old == row {
					t.Fatalf("update of %s without its before image, or without a change", key)
				}
				table[key] = row
			}
		}
	})
	want := map[flow.OpKind]int{flow.Insert: 30_000, flow.Before: 15_000, flow.Update: 15_000, flow.Delete: 5000}
	for op, n := range want {
		if counts[op] != n {
			t.Errorf("%d changes are %c, want %d", counts[op], op, n)
		}
	}
}

// TestPool keeps the number of keys that can change near 10,000.
func TestPool(t *testing.T) {
	c := newChanges(3, 0)
	most := 0
	for range 10 * blockLen {
		c.step(nil)
		most = max(most, len(c.older)+len(c.younger))
	}
	if most < 9000 || most > 12_000 {
		t.Errorf("the pool had up to %d keys", most)
	}
}

// TestChangesFromAnywhere begins at every kind of place.
func TestChangesFromAnywhere(t *testing.T) {
	type change struct {
		row live
		op  flow.OpKind
	}
	var all [][]change
	c := newChanges(5, 0)
	for range 5 * blockLen {
		var one []change
		c.step(func(l live, op flow.OpKind) { one = append(one, change{l, op}) })
		all = append(all, one)
	}
	for _, from := range []int64{0, 1, 9, 10, 9999, 10_000, 10_001, 19_999, 20_000, 20_007, 30_000, 33_333, 49_999} {
		c := newChanges(5, from)
		for n := from; n < min(from+2*blockLen, int64(len(all))); n++ {
			var one []change
			c.step(func(l live, op flow.OpKind) { one = append(one, change{l, op}) })
			if fmt.Sprint(one) != fmt.Sprint(all[n]) {
				t.Fatalf("from %d: change %d is %v, want %v", from, n, one, all[n])
			}
		}
	}
}

// TestRandomness looks for lanes that are not random, or the same.
func TestRandomness(t *testing.T) {
	const n = 100_000
	a, b := newLane(1, 1), newLane(1, 2)
	var counts [10]int
	var sum, product float64
	for i := range int64(n) {
		counts[a.below(i, 10)]++
		x, y := a.ratio(i)-0.5, b.ratio(i)-0.5
		sum, product = sum+x, product+x*y
	}
	for i, c := range counts {
		if math.Abs(float64(c)-n/10) > 5*math.Sqrt(n/10) {
			t.Errorf("%d came %d times of %d", i, c, n)
		}
	}
	// Both have deviations of about sqrt(n/12) and sqrt(n)/12.
	if math.Abs(sum) > 5*math.Sqrt(n/12.0) || math.Abs(product) > 5*math.Sqrt(n)/12 {
		t.Errorf("sum %f, correlation %f", sum, product)
	}
}

func TestRate(t *testing.T) {
	for _, c := range []struct {
		text string
		rows int64
		took time.Duration
	}{
		{"{events_per_second: 10, max_events: 601}", 601, 60 * time.Second},
		{"{events_per_second: 1000, max_events: 60100, batch_size: 500}", 60_100, 60 * time.Second},
		{"{events_per_second: 7, max_events: 421, cdc_mode: true}", 421, 60 * time.Second},
		{"{pattern: sequence, events_per_second: 100000, max_events: 610000, batch_size: 100000}", 610_000, 6 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var rows int64
			generate(t, c.text).read(t, nil, func(b flow.Batch) {
				for _, op := range b.Ops {
					if op == flow.Before {
						rows--
					}
				}
				rows += b.NumRows()
			})
			// The last batch does not wait for itself.
			if took := time.Since(start); rows != c.rows || took < c.took-100*time.Millisecond || took > c.took {
				t.Errorf("%s: %d rows in %v", c.text, rows, took)
			}
		})
	}
}

func TestStopsWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		rows, start := 0, time.Now()
		err := generate(t, "{events_per_second: 1}").Run(ctx, nil, flow.ForwardTo(func(bs []flow.Batch, _ Position) error {
			rows += int(bs[0].NumRows())
			bs[0].Release()
			return nil
		}))
		if flow.KindOf(err) != flow.Canceled || rows != 3 || time.Since(start) != 2500*time.Millisecond {
			t.Errorf("%d rows in %v, %v", rows, time.Since(start), err)
		}
	})
}

// TestSplitsAreTheSource compares the rows of all parts with those of one.
func TestSplitsAreTheSource(t *testing.T) {
	whole := generate(t, "{pattern: orders, max_events: 1050, batch_size: 100}")
	want := map[string]bool{}
	whole.read(t, nil, func(b flow.Batch) { mark(want, b) })
	parts := splits{generate(t, "{pattern: orders, max_events: 1050, batch_size: 100, splits: 4}").generator}
	got, size := map[string]bool{}, int64(0)
	for p, err := range parts.Splits(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		rows := int64(0)
		err = parts.Run(t.Context(), p, nil, flow.ForwardTo(func(bs []flow.Batch, _ Position) error {
			mark(got, bs[0])
			rows += bs[0].NumRows()
			bs[0].Release()
			return nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		if n := (sizedSplits{parts}).SizeOf(p); n != rows {
			t.Errorf("part %s has %d rows, SizeOf says %d", parts.ID(p), rows, n)
		}
		size += rows
	}
	if size != 1050 || len(got) != len(want) {
		t.Errorf("%d rows, %d different; want %d", size, len(got), len(want))
	}
	for row := range want {
		if !got[row] {
			t.Fatalf("no part has %s", row)
		}
	}
}

func mark(rows map[string]bool, b flow.Batch) {
	for _, line := range strings.Split(strings.TrimSpace(rowtext.Format(b.RecordBatch)), "\n")[1:] {
		rows[strings.Join(strings.Fields(line), " ")] = true
	}
}

func TestTypes(t *testing.T) {
	s := generate(t, "{pattern: events}")
	if !arrow.TypeEqual(s.schema.Field(6).Type, arrow.StructOf(
		arrow.Field{Name: "page", Type: arrow.BinaryTypes.String, Nullable: true},
		arrow.Field{Name: "referrer", Type: arrow.BinaryTypes.String, Nullable: true},
		arrow.Field{Name: "duration_ms", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	)) {
		t.Errorf("payload is %v", s.schema.Field(6))
	}
	b := s.rows(0, 1000)
	defer b.Release()
	if n := b.Column(6).(*array.Struct).Field(1).NullN(); n < 400 || n > 600 {
		t.Errorf("%d of 1000 referrers are null", n)
	}
}

func BenchmarkRows(b *testing.B) {
	for _, text := range []string{
		"{pattern: sequence}", "{pattern: random}", "{pattern: users}", "{pattern: orders}",
		"{pattern: events}", "{pattern: metrics}", "{pattern: key_value}", "{pattern: orders, cdc_mode: true}",
	} {
		b.Run(strings.Trim(text, "{}"), func(b *testing.B) {
			const n = 8192
			g, err := newGenerator(config(b, text), connector.Env{})
			if err != nil {
				b.Fatal(err)
			}
			g = g.in(mem.NewPool(mem.Options{}))
			next, rows := int64(0), int64(0)
			table := newChanges(0, 0)
			for b.Loop() {
				var batch flow.Batch
				if g.cfg.CDCMode {
					batch = g.change(table, n)
				} else {
					batch = g.rows(next, n)
				}
				next, rows = next+n, rows+batch.NumRows()
				batch.Release()
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
