package iceberg

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/io/iceberg/internal/catalog"
	"github.com/weirflow/weir/io/iceberg/internal/partition"
	"github.com/weirflow/weir/io/iceberg/internal/schema"
)

// Catalog says where tables are found.
type Catalog struct {
	// The kind of the catalog: a SQLite file in the warehouse, or a REST
	// catalog at uri.
	Type string `json:"type" weir:"oneof=sqlite|rest"`

	// The name of the catalog within a SQLite file, or the prefix of a REST
	// catalog that does not say its own.
	Name string `json:"name"`

	// The address of a REST catalog, as in https://host/catalog, without /v1.
	URI string `json:"uri"`

	// The client id and secret for OAuth, as id:secret.
	Credential string `json:"credential" weir:"secret"`

	// A bearer token, instead of a credential.
	Token string `json:"token" weir:"secret"`

	// Where OAuth tokens are fetched; by default from the catalog itself.
	TokenURI string `json:"token_uri"`

	// The scope that is asked for with a credential.
	Scope string `json:"scope"`

	// Headers that are sent with each request.
	Headers map[string]string `json:"headers" weir:"secret"`

	// A file with the certificates (PEM) that the server's is checked
	// against, instead of the system's.
	CA string `json:"ca"`

	// Do not check the server's certificate. Anybody on the way can then
	// read and change everything.
	Insecure bool `json:"insecure_skip_verify"`

	// How long one request may take.
	Timeout spec.Duration `json:"timeout" weir:"min=1s"`
}

// Config is the settings of the sink.
type Config struct {
	// The table, as namespace.table.
	Table string `json:"table" weir:"required"`

	// The folder of the tables. A REST catalog may be given the name of one
	// of its warehouses instead, or nothing.
	Warehouse string `json:"warehouse"`

	// Where tables are found.
	Catalog Catalog `json:"catalog"`

	// Make the table, and its namespace, when they are missing. The default
	// is true.
	Create *bool `json:"create"`

	// How a table that is made is partitioned: columns, and year, month, day,
	// hour of columns, bucket(n, column), truncate(n, column). A table that
	// is there keeps its own partitions.
	Partition []string `json:"partition"`

	// Properties of a table that is made.
	Properties map[string]string `json:"properties"`

	// What the table's schema does when batches do not fit it: stay (strict),
	// gain optional columns (add_columns), widen types (type_widen), or both
	// and also make required columns optional (full). All else stops.
	Schema string `json:"schema" weir:"oneof=strict|add_columns|type_widen|full"`

	// Append changes as rows, with a column _op that holds the kind of each:
	// insert, before, update or delete. Without it, rows that are no inserts
	// are refused.
	Changelog bool `json:"changelog"`

	// The size at which a file is finished and the next one begun.
	TargetFileSize spec.Size `json:"target_file_size" weir:"min=1MiB"`

	// The compression of the files.
	Compression string `json:"compression" weir:"oneof=zstd|snappy|none"`

	// The level of zstd, 1 to 22; 0 leaves it to the writer.
	CompressionLevel int `json:"compression_level" weir:"min=0,max=22"`

	// The encodings of the files: basic is what every engine's reader of Iceberg
	// knows (plain and dictionary); all adds delta and split encodings, for
	// smaller files that older Spark runtimes can not read.
	Encodings string `json:"encodings" weir:"oneof=basic|all"`

	// Columns whose files get a bloom filter.
	Bloom []string `json:"bloom"`

	// How many partitions are written at a time. One more, and the fullest
	// file is finished.
	OpenPartitions int `json:"open_partitions" weir:"min=1"`

	// How many snapshots a commit leaves; older ones are expired, with the
	// files that only they hold. 0 keeps all.
	KeepSnapshots int `json:"keep_snapshots" weir:"min=0"`

	// Take a table over that another state directory has written to. Needed
	// once, after a state directory was lost; what was written since then
	// is written again.
	Takeover bool `json:"takeover"`
}

// defaults fills what is not set.
func (c Config) defaults() Config {
	if c.Catalog.Type != "rest" {
		set(&c.Warehouse, "./lake")
	}
	set(&c.Schema, "add_columns")
	set(&c.TargetFileSize, 128<<20)
	set(&c.Compression, "zstd")
	set(&c.Encodings, "basic")
	set(&c.OpenPartitions, 64)
	c.Catalog = c.Catalog.defaults()
	return c
}

func (c Catalog) defaults() Catalog {
	set(&c.Type, "sqlite")
	set(&c.Timeout, spec.Duration(time.Minute))
	if c.Type == "sqlite" {
		set(&c.Name, "default")
	}
	return c
}

func set[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Validate reports what is wrong with the settings in themselves.
func (c Config) Validate() error {
	_, err := catalog.ParseName(c.Table)
	return errors.Join(spec.At("table", err), spec.At("partition", partition.Check(c.Partition)))
}

// Validate reports what is wrong with the settings in themselves.
func (c Catalog) Validate() error {
	switch {
	case c.Type == "rest" && c.URI == "":
		return errors.New("a REST catalog needs uri")
	case c.Type != "rest" && c.URI != "":
		return errors.New("uri is for type: rest")
	case c.Credential != "" && c.Token != "":
		return errors.New("credential and token are both set; one is enough")
	}
	return nil
}

// policy is the setting schema.
func (c Config) policy() schema.Policy {
	full := c.Schema == "full"
	return schema.Policy{
		Add: full || c.Schema == "add_columns", Widen: full || c.Schema == "type_widen", Relax: full,
	}
}

// create reports whether missing tables are made.
func (c Config) create() bool { return c.Create == nil || *c.Create }

// open returns the catalog.
func (c Catalog) open(warehouse string) (catalog.Catalog, error) {
	if c.Type == "rest" {
		return catalog.NewREST(catalog.RESTOptions{
			URI: c.URI, Warehouse: warehouse, Prefix: c.Name, Credential: c.Credential, Token: c.Token,
			TokenURI: c.TokenURI, Scope: c.Scope, Headers: c.Headers, CA: c.CA, Insecure: c.Insecure,
			Timeout: time.Duration(c.Timeout),
		})
	}
	if strings.Contains(warehouse, "://") && !strings.HasPrefix(warehouse, "file://") {
		return nil, flow.Markf(flow.BadConfig, "warehouse %s: a SQLite catalog is for a local folder", warehouse)
	}
	path, err := catalog.LocalPath(warehouse)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return nil, flow.Markf(flow.BadConfig, "warehouse %s: %w", warehouse, err)
	}
	return &catalog.SQLite{
		File: filepath.Join(path, "catalog.db"), Name: c.Name, Warehouse: catalog.FileURL(path),
	}, nil
}

// place is a table in a catalog.
type place struct {
	catalog.Catalog
	id table.Identifier
}

func (c Config) place() (place, error) {
	if err := c.Validate(); err != nil {
		return place{}, flow.Mark(flow.BadConfig, err)
	}
	return openPlace(c.Table, c.Warehouse, c.Catalog)
}

func openPlace(name, warehouse string, c Catalog) (place, error) {
	id, err := catalog.ParseName(name)
	if err = errors.Join(err, c.Validate()); err != nil {
		return place{}, flow.Mark(flow.BadConfig, err)
	}
	cat, err := c.open(warehouse)
	return place{cat, id}, err
}

// load returns the table as it is now.
func (p place) load(ctx context.Context) (*table.Table, error) {
	t, err := p.Load(ctx, p.id)
	if err != nil {
		return nil, mark(err)
	}
	return t, nil
}

func (p place) String() string { return catalog.String(p.id) }

// mark gives an error of the catalog its kind.
func mark(err error) error {
	if errors.Is(err, catalog.ErrDenied) {
		return flow.Mark(flow.BadConfig, err)
	}
	return err
}

// atPath makes a local folder relative to dir.
func atPath(dir, warehouse string) string {
	if warehouse == "" || strings.Contains(warehouse, "://") || filepath.IsAbs(warehouse) {
		return warehouse
	}
	return filepath.Join(dir, warehouse)
}

func (p place) errorf(format string, args ...any) error {
	return fmt.Errorf("table %s: "+format, append([]any{p}, args...)...)
}
