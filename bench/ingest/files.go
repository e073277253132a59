package ingest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/weirflow/weir/bench/duck"
	"github.com/weirflow/weir/bench/figures"
	"github.com/weirflow/weir/bench/gen"
)

const mib = 1 << 20

// events is JSONL to Parquet.
func (b bench) events(ctx context.Context) ([]figures.Comparison, error) {
	return b.files(ctx, "jsonl to parquet", gen.Events(), eventsPipeline, "events",
		`count(*) AS n, sum(user_id) AS users, sum(price)::DECIMAL(18,2) AS price, sum(quantity) AS quantity,
		count(coupon) AS coupons, count(DISTINCT event_id) AS ids, sum(epoch_us(ts)) AS ts, bit_xor(hash(url)) AS url,
		bit_xor(hash(device.os, device.browser, device.mobile)) AS device, bit_xor(hash(event_id, tags)) AS tags`)
}

// lineitem is CSV to Parquet.
func (b bench) lineitem(ctx context.Context) ([]figures.Comparison, error) {
	return b.files(ctx, "csv to parquet", gen.Lineitem(), lineitemPipeline, "lineitem",
		`count(*) AS n, sum(l_orderkey) AS orders, sum(l_extendedprice) AS price, sum(l_tax) AS tax,
		min(l_shipdate) AS first, max(l_receiptdate) AS last, count(DISTINCT l_partkey) AS parts,
		bit_xor(hash(l_orderkey, l_linenumber, l_comment)) AS comments, bit_xor(hash(l_shipmode, l_orderkey)) AS modes`)
}

// files races weir, DuckDB and the hand-written loop from one file into
// Parquet, and checks that weir and DuckDB have written the same.
func (b bench) files(
	ctx context.Context, work string, in gen.Input, pipeline, child, digest string,
) ([]figures.Comparison, error) {
	rows := max(1000, int(float64(in.Rows)*b.Scale))
	path, err := in.File(b.Data, rows)
	if err != nil {
		return nil, err
	}
	results, err := b.race(ctx, work, []contestant{
		{name: "weir", args: func(out string) ([]string, error) { return b.runs(out, pipeline, path) }},
		{name: "duckdb", args: func(out string) ([]string, error) {
			return []string{b.Child, "child", "duckdb-" + child, path, filepath.Join(out, "out.parquet")}, nil
		}},
		{name: "hand", args: func(out string) ([]string, error) {
			return []string{b.Child, "child", "hand-" + child, path, filepath.Join(out, "out.parquet")}, nil
		}},
	})
	if err != nil {
		return nil, err
	}
	if err := same(ctx, digest, results["weir"].out, results["duckdb"].out); err != nil {
		return nil, fmt.Errorf("%s: %w", work, err)
	}
	weir, duckdb, hand := results["weir"], results["duckdb"], results["hand"]
	million := float64(rows) / 1e6
	beside := func(what, unit, peer string, w, p float64) figures.Comparison {
		return figures.Comparison{
			Name: work + ", " + what, Unit: unit, Weir: w, Peer: p, PeerName: peer,
			Note: fmt.Sprintf("%d rows, median of %d rounds", rows, b.Rounds),
		}
	}
	const peer = "DuckDB 1.5.5 COPY"
	cpu := "CPU s per million rows"
	return []figures.Comparison{
		figures.Within(beside("CPU", cpu, peer, weir.cpu/million, duckdb.cpu/million), 1),
		figures.Within(beside("wall", "s", peer, weir.wall, duckdb.wall), 1),
		figures.Below(beside("memory", "MiB, peak RSS", peer, weir.rss/mib, duckdb.rss/mib), 256),
		figures.Within(beside("size", "bytes of Parquet", peer, weir.size, duckdb.size), 1.05),
		figures.Within(beside("CPU beside a hand-written loop", cpu, "hand-written Go loop and pqarrow",
			weir.cpu/million, hand.cpu/million), 1),
	}, nil
}

// runs writes the pipeline file and returns the command that runs it.
func (b bench) runs(out, pipeline, in string) ([]string, error) {
	file := filepath.Join(out, "pipeline.yaml")
	text := fmt.Sprintf(pipeline, in, out, filepath.Join(out, "state"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("write pipeline: %w", err)
	}
	return []string{b.weir, "run", "--plain", file}, nil
}

// same compares what two folders of Parquet files hold.
func same(ctx context.Context, digest, a, b string) error {
	var found [2]map[string]string
	for i, dir := range []string{a, b} {
		paths, err := Parquet(dir)
		if err != nil {
			return err
		}
		if len(paths) == 0 {
			return fmt.Errorf("no Parquet file in %s", dir)
		}
		if found[i], err = duck.Row(ctx, "SELECT "+digest+" FROM "+duck.Files(paths...)); err != nil {
			return err
		}
	}
	if !maps.Equal(found[0], found[1]) {
		return errors.Join(errors.New("the outputs differ"), fmt.Errorf("weir: %v", found[0]), fmt.Errorf("peer: %v", found[1]))
	}
	return nil
}
