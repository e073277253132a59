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
// It remembers them, so that attempts that failed leave nothing.
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

// drop removes the manifests of a change that can not be applied any more.
func (c *change) drop(ctx context.Context) error {
	files, err := catalog.FilesAt(context.WithoutCancel(ctx), c.drafts.location, c.drafts.meta.Properties())
	if err != nil {
		return err
	}
	for _, p := range c.drafts.paths {
		_ = files.Remove(p) // at worst an orphan stays
	}
	return nil
}

// dropOthers removes the manifests of the attempts that did not make the
// snapshot, when one is known to have made it. Until then none may go: an
// answer that refuses a commit can belong to its second delivery, after the
// first was applied. From then on none of them can be applied, because the
// snapshot that they want the table to be at has passed.
func dropOthers(ctx context.Context, sent []*change, made int64) error {
	var errs []error
	for _, c := range sent {
		if made != 0 && c.snapshot != made {
			errs = append(errs, c.drop(ctx))
		}
	}
	return errors.Join(errs...)
}
