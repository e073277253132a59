package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/flow"
)

// loaded is the catalog's answer about a table.
type loaded struct {
	Location string             `json:"metadata-location"`
	Metadata json.RawMessage    `json:"metadata"`
	Config   iceberg.Properties `json:"config"`
}

// Ping reads the settings of the catalog and one page of namespaces.
func (c *REST) Ping(ctx context.Context) error {
	return c.call(ctx, http.MethodGet, []string{"namespaces"}, nil, nil, nil)
}

// Tables lists the tables of all namespaces.
func (c *REST) Tables(ctx context.Context) ([]table.Identifier, error) {
	spaces, err := c.namespaces(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	var ids []table.Identifier
	for _, ns := range spaces {
		err := c.pages(ctx, []string{"namespaces", c.level(ns), "tables"}, nil, func(text []byte) error {
			var page struct {
				Identifiers []struct {
					Namespace []string `json:"namespace"`
					Name      string   `json:"name"`
				} `json:"identifiers"`
			}
			if err := json.Unmarshal(text, &page); err != nil {
				return err
			}
			for _, id := range page.Identifiers {
				ids = append(ids, append(id.Namespace, id.Name))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("list tables of %s: %w", strings.Join(ns, "."), err)
		}
	}
	return ids, nil
}

// namespaces lists the namespaces below parent, with those inside them.
func (c *REST) namespaces(ctx context.Context, parent []string) (all [][]string, err error) {
	q := url.Values{}
	if parent != nil {
		q.Set("parent", strings.Join(parent, "\x1f"))
	}
	err = c.pages(ctx, []string{"namespaces"}, q, func(text []byte) error {
		var page struct {
			Namespaces [][]string `json:"namespaces"`
		}
		if err := json.Unmarshal(text, &page); err != nil {
			return err
		}
		for _, ns := range page.Namespaces {
			if len(ns) <= len(parent) {
				continue
			}
			below, err := c.namespaces(ctx, ns)
			if err != nil {
				return err
			}
			all = append(append(all, ns), below...)
		}
		return nil
	})
	return all, err
}

// pages calls one for each page of a listing.
func (c *REST) pages(ctx context.Context, path []string, q url.Values, one func([]byte) error) error {
	if q == nil {
		q = url.Values{}
	}
	for {
		var text json.RawMessage
		if err := c.call(ctx, http.MethodGet, path, q, nil, &text); err != nil {
			return err
		}
		if err := one(text); err != nil {
			return err
		}
		var next struct {
			Token string `json:"next-page-token"`
		}
		if err := json.Unmarshal(text, &next); err != nil || next.Token == "" {
			return err
		}
		q.Set("pageToken", next.Token)
	}
}

// level is a namespace as an element of a path.
func (c *REST) level(ns []string) string {
	escaped := make([]string, len(ns))
	for i, l := range ns {
		escaped[i] = url.PathEscape(l)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(escaped, c.between)
}

// tablePath is the path of a table; the catalog must be connected.
func (c *REST) tablePath(id table.Identifier) []string {
	return []string{"namespaces", c.level(id[:len(id)-1]), "tables", url.PathEscape(name(id))}
}

// Load returns the table as it is now.
func (c *REST) Load(ctx context.Context, id table.Identifier) (*table.Table, error) {
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	var answer loaded
	if err := c.call(ctx, http.MethodGet, c.tablePath(id), nil, nil, &answer); err != nil {
		if status := new(StatusError); errors.As(err, &status) && status.Status == http.StatusNotFound {
			err = fmt.Errorf("%w: %w", ErrNoTable, err)
		}
		return nil, fmt.Errorf("load table %s: %w", String(id), err)
	}
	return c.table(id, answer)
}

func (c *REST) table(id table.Identifier, a loaded) (*table.Table, error) {
	meta, err := table.ParseMetadataBytes(a.Metadata)
	if err != nil {
		return nil, fmt.Errorf("load table %s: %w", String(id), err)
	}
	c.mu.Lock()
	props := maps.Clone(c.props)
	c.mu.Unlock()
	maps.Copy(props, a.Config)
	return table.New(id, meta, a.Location, filesOf(meta.Location(), props), nil), nil
}

// Create makes the table, and its namespaces when they are missing.
func (c *REST) Create(ctx context.Context, id table.Identifier, n New) (*table.Table, error) {
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	for i := range len(id) - 1 {
		in := map[string]any{"namespace": id[:i+1], "properties": map[string]string{}}
		err := c.call(ctx, http.MethodPost, []string{"namespaces"}, nil, in, nil)
		if err != nil && !errors.Is(err, ErrConflict) && i == len(id)-2 {
			return nil, fmt.Errorf("create namespace %s: %w", namespace(id), err)
		}
	}
	in := map[string]any{
		"name": name(id), "schema": n.Schema, "partition-spec": n.Spec,
		"write-order": table.UnsortedSortOrder, "properties": n.Properties, "stage-create": false,
	}
	var answer loaded
	err := c.call(ctx, http.MethodPost, []string{"namespaces", c.level(id[:len(id)-1]), "tables"}, nil, in, &answer)
	if errors.Is(err, ErrConflict) {
		return c.Load(ctx, id)
	}
	if err != nil {
		return nil, fmt.Errorf("create table %s: %w", String(id), err)
	}
	return c.table(id, answer)
}

// Commit sends the commit once. Answers that do not say that it was refused
// are ErrUnknown.
func (c *REST) Commit(ctx context.Context, id table.Identifier, reqs []table.Requirement,
	updates []table.Update,
) (table.Metadata, error) {
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	in := map[string]any{
		"identifier":   map[string]any{"namespace": id[:len(id)-1], "name": name(id)},
		"requirements": reqs, "updates": updates,
	}
	var answer loaded
	if err := c.call(ctx, http.MethodPost, c.tablePath(id), nil, in, &answer); err != nil {
		return nil, fmt.Errorf("commit to %s: %w", String(id), outcome(err))
	}
	meta, err := table.ParseMetadataBytes(answer.Metadata)
	if err != nil {
		return nil, fmt.Errorf("commit to %s: %w: read the answer: %w", String(id), ErrUnknown, err)
	}
	return meta, nil
}

// outcome tells answers that refuse a commit from those that leave it open.
func outcome(err error) error {
	var lost *lostError
	var status *StatusError
	switch {
	case errors.As(err, &lost),
		errors.As(err, &status) && (status.Status >= 500 || status.Status == http.StatusRequestTimeout):
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	case errors.As(err, &status) && status.Status == http.StatusBadRequest:
		return flow.Mark(flow.BadConfig, err)
	}
	return err
}

var _ Catalog = (*REST)(nil)
