// Command crash kills the real binary, at failpoints and at random times, and
// loses power, until it is clear that no row is lost or doubled. Progress goes
// to the standard error; the last line of the standard output is JSON with
// what was done. Run it in the folder bench.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/weirflow/weir/bench/crash"
)

func main() {
	o := crash.Options{Log: os.Stderr}
	flag.IntVar(&o.Kills, "kills", 200, "kills at failpoints, and as many at random times")
	flag.IntVar(&o.Power, "power", 300, "runs of the test of power failures")
	flag.IntVar(&o.Drains, "drains", 40, "stops with SIGTERM or SIGINT")
	flag.Uint64Var(&o.Seed, "seed", 0, "seed of all that is random; 0 takes one by chance")
	flag.BoolVar(&o.Short, "short", false, "few targets, no mutants, no power failures")
	flag.StringVar(&o.Dir, "dir", "", "where the jobs work, by default /dev/shm")
	only := flag.String("suite", "", "run only these parts: lake,folder,ops,power,mutants")
	flag.Parse()
	if *only != "" {
		o.Only = strings.Split(*only, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	report, err := crash.Run(ctx, o)
	line, jsonErr := json.Marshal(report)
	if jsonErr != nil {
		panic(jsonErr) // numbers and strings
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
	}
	fmt.Println(string(line))
	if err != nil {
		os.Exit(1)
	}
}
