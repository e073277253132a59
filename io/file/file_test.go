package file

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	stdcsv "encoding/csv"

	pq "github.com/parquet-go/parquet-go"

	"github.com/weirflow/weir/io/iotest"
)

func TestSourceExam(t *testing.T) {
	files := table(t, 70_000)
	dir := write(t, files)
	for _, name := range []string{"a.jsonl", "a.csv", "a.json", "a.parquet", "a.csv.gz", "a.jsonl.zst", "a.json.lz4", "a.csv.sz"} {
		t.Run(name, func(t *testing.T) {
			iotest.Source(t, Register, "file", fmt.Sprintf(`{path: %q, split_size: 2MiB}`, filepath.Join(dir, name)))
		})
	}
}

func TestSinkExam(t *testing.T) {
	for _, c := range []string{
		"format: parquet", "format: jsonl", "format: csv", "format: jsonl, compression: gzip",
		"format: csv, compression: zstd, partition: [name]", "format: parquet, partition: [name], max_open: 2",
		"format: jsonl, compression: lz4, max_age: 1ns", "format: jsonl, compression: snappy",
	} {
		t.Run(c, func(t *testing.T) {
			iotest.Sink(t, Register, "file", func(t *testing.T) iotest.Place {
				dir := filepath.Join(memoryDir(t), "new", "out")
				return iotest.Place{
					Config: fmt.Sprintf("{dir: %q, %s}", dir, c),
					Read: func(t *testing.T) []int64 {
						t.Helper()
						ids := visible(t, dir)
						sameAsLog(t, dir)
						return ids
					},
				}
			})
		})
	}
}

// visible reads the column id of every file that a reader of the folder sees,
// with decoders that are not ours.
func visible(tb testing.TB, dir string) (ids []int64) {
	tb.Helper()
	for _, p := range shown(tb, dir) {
		k := kindOf(p)
		h, err := os.Open(filepath.Join(dir, p))
		if err != nil {
			tb.Fatal(err)
		}
		if k.format == parqName {
			rows, err := pq.ReadFile[struct {
				ID int64 `parquet:"id"`
			}](filepath.Join(dir, p))
			if err != nil {
				tb.Fatal(err)
			}
			for _, r := range rows {
				ids = append(ids, r.ID)
			}
		} else {
			r, err := decompress(h, k.compression)
			if err != nil {
				tb.Fatal(err)
			}
			if k.format == csvName {
				all, err := stdcsv.NewReader(r).ReadAll()
				if err != nil {
					tb.Fatal(err)
				}
				for _, row := range all[1:] {
					id, err := strconv.ParseInt(row[0], 10, 64)
					if err != nil {
						tb.Fatal(err)
					}
					ids = append(ids, id)
				}
			}
			for d := json.NewDecoder(r); k.format == jsonlName && d.More(); {
				var row struct{ ID int64 }
				if err := d.Decode(&row); err != nil {
					tb.Fatal(err)
				}
				ids = append(ids, row.ID)
			}
			if err := r.Close(); err != nil {
				tb.Fatal(err)
			}
		}
		if err := h.Close(); err != nil {
			tb.Fatal(err)
		}
	}
	return ids
}

// shown lists the data files below dir.
func shown(tb testing.TB, dir string) (names []string) {
	tb.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && p == ".":
			return fs.SkipAll
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ownFolder:
			return fs.SkipDir
		case !d.IsDir():
			if strings.HasSuffix(p, stagedEnding) {
				tb.Errorf("%s is visible", p)
			}
			names = append(names, p)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return names
}

// sameAsLog checks that the log names the files that are visible, each once.
func sameAsLog(tb testing.TB, dir string) {
	tb.Helper()
	logged, err := Committed(dir)
	if err != nil && !os.IsNotExist(err) {
		tb.Fatal(err)
	}
	seen := map[string]int{}
	for _, p := range shown(tb, dir) {
		seen[p]++
	}
	for _, p := range logged {
		seen[p] += 2
	}
	for p, n := range seen {
		if n != 3 {
			tb.Errorf("%s: is visible (1) or logged (2), or more than once: %d, want 3", p, n)
		}
	}
}
