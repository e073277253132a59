// Command child is the program with operators that the crash suite kills:
// files -> dedup -> windows with timers, and a filter -> two Iceberg tables.
// Its argument is the folder that it works in. SIGTERM drains it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/file"
	"github.com/weirflow/weir/io/iceberg"
)

type row struct {
	ID     int64          `arrow:"id"`
	Key    string         `arrow:"key"`
	Area   *string        `arrow:"area"`
	Amount decimal128.Num `arrow:"amount,decimal(12,2)"`
	At     time.Time      `arrow:"moment,timestamp(us)"`
	OK     *bool          `arrow:"ok"`
	Note   *string        `arrow:"note"`
}

type count struct {
	Key   string    `arrow:"key"`
	Begin time.Time `arrow:"since,timestamp(us)"`
	N     int64     `arrow:"n"`
}

// open is the windows of a key that are not over. Ballast, which a key has
// for one row now and then, makes epochs so large that they are ingested as
// sorted tables.
type open struct {
	N       map[int64]int64
	Ballast string
}

const (
	window    = int64(time.Minute)
	pause     = 2 * time.Millisecond // between two batches, so that there are many epochs
	threshold = 250_00               // hundredths
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string) error {
	p := build(dir)
	drained := context.AfterFunc(ctx, p.Drain)
	defer drained()
	return p.Run(context.WithoutCancel(ctx))
}

func build(dir string) *flow.Pipeline {
	p := flow.New("ops", flow.StateDir(filepath.Join(dir, "state")), flow.Checkpoint(12*time.Millisecond))
	files := flow.FromSplits(p, "files", file.Source(file.Config{
		Path: filepath.Join(dir, "in", "*.jsonl"), SplitSize: 6 << 10,
		Schema: []file.Column{
			{Name: "id", Type: "int64", Required: true},
			{Name: "key", Type: "string", Required: true},
			{Name: "area", Type: "string"},
			{Name: "amount", Type: "decimal(12,2)"},
			{Name: "moment", Type: "timestamp[us, UTC]"},
			{Name: "ok", Type: "bool"},
			{Name: "note", Type: "string"},
		},
	}))
	slow := flow.MapBatch(files, func(_ flow.BatchCtx, b flow.Batch) (flow.Batch, error) {
		<-time.After(pause)
		return b, nil
	})
	rows := flow.EventTime(flow.ToRows[row](slow), func(r row) time.Time { return r.At }, 0)
	first := flow.Process(flow.KeyBy(rows, func(r row) int64 { return r.ID }, flow.Parallel(2)), "first",
		func(c *flow.Ctx[int64, bool, row], r row) error {
			if *c.State {
				return nil
			}
			*c.State = true
			return c.Emit(r)
		})
	lake := func(table string, partition ...string) flow.Sink[flow.Batch, iceberg.Part] {
		return iceberg.Sink(iceberg.Config{Warehouse: filepath.Join(dir, "lake"), Table: "crash." + table, Partition: partition})
	}
	large := flow.FilterRows(flow.ToBatches(first), func(b flow.Batch, keep []bool) {
		for i, a := range flow.Col[decimal128.Num](b, "amount") {
			keep[i] = !a.Less(decimal128.FromI64(threshold))
		}
	})
	flow.To(large, "firsts", lake("firsts", "area"))
	flow.To(flow.ToBatches(windows(first)), "windows", lake("windows", "bucket(2, key)"))
	return p
}

// windows counts the rows of each key in each window.
func windows(in flow.Flow[row]) flow.Flow[count] {
	ballast := strings.Repeat("ballast ", 140_000)
	byKey := flow.KeyBy(in, func(r row) string { return r.Key }, flow.Parallel(2))
	return flow.ProcessTimed(byKey, "counts", func(c *flow.Ctx[string, open, count], r row) error {
		if c.State.N == nil {
			c.State.N = map[int64]int64{}
		}
		c.State.Ballast = ""
		if r.ID%400 == 0 {
			c.State.Ballast = ballast
		}
		w := r.At.UnixNano() / window
		c.State.N[w]++
		c.Timer(time.Unix(0, (w+1)*window-1))
		return nil
	}, func(c *flow.Ctx[string, open, count]) error {
		w := c.Time.UnixNano() / window
		n := c.State.N[w]
		delete(c.State.N, w)
		if len(c.State.N) == 0 {
			c.Clear()
		}
		return c.Emit(count{c.Key, time.Unix(0, w*window).UTC(), n})
	})
}
