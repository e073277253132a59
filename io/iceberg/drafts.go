package iceberg

import (
	"context"
	"errors"
	"sync"

	icebergio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/io/iceberg/internal/catalog"
)

// drafts is the file system that one attempt to commit writes manifests to.
// It remembers them, so that an attempt that surely failed leaves nothing.
type drafts struct {
	location string
	meta     table.Metadata

	mu    sync.Mutex
	paths []string
}

func newDrafts(meta table.Metadata) *drafts { return &drafts{location: meta.Location(), meta: meta} }

func (d *drafts) open(ctx context.Context) (icebergio.IO, error) {
	under, err := catalog.FilesAt(ctx, d.location, d.meta.Properties())
	if err != nil {
		return nil, err
	}
	return draftFiles{under, d}, nil
}

type draftFiles struct {
	catalog.Files
	drafts *drafts
}

// Create notes the file.
func (f draftFiles) Create(name string) (icebergio.FileWriter, error) {
	f.drafts.note(name)
	return f.Files.Create(name)
}

// WriteFile notes the file.
func (f draftFiles) WriteFile(name string, p []byte) error {
	f.drafts.note(name)
	return f.Files.WriteFile(name, p)
}

func (d *drafts) note(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.paths = append(d.paths, name)
}

// dropDrafts removes the manifests of an attempt, unless it may have been
// applied.
func (c *change) dropDrafts(ctx context.Context, failure error) error {
	if c == nil || c.drafts == nil || errors.Is(failure, catalog.ErrUnknown) {
		return nil
	}
	files, err := catalog.FilesAt(context.WithoutCancel(ctx), c.drafts.location, c.drafts.meta.Properties())
	if err != nil {
		return err
	}
	for _, p := range c.drafts.paths {
		_ = files.Remove(p) // at worst an orphan stays
	}
	return nil
}
