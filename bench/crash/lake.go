package crash

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/weirflow/weir/bench/icemeta"
)

func loadLake(ctx context.Context, dir, name string) (*icemeta.Table, error) {
	return icemeta.Load(ctx, filepath.Join(dir, "lake", "catalog.db"), "crash", name)
}

// liveRows is the query of the live files of a table.
func liveRows(ctx context.Context, dir, name, columns string) (string, error) {
	t, err := loadLake(ctx, dir, name)
	if err != nil || t == nil {
		return "", err
	}
	live, err := t.Live()
	if err != nil {
		return "", err
	}
	paths := make([]string, len(live))
	for i, f := range live {
		paths[i] = f.Path
	}
	return parquetRows(paths, columns), nil
}

// checkLake checks the metadata of a table: every file of every snapshot is
// there with its size, no epoch has two snapshots, and what no snapshot holds
// has a name of ours.
func checkLake(ctx context.Context, dir, name string) error {
	t, err := loadLake(ctx, dir, name)
	if err != nil {
		return err
	}
	if t == nil {
		return fmt.Errorf("table %s is not there", name)
	}
	epochs := map[string]int64{}
	known := map[string]bool{t.Metadata: true}
	for _, l := range t.Log {
		known[icemeta.Local(l.File)] = true
	}
	for _, s := range t.Snapshots {
		epoch := s.Summary["weir.incarnation"] + "/" + s.Summary["weir.epoch"]
		if other, ok := epochs[epoch]; ok || s.Summary["weir.epoch"] == "" {
			return fmt.Errorf("table %s: snapshots %d and %d are both of epoch %s", name, other, s.ID, epoch)
		}
		epochs[epoch] = s.ID
		files, meta, err := s.Files()
		if err != nil {
			return err
		}
		for _, path := range meta {
			known[path] = true
		}
		for _, f := range files {
			info, err := os.Stat(f.Path)
			if err != nil {
				return fmt.Errorf("table %s, snapshot %d: %w", name, s.ID, err)
			}
			if info.Size() != f.Bytes {
				return fmt.Errorf("table %s: %s has %d bytes, want %d", name, f.Path, info.Size(), f.Bytes)
			}
			known[f.Path] = true
		}
	}
	return strangers(icemeta.Local(t.Location), known)
}

// strangers looks below dir for files that are not known and whose names are
// not of the kinds that a table may have without holding them.
func strangers(dir string, known map[string]bool) error {
	ours := regexp.MustCompile(`^\.?((lake|ops)-[0-9a-f]+-e[0-9]+-[0-9]+-[0-9]+-[0-9a-f]+\.parquet|` +
		`[0-9]{5}-[0-9a-f-]{36}\.metadata\.json|snap-[0-9]+-[0-9]+-[0-9a-f-]{36}\.avro|[0-9a-f-]{36}-m[0-9]+\.avro)$`)
	var strange []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !known[path] && !ours.MatchString(d.Name()) {
			strange = append(strange, path)
		}
		return err
	})
	if err == nil && len(strange) > 0 {
		slices.Sort(strange)
		err = fmt.Errorf("files with names that are not ours: %s", strings.Join(strange, ", "))
	}
	return err
}
