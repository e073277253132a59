package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// program says which binary a job runs.
type program int

const (
	weir  program = iota // cmd/weir
	child                // bench/cmd/crash/child
)

// job is a pipeline that is killed over and over.
type job struct {
	name    string
	about   string
	program program
	args    []string
	mutants []string // that it must catch
	frozen  []string // targets at which another may overtake it
	lay     func(ctx context.Context, db *reader, dir string, rng *rand.Rand) error
	tables  func(ctx context.Context, dir string) ([]table, error)
	check   func(ctx context.Context, dir string) error // what no comparison of rows finds
}

// table is what a query finds in the input, and what another must find in a
// table when the job has ended.
type table struct{ name, want, got string }

// jobs are all jobs.
func jobs() []job {
	return []job{lakeJob(), folderJob(), opsJob()}
}

// pipelineFile writes a pipeline file.
func pipelineFile(dir, sinks, pipeline string) error {
	return os.WriteFile(filepath.Join(dir, "pipeline.yaml"), fmt.Appendf(nil, `version: "1"
state: state
sources:
  lines:
    connector: file
    config:
      path: in/*.jsonl
      split_size: 8KiB
      schema:
        - {name: id, type: int64, required: true}
        - {name: key, type: string, required: true}
        - {name: area, type: string}
        - {name: amount, type: "decimal(12,2)"}
        - {name: moment, type: "timestamp[us]"}
        - {name: ok, type: bool}
        - {name: note, type: string}
    rate_limit: {rows_per_second: %[1]d, burst_rows: 100}
  columns:
    connector: file
    config: {path: in/*.parquet, split_size: 1KiB}
    rate_limit: {rows_per_second: %[1]d, burst_rows: 100}
sinks:
%[2]s
pipelines:
  %[3]s: {sources: [lines, columns], sink: out, checkpoint: 10ms, parallel: 2}
`, rowsPerSecond, sinks, pipeline), 0o644)
}

// layFiles writes the input of the jobs that run a pipeline file.
func layFiles(sinks, pipeline string) func(context.Context, *reader, string, *rand.Rand) error {
	return func(ctx context.Context, db *reader, dir string, rng *rand.Rand) error {
		if err := writeLines(dir, rng, 0, jobRows, 3, 0); err != nil {
			return err
		}
		if err := writeColumns(ctx, db, dir, rng, jobRows, jobRows, 2); err != nil {
			return err
		}
		return pipelineFile(dir, sinks, pipeline)
	}
}

func lakeJob() job {
	return job{
		name:    "lake",
		about:   "JSONL and Parquet files -> Iceberg, partitioned, SQLite catalog",
		args:    []string{"run", "--json", "pipeline.yaml"},
		mutants: []string{"norecovery", "earlycommit", "nomarker", "notoken"},
		frozen: []string{
			"iceberg/commit/before:2", "iceberg/commit/loaded:2", "iceberg/commit/after:2",
			"engine/durable:1", "engine/finished:2", "iceberg/commit/verified:1",
		},
		lay: layFiles(`  out:
    connector: iceberg
    config: {warehouse: lake, table: crash.rows, partition: [area]}`, "lake"),
		tables: func(ctx context.Context, dir string) ([]table, error) {
			got, err := liveRows(ctx, dir, "rows", allColumns)
			return []table{{"rows", inputRows(dir), got}}, err
		},
		check: func(ctx context.Context, dir string) error { return checkLake(ctx, dir, "rows") },
	}
}

func folderJob() job {
	return job{
		name:    "folder",
		about:   "JSONL and Parquet files -> Parquet files in Hive folders",
		args:    []string{"run", "--json", "pipeline.yaml"},
		mutants: []string{"norecovery", "earlycommit", "nomarker", "notoken"},
		frozen: []string{
			"file/commit/renamed:2", "file/commit/begin:2", "file/commit/synced:1", "file/rename:2",
			"engine/durable:1", "engine/finished:2", "file/commit/logged:1",
		},
		lay: layFiles(`  out:
    connector: file
    config: {dir: out, partition: [area]}`, "folder"),
		tables: func(_ context.Context, dir string) ([]table, error) {
			logged, listed, err := folderRows(filepath.Join(dir, "out"))
			want := inputRows(dir)
			return []table{{"files of the commit log", want, logged}, {"files of the folder", want, listed}}, err
		},
		check: func(_ context.Context, dir string) error { return checkFolder(filepath.Join(dir, "out"), "folder") },
	}
}

func opsJob() job {
	return job{
		name:    "ops",
		about:   "JSONL files -> dedup, windows with timers, filter -> two Iceberg tables",
		program: child,
		args:    []string{"."},
		mutants: []string{"nostate", "norecovery", "nomarker"},
		lay: func(_ context.Context, _ *reader, dir string, rng *rand.Rand) error {
			return writeLines(dir, rng, 0, opsRows, 3, opsRows/4)
		},
		tables: func(ctx context.Context, dir string) ([]table, error) {
			rows, err := liveRows(ctx, dir, "firsts", allColumns)
			if err != nil {
				return nil, err
			}
			windows, err := liveRows(ctx, dir, "windows", "key, epoch_us(since) AS since, n")
			input := "SELECT DISTINCT * FROM (" + inputLines(dir) + ")"
			return []table{
				{"firsts", "SELECT * FROM (" + input + ") WHERE amount >= 250", rows},
				{"windows", "SELECT key, (moment // 1000000 // " + windowText + ") * " + windowText +
					" * 1000000 AS since, count(*) AS n FROM (" + input + ") GROUP BY ALL", windows},
			}, err
		},
		check: func(ctx context.Context, dir string) error {
			if err := checkLake(ctx, dir, "firsts"); err != nil {
				return err
			}
			return checkLake(ctx, dir, "windows")
		},
	}
}
