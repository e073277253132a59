package ingest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	"github.com/apache/iceberg-go/catalog/hadoop"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/bench/duck"
	"github.com/weirflow/weir/bench/figures"
)

// Flights is the file of real flights: 3 million rows beside the repository,
// or the part of them that is in it.
func Flights(root string) string {
	if all := filepath.Join(root, "../shared/data/flights-3m.parquet"); exists(all) {
		return all
	}
	return filepath.Join(root, "examples/data/flights.parquet")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// iceberg is Parquet into an Iceberg table, beside iceberg-go's own way.
func (b bench) iceberg(ctx context.Context) ([]figures.Comparison, error) {
	in := Flights(b.root)
	const digest = `count(*) AS n, sum(delay) AS delay, sum(distance) AS distance, sum(epoch_us(date)) AS date,
		bit_xor(hash(date, origin, destination)) AS hash`
	results, err := b.race(ctx, "parquet to iceberg", []contestant{
		{name: "weir", args: func(out string) ([]string, error) { return b.runs(out, flightsPipeline, in) }},
		{name: "iceberg-go", args: func(out string) ([]string, error) {
			return []string{b.Child, "child", "iceberg-go", in, out}, nil
		}},
	})
	if err != nil {
		return nil, err
	}
	weir, peer := results["weir"], results["iceberg-go"]
	if err := same(ctx, digest, weir.out, peer.out); err != nil {
		return nil, fmt.Errorf("parquet to iceberg: %w", err)
	}
	count, err := duck.Row(ctx, "SELECT count(*) AS n FROM "+duck.Files(in))
	if err != nil {
		return nil, err
	}
	var rows float64
	if _, err := fmt.Sscan(count["n"], &rows); err != nil {
		return nil, fmt.Errorf("count rows: %w", err)
	}
	note := fmt.Sprintf("%.0f rows of %s, median of %d rounds; sizes %.1f and %.1f MB",
		rows, filepath.Base(in), b.Rounds, weir.size/1e6, peer.size/1e6)
	const name = "iceberg-go v0.7.0 Table.Append"
	return []figures.Comparison{
		figures.Faster(figures.Comparison{
			Name: "parquet to iceberg, rate", Unit: "rows per CPU second",
			Weir: rows / weir.cpu, Peer: rows / peer.cpu, PeerName: name, Note: note,
		}, 1.15),
		figures.Below(figures.Comparison{
			Name: "parquet to iceberg, memory", Unit: "MiB, peak RSS",
			Weir: weir.rss / mib, Peer: peer.rss / mib, PeerName: name, Note: note,
		}, 256),
	}, nil
}

// appendTable is the peer: the file read by arrow-go and appended to a table
// in folder out by iceberg-go.
func appendTable(ctx context.Context, in, out string) (err error) {
	cat, err := hadoop.NewCatalog("bench", "file://"+out, iceberg.Properties{})
	if err != nil {
		return fmt.Errorf("open catalog: %w", err)
	}
	f, err := file.OpenParquetFile(in, false)
	if err != nil {
		return fmt.Errorf("open %s: %w", in, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	props := pqarrow.ArrowReadProperties{BatchSize: 64 << 10, Parallel: true}
	reader, err := pqarrow.NewFileReader(f, props, memory.DefaultAllocator)
	if err != nil {
		return fmt.Errorf("read %s: %w", in, err)
	}
	rows, err := reader.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return fmt.Errorf("read %s: %w", in, err)
	}
	defer rows.Release()
	schema, err := table.ArrowSchemaToIcebergWithFreshIDs(rows.Schema(), false)
	if err != nil {
		return fmt.Errorf("convert schema: %w", err)
	}
	if err := cat.CreateNamespace(ctx, table.Identifier{"bench"}, nil); err != nil {
		return fmt.Errorf("create namespace: %w", err)
	}
	t, err := cat.CreateTable(ctx, table.Identifier{"bench", "flights"}, schema,
		catalog.WithProperties(iceberg.Properties{"write.parquet.compression-codec": "zstd"}))
	if err != nil {
		return fmt.Errorf("create table: %w", err)
	}
	if _, err := t.Append(ctx, rows, nil); err != nil {
		return fmt.Errorf("append: %w", err)
	}
	return nil
}
