package crash

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// commit is an entry of the file sink's commit log, by docs.
type commit struct {
	Number      int64  `json:"number"`
	Incarnation string `json:"incarnation"`
	Epoch       uint64 `json:"epoch"`
	Files       []struct {
		Path  string `json:"path"`
		Rows  int64  `json:"rows"`
		Bytes int64  `json:"bytes"`
	} `json:"files"`
}

// commits reads the commit logs of all pipelines below out. An entry may be
// there twice, alone and in a fold, until it is swept up.
func commits(out string) ([]commit, error) {
	var all []commit
	seen := map[int64]bool{}
	err := filepath.WalkDir(filepath.Join(out, "_weir", "commits"), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || !strings.Contains(d.Name(), ".json") || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for line := range bytes.Lines(text) {
			var c commit
			if err := json.Unmarshal(line, &c); err != nil {
				return fmt.Errorf("read %s: %w", path, err)
			}
			if !seen[c.Number] {
				all = append(all, c)
			}
			seen[c.Number] = true
		}
		return nil
	})
	return all, err
}

// listing is the files that a reader of the folder sees.
func listing(out string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err == nil && d.IsDir() && d.Name() == "_weir":
			return filepath.SkipDir
		case err == nil && !d.IsDir():
			files = append(files, path)
		}
		return err
	})
	return files, err
}

// folderRows are the queries of the files in the commit log and in the
// folder.
func folderRows(out string) (logged, listed string, err error) {
	all, err := commits(out)
	if err != nil {
		return "", "", err
	}
	var files []string
	for _, c := range all {
		for _, f := range c.Files {
			files = append(files, filepath.Join(out, filepath.FromSlash(f.Path)))
		}
	}
	logged = parquetRows(files, allColumns)
	if files, err = listing(out); err != nil {
		return "", "", err
	}
	return logged, parquetRows(files, allColumns), nil
}

// checkFolder checks the commit log: numbers without a gap, no epoch twice,
// every file there with its size; and that what is staged has names of ours.
func checkFolder(out, pipeline string) error {
	all, err := commits(out)
	if err != nil {
		return err
	}
	epochs, numbers := map[string]bool{}, map[int64]bool{}
	for _, c := range all {
		epoch := fmt.Sprintf("%s/%d", c.Incarnation, c.Epoch)
		if epochs[epoch] {
			return fmt.Errorf("%s: two commits of epoch %s", out, epoch)
		}
		epochs[epoch], numbers[c.Number] = true, true
		for _, f := range c.Files {
			info, err := os.Stat(filepath.Join(out, filepath.FromSlash(f.Path)))
			if err != nil {
				return err
			}
			if info.Size() != f.Bytes {
				return fmt.Errorf("%s has %d bytes, want %d", f.Path, info.Size(), f.Bytes)
			}
		}
	}
	for n := range int64(len(numbers)) {
		if !numbers[n+1] {
			return fmt.Errorf("%s: entry %d is missing in the commit log", out, n+1)
		}
	}
	return filepath.WalkDir(filepath.Join(out, "_weir", "staging"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), pipeline+"-") {
			err = fmt.Errorf("%s: a staged file whose name is not ours", path)
		}
		return err
	})
}
