package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// TestRun runs the program twice: the second run must add nothing.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		if err := run(t.Context(), "../data/flights.jsonl", dir); err != nil {
			t.Fatal(err)
		}
		if got := rowsIn(t, dir); got != 4003 {
			t.Fatalf("%d rows in the output, want 4003", got)
		}
	}
}

// rowsIn counts the rows of all Parquet files below dir with a reader that is
// not ours.
func rowsIn(t *testing.T, dir string) int64 {
	t.Helper()
	rows := int64(0)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".parquet") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		p, err := parquet.OpenFile(f, info.Size())
		if err != nil {
			return err
		}
		rows += p.NumRows()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
