package catalog

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/apache/iceberg-go/table"
	"github.com/klauspost/compress/zstd"
)

// encode writes meta as JSON, compressed as the name of the file says.
func encode(w io.Writer, at string, meta table.Metadata) error {
	var z io.WriteCloser
	switch {
	case strings.HasSuffix(at, ".gz.metadata.json"):
		z = gzip.NewWriter(w)
	case strings.HasSuffix(at, ".zstd.metadata.json"):
		var err error
		if z, err = zstd.NewWriter(w); err != nil {
			return err
		}
	default:
		return json.NewEncoder(w).Encode(meta)
	}
	return errors.Join(json.NewEncoder(z).Encode(meta), z.Close())
}

// DeleteOld removes the metadata files that the table's log has dropped, if
// the table asks for that. The table has moved on: a file that can not be
// removed is left behind.
func DeleteOld(ctx context.Context, base, now table.Metadata) error {
	if !now.Properties().GetBool(table.MetadataDeleteAfterCommitEnabledKey, false) {
		return nil
	}
	kept := map[string]bool{}
	for e := range now.PreviousFiles() {
		kept[e.MetadataFile] = true
	}
	var errs []error
	for e := range base.PreviousFiles() {
		if kept[e.MetadataFile] {
			continue
		}
		files, err := FilesAt(ctx, e.MetadataFile, now.Properties())
		if err == nil {
			err = files.Remove(e.MetadataFile)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
