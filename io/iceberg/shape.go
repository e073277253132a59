package iceberg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/iceberg/internal/catalog"
	"github.com/weirflow/weir/io/iceberg/internal/partition"
	"github.com/weirflow/weir/io/iceberg/internal/schema"
)

// shape is what files are written for: a table, with a schema that it has or
// will have after the commit. It does not change.
type shape struct {
	uuid     string
	version  int
	data     string // the location of data files
	schema   *iceberg.Schema
	arrow    *arrow.Schema
	spec     iceberg.PartitionSpec
	props    iceberg.Properties
	base     int // fields with higher ids are not in the table yet
	last     int // the highest field id in use
	asSchema json.RawMessage
	asSpec   json.RawMessage
}

// newShape is the shape of a table with the schema sc.
func newShape(meta table.Metadata, sc *iceberg.Schema) (*shape, error) {
	s := &shape{
		uuid: meta.TableUUID().String(), version: meta.Version(), schema: sc, spec: meta.PartitionSpec(),
		props: meta.Properties(), base: meta.LastColumnID(), data: meta.Location() + "/data",
	}
	if at, ok := meta.Properties()[table.WriteDataPathKey]; ok {
		s.data = at
	}
	var err error
	if s.last, err = lastID(sc, s.base); err != nil {
		return nil, err
	}
	if s.arrow, err = schema.Arrow(sc); err != nil {
		return nil, err
	}
	if s.asSchema, err = json.Marshal(sc); err != nil {
		return nil, err
	}
	s.asSpec, err = json.Marshal(s.spec)
	return s, err
}

// lastID is the highest field id of sc, and at least least.
func lastID(sc *iceberg.Schema, least int) (int, error) {
	ids, err := iceberg.IndexByID(sc)
	if err != nil {
		return 0, err
	}
	for id := range maps.Keys(ids) {
		least = max(least, id)
	}
	return least, nil
}

// check reports whether rows can be written to the shape.
func (s *shape) check() error {
	_, err := partition.New(s.spec, s.schema)
	return err
}

// current is the shape for new files; nil when it is not known.
func (s *sink) current() *shape {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shape
}

// committed notes the table as a commit left it: when it has all that the
// shape for new files has, the table's own shape takes over.
func (s *sink) committed(meta table.Metadata) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = holds(meta)
	if s.shape == nil || s.shape.last > meta.LastColumnID() {
		return
	}
	same := s.shape.base == s.shape.last && s.shape.schema.Equals(meta.CurrentSchema())
	if same && s.shape.spec.ID() == meta.DefaultPartitionSpec() {
		return
	}
	if next, err := newShape(meta, meta.CurrentSchema()); err == nil {
		s.shape = next
	}
}

// binding is how batches of one schema become rows of a shape.
type binding struct {
	shape   *shape
	columns []int
}

// bind finds the shape for batches of the schema sc. It makes the table when
// it is missing.
func (s *sink) bind(ctx context.Context, sc *arrow.Schema) (binding, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := s.shape == nil
	for {
		if s.shape == nil {
			var err error
			if s.shape, err = s.loadShape(ctx, sc); err != nil {
				return binding{}, err
			}
		}
		m, err := schema.Fit(s.shape.schema, sc, s.cfg.policy(), s.shape.last)
		if errors.Is(err, schema.ErrMismatch) && !fresh && s.shape.last == s.shape.base {
			// Somebody may have changed the table since.
			s.shape, fresh = nil, true
			continue
		}
		if err != nil {
			return binding{}, flow.Mark(flow.BadConfig, s.place.errorf(
				"%w\nchange the table or the batches, or the setting schema (now %s)", err, s.cfg.Schema))
		}
		if m.Changed {
			next := *s.shape
			next.schema = m.Schema
			if s.shape, err = next.evolved(); err != nil {
				return binding{}, s.place.errorf("%w", err)
			}
		}
		return binding{s.shape, m.Columns}, nil
	}
}

// evolved fills what follows from a new schema.
func (s shape) evolved() (_ *shape, err error) {
	if s.last, err = lastID(s.schema, s.last); err != nil {
		return nil, err
	}
	if s.arrow, err = schema.Arrow(s.schema); err != nil {
		return nil, err
	}
	s.asSchema, err = json.Marshal(s.schema)
	return &s, err
}

// loadShape loads the table, or makes it for batches of the schema sc.
func (s *sink) loadShape(ctx context.Context, sc *arrow.Schema) (*shape, error) {
	t, err := s.place.Load(ctx, s.place.id)
	if errors.Is(err, catalog.ErrNoTable) && s.uuid == "" {
		if !s.cfg.create() {
			return nil, flow.Mark(flow.BadConfig, s.place.errorf("%w; make it, or set create: true", err))
		}
		t, err = s.make(ctx, sc)
	}
	if err != nil {
		return nil, mark(err)
	}
	if err := s.same(t); err != nil {
		return nil, err
	}
	sh, err := newShape(t.Metadata(), t.Schema())
	if err != nil {
		return nil, s.place.errorf("%w", err)
	}
	return sh, nil
}

// make makes the table.
func (s *sink) make(ctx context.Context, sc *arrow.Schema) (*table.Table, error) {
	n, err := s.design(sc)
	if err != nil {
		return nil, flow.Mark(flow.BadConfig, s.place.errorf("%w", err))
	}
	return s.place.Create(ctx, s.place.id, n)
}

// design is the table that would be made for batches of the schema sc.
func (s *sink) design(sc *arrow.Schema) (n catalog.New, err error) {
	if n.Schema, err = schema.New(sc); err != nil {
		return n, err
	}
	if n.Spec, err = partition.Parse(s.cfg.Partition, n.Schema); err != nil {
		return n, err
	}
	if _, err := partition.New(*n.Spec, n.Schema); err != nil {
		return n, err
	}
	n.Properties = iceberg.Properties{
		table.PropertyFormatVersion:               "2",
		table.ManifestMergeEnabledKey:             "true",
		table.ManifestMinMergeCountKey:            "20",
		table.MetadataDeleteAfterCommitEnabledKey: "true",
		table.MetadataPreviousVersionsMaxKey:      "10",
		table.WriteTargetFileSizeBytesKey:         fmt.Sprint(int64(s.cfg.TargetFileSize)),
		table.ParquetCompressionKey:               s.cfg.Compression,
	}
	maps.Copy(n.Properties, s.cfg.Properties)
	return n, nil
}

// same checks that t is the table seen first.
func (s *sink) same(t *table.Table) error {
	uuid := t.Metadata().TableUUID().String()
	if s.uuid == "" {
		s.uuid = uuid
	}
	if s.uuid != uuid {
		return replaced(s.place, s.uuid, uuid)
	}
	return nil
}

func replaced(p place, had, has string) error {
	return flow.Mark(flow.Conflict, p.errorf("it was dropped and made again (it was %s and is %s): "+
		"restore the old table, or give the pipeline a new state directory to write everything into the new one", had, has))
}
