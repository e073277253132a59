package flow_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
)

// These are the programs that the API was made for, with slices and plain
// functions in place of Kafka and Iceberg, and windows spelled out.

type purchase struct {
	ID       int64     `arrow:"id"`
	Customer string    `arrow:"customer"`
	Amount   float64   `arrow:"amount"`
	At       time.Time `arrow:"at"`
}

func (o purchase) Valid() bool { return o.ID > 0 && o.Amount >= 0 }

func purchases() []purchase {
	at := func(minutes int) time.Time { return time.Unix(0, 0).UTC().Add(time.Duration(minutes) * time.Minute) }
	return []purchase{
		{1, "ann", 10, at(5)},
		{2, "bob", 5, at(20)},
		{0, "nobody", 1, at(21)},
		{3, "ann", 2, at(50)},
		{2, "bob", 5, at(20)},
		{4, "ann", 7, at(70)},
		{5, "bob", -1, at(80)},
	}
}

// rowsOf counts the rows of batches.
func rowsOf(bs []flow.Batch) (n int64) {
	for _, b := range bs {
		n += b.NumRows()
	}
	return n
}

// TestTypedProgram is structs -> clean -> batches.
func TestTypedProgram(t *testing.T) {
	p := flow.New("orders", flow.StateDir(t.TempDir()))
	orders := flow.FromSlice(p, "orders", purchases())
	valid := flow.Filter(orders, purchase.Valid)
	got := flow.Collect(flow.ToBatches(valid))
	run(t, p)
	if n := rowsOf(*got); n != 5 {
		t.Errorf("%d rows, want 5", n)
	}
}

// TestChangesProgram is batches -> without duplicates -> batches.
func TestChangesProgram(t *testing.T) {
	p := flow.New("shop", flow.StateDir(t.TempDir()), flow.Checkpoint(30*time.Second))
	changes := flow.ToBatches(flow.FromSlice(p, "pg", purchases()))
	paid := flow.FilterRows(changes, func(b flow.Batch, keep []bool) {
		for i, a := range flow.Col[float64](b, "amount") {
			keep[i] = a > 0
		}
	})
	byID := flow.KeyBy(flow.ToRows[purchase](paid), func(o purchase) int64 { return o.ID }, flow.Parallel(4))
	once := flow.Process(byID, "dedup", func(c *flow.Ctx[int64, bool, purchase], o purchase) error {
		if *c.State {
			return nil
		}
		*c.State = true
		return c.Emit(o)
	})
	got := flow.Collect(flow.ToBatches(once))
	run(t, p)
	if n := rowsOf(*got); n != 5 {
		t.Errorf("%d rows, want 5", n)
	}
}

type revenue struct {
	Customer string    `arrow:"customer"`
	Hour     time.Time `arrow:"hour"`
	Total    float64   `arrow:"total"`
}

// TestWindowsProgram is a sum for each customer and hour.
func TestWindowsProgram(t *testing.T) {
	p := flow.New("revenue", flow.StateDir(t.TempDir()))
	orders := flow.FromSlice(p, "orders", purchases())
	timed := flow.EventTime(orders, func(o purchase) time.Time { return o.At }, time.Minute)
	byCustomer := flow.KeyBy(timed, func(o purchase) string { return o.Customer }, flow.Parallel(4))
	hourly := flow.ProcessTimed(byCustomer, "hourly",
		func(c *flow.Ctx[string, map[int64]float64, revenue], o purchase) error {
			if *c.State == nil {
				*c.State = map[int64]float64{}
			}
			hour := o.At.Truncate(time.Hour)
			(*c.State)[hour.Unix()] += o.Amount
			c.Timer(hour.Add(time.Hour))
			return nil
		},
		func(c *flow.Ctx[string, map[int64]float64, revenue]) error {
			hour := c.Time.Add(-time.Hour)
			total := (*c.State)[hour.Unix()]
			if delete(*c.State, hour.Unix()); len(*c.State) == 0 {
				c.Clear()
			}
			return c.Emit(revenue{c.Key, hour, total})
		})
	rows := flow.ToRows[revenue](flow.ToBatches(flow.Merge(hourly)))
	got := flow.Collect(flow.Filter(rows, func(r revenue) bool { return r.Customer == "ann" }))
	run(t, p)
	hour := time.Unix(0, 0).UTC()
	want := []revenue{{"ann", hour, 12}, {"ann", hour.Add(time.Hour), 7}}
	if !slices.EqualFunc(*got, want, func(a, b revenue) bool { return a.Hour.Equal(b.Hour) && a.Total == b.Total }) {
		t.Errorf("got %v, want %v", *got, want)
	}
}

// lines is a source of one's own in one function.
func lines(p *flow.Pipeline, path string) flow.Flow[string] {
	return flow.FromFunc(p, "lines", func(ctx context.Context, from int64, emit func(string, int64) error) (err error) {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		if _, err := f.Seek(from, io.SeekStart); err != nil {
			return err
		}
		r := bufio.NewReader(f)
		for ctx.Err() == nil {
			s, err := r.ReadString('\n')
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			from += int64(len(s))
			if err := emit(s, from); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}

// TestLinesProgram reads a file that grows from run to run, with a call for
// each line and a dead-letter flow.
func TestLinesProgram(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "in")
	var all []int
	for round, text := range []string{"a\nbb\n", "a\nbb\n\nccc\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p := flow.New("lines", flow.StateDir(filepath.Join(dir, "state")))
		trimmed := flow.MapAsync(lines(p, path), func(_ context.Context, s string) (string, error) {
			return strings.TrimSpace(s), nil
		}, flow.Workers(64))
		sizes, empty := flow.Attempt(trimmed, func(s string) (int, error) {
			if s == "" {
				return 0, errors.New("an empty line")
			}
			return len(s), nil
		})
		got, dead := flow.Collect(sizes), flow.Collect(empty)
		run(t, p)
		all = append(all, *got...)
		if len(*dead) != round {
			t.Errorf("run %d: dead letters %v", round, *dead)
		}
	}
	if want := []int{1, 2, 3}; !slices.Equal(all, want) {
		t.Errorf("got %v, want %v", all, want)
	}
}
