package iceberg

import (
	"errors"
	"time"

	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/io/iceberg/internal/catalog"
	"github.com/weirflow/weir/io/iceberg/internal/filter"
)

// SourceConfig is the settings of the source.
type SourceConfig struct {
	// The table, as namespace.table.
	Table string `json:"table" weir:"required"`

	// The folder of the tables. A REST catalog may be given the name of one
	// of its warehouses instead, or nothing.
	Warehouse string `json:"warehouse"`

	// Where tables are found.
	Catalog Catalog `json:"catalog"`

	// The columns to read; all by default.
	Columns []string `json:"columns"`

	// Which rows to read, as in: delay > 10 and origin in ('JFK', 'LGA').
	// There are = != < <= > >=, between, in, like with a % at the end, is
	// null, is nan, and, or, not and parentheses.
	Filter string `json:"filter"`

	// The snapshot to read, by its id, with the columns that it had. By
	// default the one that is the newest when the pipeline first runs; it
	// stays at that one.
	Snapshot int64 `json:"snapshot" weir:"min=0"`

	// Read the table as it was then.
	AsOf *time.Time `json:"as_of"`

	// Read only what was appended after this snapshot, as when a read of it
	// has ended and the table has grown. Deletes are not applied, and rewrites
	// are left out.
	FromSnapshot int64 `json:"from_snapshot" weir:"min=0"`

	// Read up to this snapshot, with it.
	ToSnapshot int64 `json:"to_snapshot" weir:"min=0"`

	// How many rows go into one batch at most.
	BatchRows int `json:"batch_rows" weir:"min=1,max=1000000"`
}

// defaults fills what is not set.
func (c SourceConfig) defaults() SourceConfig {
	if c.Catalog.Type != "rest" {
		set(&c.Warehouse, "./lake")
	}
	set(&c.BatchRows, 65536)
	c.Catalog = c.Catalog.defaults()
	return c
}

// Validate reports what is wrong with the settings in themselves.
func (c SourceConfig) Validate() error {
	var errs []error
	_, err := catalog.ParseName(c.Table)
	errs = append(errs, spec.At("table", err))
	if c.Filter != "" {
		_, err := filter.Parse(c.Filter)
		errs = append(errs, spec.At("filter", err))
	}
	if c.Snapshot != 0 && (c.AsOf != nil || c.FromSnapshot != 0 || c.ToSnapshot != 0) {
		errs = append(errs, spec.At("snapshot", errors.New("it goes with none of as_of, from_snapshot and to_snapshot")))
	}
	if c.AsOf != nil && c.ToSnapshot != 0 {
		errs = append(errs, spec.At("as_of", errors.New("it and to_snapshot both say where to end; set one")))
	}
	return errors.Join(errs...)
}
