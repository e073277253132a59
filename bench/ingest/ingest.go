// Package ingest measures ingestion: the real weir binary running pipeline
// files, beside DuckDB and beside loops written by hand for one schema, each
// in a process of its own and in turn.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/weirflow/weir/bench/figures"
)

// Options says how and how much is measured.
type Options struct {
	Scale  float64 // of the rows; 1 is what the targets are for
	Rounds int     // of each contestant
	Data   string  // folder where inputs are kept; "" is one in the temporary folder
	Child  string  // this program, which runs [Child] when its first argument is "child"
	Log    func(format string, args ...any)
}

// Run measures everything and compares it.
func Run(ctx context.Context, o Options) (all []figures.Comparison, err error) {
	if o.Data == "" {
		o.Data = filepath.Join(os.TempDir(), "weir-bench-data")
	}
	dir, err := os.MkdirTemp("", "weir-bench")
	if err != nil {
		return nil, fmt.Errorf("make folder of outputs: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	root, err := Root(ctx)
	if err != nil {
		return nil, err
	}
	b := bench{Options: o, dir: dir, root: root, weir: filepath.Join(dir, "weir")}
	if err := Build(ctx, root, b.weir); err != nil {
		return nil, err
	}
	for _, part := range []func(context.Context) ([]figures.Comparison, error){b.events, b.lineitem, b.iceberg} {
		some, err := part(ctx)
		if err != nil {
			return nil, fmt.Errorf("ingestion figures: %w", err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// Root is the folder of the weir module.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/weirflow/weir").Output()
	if err != nil {
		return "", fmt.Errorf("find the weir module: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// Build builds the weir binary.
func Build(ctx context.Context, root, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", to, "./cmd/weir")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build weir: %w\n%s", err, out)
	}
	return nil
}

// bench is one run.
type bench struct {
	Options
	dir  string // for outputs
	root string // of the repository
	weir string // the binary
}

// contestant is one way to do the work, as a process.
type contestant struct {
	name string
	args func(out string) ([]string, error) // the command that writes to folder out
}

// outcome is what a contestant took, as medians of its rounds.
type outcome struct {
	cpu, wall float64 // seconds
	rss, size float64 // bytes
	out       string  // folder of the last round
}

// race runs the contestants in turn.
func (b bench) race(ctx context.Context, work string, who []contestant) (map[string]outcome, error) {
	taken := map[string][]figures.Usage{}
	results := map[string]outcome{}
	for round := range b.Rounds {
		for _, c := range who {
			out := filepath.Join(b.dir, strings.ReplaceAll(work, " ", "-"), c.name)
			if err := errors.Join(os.RemoveAll(out), os.MkdirAll(out, 0o755)); err != nil {
				return nil, fmt.Errorf("make folder of outputs: %w", err)
			}
			args, err := c.args(out)
			if err != nil {
				return nil, err
			}
			u, err := b.measured(ctx, args)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", work, c.name, err)
			}
			taken[c.name] = append(taken[c.name], u)
			b.Log("%s, round %d: %-6s cpu %5.2f s  wall %5.2f s  rss %4d MiB",
				work, round+1, c.name, u.CPU.Seconds(), u.Wall.Seconds(), u.RSS>>20)
			size, err := parquetBytes(out)
			if err != nil {
				return nil, err
			}
			results[c.name] = outcome{size: float64(size), out: out}
		}
	}
	for name, us := range taken {
		var cpu, wall, rss []float64
		for _, u := range us {
			cpu, wall, rss = append(cpu, u.CPU.Seconds()), append(wall, u.Wall.Seconds()), append(rss, float64(u.RSS))
		}
		r := results[name]
		r.cpu, r.wall, r.rss = figures.Median(cpu), figures.Median(wall), figures.Median(rss)
		results[name] = r
	}
	return results, nil
}

// Parquet lists the Parquet files under dir.
func Parquet(dir string) (paths []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".parquet") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list Parquet files: %w", err)
	}
	return paths, nil
}

func parquetBytes(dir string) (total int64, err error) {
	paths, err := Parquet(dir)
	if err != nil {
		return 0, err
	}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return 0, fmt.Errorf("size of %s: %w", p, err)
		}
		total += info.Size()
	}
	return total, nil
}
