// Command typed reads flights as structs, keeps those that were late, and
// appends them to an Iceberg table. Run it again: nothing is doubled.
//
//	go run ./examples/typed
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/file"
	"github.com/weirflow/weir/io/iceberg"
)

// Flight is a row of examples/data/flights.jsonl.
type Flight struct {
	Date        time.Time `arrow:"date"`
	Delay       int64     `arrow:"delay"` // minutes
	Distance    int64     `arrow:"distance"`
	Origin      string    `arrow:"origin"`
	Destination string    `arrow:"destination"`
}

// Late reports whether the flight came more than an hour late.
func (f Flight) Late() bool { return f.Delay > 60 }

func run(ctx context.Context, input, output string) error {
	p := flow.New("late-flights", flow.StateDir(output+"/state"))
	rows := flow.FromSplits(p, "flights", file.Source(file.Config{Path: input}))
	late := flow.Filter(flow.ToRows[Flight](rows), Flight.Late)
	flow.To(flow.ToBatches(late), "lake", iceberg.Sink(iceberg.Config{
		Warehouse: output + "/lake", Table: "demo.late_flights", Partition: []string{"month(date)"},
	}))
	return p.Run(ctx)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, "examples/data/flights.jsonl", "demo/typed"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
