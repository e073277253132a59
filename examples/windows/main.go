// Command windows counts the flights of each airport and day, with keyed
// state and event-time timers, and writes the counts as Parquet files.
//
//	go run ./examples/windows
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/file"
)

// Flight is what is needed of a flight.
type Flight struct {
	Date   time.Time `arrow:"date"`
	Origin string    `arrow:"origin"`
}

// Count is how many flights left an airport on a day.
type Count struct {
	Origin  string    `arrow:"origin"`
	Day     time.Time `arrow:"day"`
	Flights int64     `arrow:"flights"`
}

const day = 24 * time.Hour

func run(ctx context.Context, input, output string) error {
	p := flow.New("flights-a-day", flow.StateDir(output+"/state"))
	rows := flow.FromSplits(p, "flights", file.Source(file.Config{Path: input, Columns: []string{"date", "origin"}}))
	timed := flow.EventTime(flow.ToRows[Flight](rows), func(f Flight) time.Time { return f.Date }, day)
	byOrigin := flow.KeyBy(timed, func(f Flight) string { return f.Origin }, flow.Parallel(2))
	counts := flow.ProcessTimed(byOrigin, "a-day", count, emit)
	flow.To(flow.ToBatches(counts), "files", file.Sink(file.SinkConfig{Dir: output + "/counts", Format: "parquet"}))
	return p.Run(ctx)
}

// perDay is the state of an airport: flights by day.
type perDay map[int64]int64

func count(c *flow.Ctx[string, perDay, Count], f Flight) error {
	if *c.State == nil {
		*c.State = perDay{}
	}
	today := f.Date.Truncate(day)
	(*c.State)[today.Unix()]++
	c.Timer(today.Add(day - 1))
	return nil
}

func emit(c *flow.Ctx[string, perDay, Count]) error {
	today := c.Time.Truncate(day)
	flights := (*c.State)[today.Unix()]
	delete(*c.State, today.Unix())
	return c.Emit(Count{Origin: c.Key, Day: today, Flights: flights})
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, "examples/data/flights.jsonl", "demo/windows"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
