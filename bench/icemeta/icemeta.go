// Package icemeta reads the metadata of Iceberg tables from a SQLite catalog
// and the local file system, by the specification and without iceberg-go: it
// is the second opinion on what was written.
package icemeta

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/twmb/avro/ocf"
	_ "modernc.org/sqlite" // the catalog is a SQLite file
)

// Table is the current metadata of a table.
type Table struct {
	Location   string            `json:"location"`
	Properties map[string]string `json:"properties"`
	Current    *int64            `json:"current-snapshot-id"`
	Snapshots  []Snapshot        `json:"snapshots"`

	Metadata string `json:"-"` // path of the metadata file
	Log      []struct {
		File string `json:"metadata-file"`
	} `json:"metadata-log"`
}

// Snapshot is one state of a table.
type Snapshot struct {
	ID       int64             `json:"snapshot-id"`
	Parent   *int64            `json:"parent-snapshot-id"`
	Manifest string            `json:"manifest-list"`
	Summary  map[string]string `json:"summary"`
}

// File is a data file that a snapshot holds.
type File struct {
	Path  string
	Rows  int64
	Bytes int64
}

// Load finds namespace.name in the catalog's file and reads the metadata that
// it points to. A table that is not there is nil.
func Load(ctx context.Context, catalog, namespace, name string) (t *Table, err error) {
	if _, err := os.Stat(catalog); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	db, err := sql.Open("sqlite", "file:"+catalog)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var location string
	err = db.QueryRowContext(ctx, "SELECT metadata_location FROM iceberg_tables WHERE table_namespace = ? AND table_name = ?",
		namespace, name).Scan(&location)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", catalog, err)
	}
	return Read(Local(location))
}

// Read reads a metadata file.
func Read(path string) (*Table, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t := &Table{Metadata: path}
	if err := json.Unmarshal(text, t); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return t, nil
}

// Local is the path of a file URL.
func Local(location string) string {
	if !strings.HasPrefix(location, "file:") {
		return location
	}
	u, err := url.Parse(location)
	if err != nil {
		return strings.TrimPrefix(location, "file://")
	}
	return u.Path
}

// Live lists the data files of the current snapshot.
func (t *Table) Live() ([]File, error) {
	for _, s := range t.Snapshots {
		if t.Current != nil && s.ID == *t.Current {
			files, _, err := s.Files()
			return files, err
		}
	}
	if t.Current != nil && *t.Current != -1 {
		return nil, fmt.Errorf("%s: the current snapshot %d is not in it", t.Metadata, *t.Current)
	}
	return nil, nil
}

// Files lists the data files of a snapshot, and its files of metadata.
func (s Snapshot) Files() (files []File, meta []string, err error) {
	meta = []string{Local(s.Manifest)}
	err = each(Local(s.Manifest), func(entry map[string]any) error {
		if entry["content"] != int32(0) {
			return fmt.Errorf("snapshot %d has a manifest of deletes", s.ID)
		}
		manifest := Local(entry["manifest_path"].(string))
		meta = append(meta, manifest)
		return each(manifest, func(entry map[string]any) error {
			const deleted = 2
			if entry["status"] == int32(deleted) {
				return nil
			}
			f, ok := entry["data_file"].(map[string]any)
			if !ok {
				return fmt.Errorf("%s: an entry without a data file", manifest)
			}
			path, _ := f["file_path"].(string)
			rows, _ := f["record_count"].(int64)
			bytes, _ := f["file_size_in_bytes"].(int64)
			files = append(files, File{Local(path), rows, bytes})
			return nil
		})
	})
	return files, meta, err
}

// each calls do for every datum of an Avro file.
func each(path string, do func(map[string]any) error) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r, err := ocf.NewReader(f)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		var v any
		err := r.Decode(&v)
		if errors.Is(err, io.EOF) {
			return nil
		}
		entry, ok := v.(map[string]any)
		if err == nil && !ok {
			err = fmt.Errorf("an entry is %T", v)
		}
		if err == nil {
			err = do(entry)
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
	}
}
