package iceberg

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/iceberg/internal/catalog"
)

// Part is what one writer hands over for an epoch: files that are written and
// durable, and in no snapshot yet.
type Part struct {
	Table  string  `json:"table"`  // the table's uuid
	Format int     `json:"format"` // its format version
	Groups []Group `json:"groups,omitempty"`
	Rows   int64   `json:"rows"`
	Bytes  int64   `json:"bytes"`
}

// Group is files of one schema and one way of partitioning.
type Group struct {
	Schema []byte   `json:"schema"` // Iceberg's JSON
	Base   int      `json:"base"`   // fields with higher ids were not in the table
	Spec   []byte   `json:"spec"`   // Iceberg's JSON
	Files  [][]byte `json:"files"`  // manifest entries in Avro
}

// sink is the sink of one table.
type sink struct {
	cfg   Config
	place place
	err   error // of the settings

	mu    sync.Mutex
	uuid  string // of the table, when it is known
	shape *shape // for new files
	held  string // what the table holds, for people
}

// Sink appends batches to an Iceberg table, exactly once. What is not set in
// cfg has its default. Wrong settings come out when the pipeline runs, as
// errors of kind BadConfig.
func Sink(cfg Config) flow.Sink[flow.Batch, Part] { return newSink(cfg) }

func newSink(cfg Config) *sink {
	s := &sink{cfg: cfg.defaults()}
	s.place, s.err = s.cfg.place()
	return s
}

// Guarantee says that rows are neither lost nor doubled.
func (s *sink) Guarantee() (flow.Guarantee, string) {
	return flow.ExactlyOnce, "each epoch is one snapshot, committed together with its marker and only if " +
		"the marker before is found; " + s.place.String()
}

// Start compares the marker in the table with what the pipeline remembers.
func (s *sink) Start(ctx context.Context, last flow.Txn) error {
	if s.err != nil {
		return s.err
	}
	t, err := s.place.Load(ctx, s.place.id)
	if errors.Is(err, catalog.ErrNoTable) {
		if last.Previous == 0 && last.Epoch == 0 {
			return nil
		}
		return flow.Mark(flow.Conflict, s.place.errorf("the pipeline has written to it up to epoch %d, and it is gone: "+
			"restore it, or give the pipeline a new state directory to write everything again", last.Epoch))
	}
	if err != nil {
		return mark(err)
	}
	s.mu.Lock()
	err = s.same(t)
	s.held = holds(t.Metadata())
	s.mu.Unlock()
	if err != nil {
		return err
	}
	_, err = check(t.Metadata(), s.place.String(), last, s.cfg.Takeover)
	return err
}

// Check tries the catalog, the table's shape and the warehouse.
func (s *sink) Check(ctx context.Context) error {
	if s.err != nil {
		return s.err
	}
	if err := s.place.Ping(ctx); err != nil {
		return mark(fmt.Errorf("reach the catalog: %w", err))
	}
	t, err := s.place.Load(ctx, s.place.id)
	if errors.Is(err, catalog.ErrNoTable) {
		return s.checkMissing(ctx)
	}
	if err != nil {
		return mark(err)
	}
	sh, err := newShape(t.Metadata(), t.Schema())
	if err == nil {
		err = sh.check()
	}
	if err != nil {
		return flow.Mark(flow.BadConfig, s.place.errorf("%w", err))
	}
	return flow.Mark(flow.BadConfig, catalog.CheckWritable(ctx, sh.data, sh.props))
}

func (s *sink) checkMissing(ctx context.Context) error {
	if !s.cfg.create() {
		return flow.Mark(flow.BadConfig, s.place.errorf("it is missing; make it, or set create: true"))
	}
	if s.cfg.Catalog.Type == "rest" {
		return nil
	}
	return flow.Mark(flow.BadConfig, catalog.CheckWritable(ctx, s.cfg.Warehouse, nil))
}

// Open makes the writer of one task.
func (s *sink) Open(_ context.Context, t flow.Task) (flow.Writer[flow.Batch, Part], error) {
	if s.err != nil {
		return nil, s.err
	}
	return newWriter(s, t), nil
}
