package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/apache/iceberg-go/table"
	_ "modernc.org/sqlite" // the driver, without cgo

	"github.com/weirflow/weir/flow"
)

// SQLite is a catalog in a SQLite file. The file is opened for each call, so
// that other programs may use and move it, and nothing has to be closed.
type SQLite struct {
	// File is the path of the catalog; it and its folder are made when they
	// are missing.
	File string

	// Name is the catalog's name within the file.
	Name string

	// Warehouse is the location below which tables are created.
	Warehouse string

	mu   sync.Mutex
	at   string         // the metadata file that was read or written last
	meta table.Metadata // what it holds: such files never change
}

// read returns the content of a metadata file.
func (c *SQLite) read(ctx context.Context, id table.Identifier, at string) (table.Metadata, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at != at {
		t, err := table.NewFromLocation(ctx, id, at, filesOf(at, nil), nil)
		if err != nil {
			return nil, fmt.Errorf("read table %s: metadata %s: %w", String(id), at, err)
		}
		c.at, c.meta = at, t.Metadata()
	}
	return c.meta, nil
}

const layout = `
CREATE TABLE IF NOT EXISTS iceberg_tables (
	catalog_name VARCHAR NOT NULL, table_namespace VARCHAR NOT NULL, table_name VARCHAR NOT NULL,
	iceberg_type VARCHAR, metadata_location VARCHAR, previous_metadata_location VARCHAR,
	PRIMARY KEY (catalog_name, table_namespace, table_name));
CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
	catalog_name VARCHAR NOT NULL, namespace VARCHAR NOT NULL,
	property_key VARCHAR NOT NULL, property_value VARCHAR,
	PRIMARY KEY (catalog_name, namespace, property_key))`

// open opens the file. Writers wait for each other, and a commit is durable
// when it returns.
func (c *SQLite) open(ctx context.Context, create bool) (*sql.DB, error) {
	switch _, err := os.Stat(c.File); {
	case err == nil:
	case !errors.Is(err, os.ErrNotExist):
		return nil, flow.Markf(flow.BadConfig, "open catalog: %w", err)
	case !create:
		return nil, fmt.Errorf("open catalog %s: %w", c.File, ErrNoTable)
	default:
		if err := makeDir(filepath.Dir(c.File)); err != nil {
			return nil, flow.Markf(flow.BadConfig, "make the folder of the catalog: %w", err)
		}
	}
	q := url.Values{
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)"},
		"_txlock": {"immediate"},
	}
	name := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: c.File}).EscapedPath(), RawQuery: q.Encode()}).String()
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("open catalog %s: %w", c.File, err)
	}
	db.SetMaxOpenConns(1)
	if create {
		_, err = db.ExecContext(ctx, layout)
	} else {
		err = db.PingContext(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open catalog %s: %w", c.File, err), db.Close())
	}
	return db, nil
}

// Ping opens the catalog if there is one, and otherwise reports whether it
// could be made.
func (c *SQLite) Ping(ctx context.Context) error {
	_, err := c.Tables(ctx)
	return err
}

// Tables lists the tables.
func (c *SQLite) Tables(ctx context.Context) (ids []table.Identifier, err error) {
	db, err := c.open(ctx, false)
	if errors.Is(err, ErrNoTable) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, `SELECT table_namespace, table_name FROM iceberg_tables
		WHERE catalog_name = ? AND metadata_location IS NOT NULL
		AND coalesce(iceberg_type, 'TABLE') = 'TABLE' ORDER BY 1, 2`, c.Name)
	if err != nil {
		return nil, fmt.Errorf("list tables of %s: %w", c.File, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var ns, name string
		if err := rows.Scan(&ns, &name); err != nil {
			return nil, fmt.Errorf("list tables of %s: %w", c.File, err)
		}
		ids = append(ids, append(strings.Split(ns, "."), name))
	}
	return ids, rows.Err()
}

// Load returns the table as it is now.
func (c *SQLite) Load(ctx context.Context, id table.Identifier) (t *table.Table, err error) {
	db, err := c.open(ctx, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return c.load(ctx, db, id)
}

func (c *SQLite) load(ctx context.Context, db *sql.DB, id table.Identifier) (*table.Table, error) {
	var at sql.NullString
	err := db.QueryRowContext(ctx, `SELECT metadata_location FROM iceberg_tables
		WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?
		AND coalesce(iceberg_type, 'TABLE') = 'TABLE'`, c.Name, namespace(id), name(id)).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !at.Valid {
		return nil, fmt.Errorf("load table %s from %s: %w", String(id), c.File, ErrNoTable)
	}
	if err != nil {
		return nil, fmt.Errorf("load table %s from %s: %w", String(id), c.File, err)
	}
	meta, err := c.read(ctx, id, at.String)
	if err != nil {
		return nil, err
	}
	return table.New(id, meta, at.String, filesOf(at.String, nil), nil), nil
}

// Create makes the table, and its namespace when that is missing.
func (c *SQLite) Create(ctx context.Context, id table.Identifier, n New) (t *table.Table, err error) {
	db, err := c.open(ctx, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if t, err := c.load(ctx, db, id); !errors.Is(err, ErrNoTable) {
		return t, err
	}
	location, err := url.JoinPath(c.Warehouse, append([]string{namespace(id) + ".db"}, name(id))...)
	if err != nil {
		return nil, fmt.Errorf("create table %s: %w", String(id), err)
	}
	meta, err := table.NewMetadata(n.Schema, n.Spec, table.UnsortedSortOrder, location, n.Properties)
	if err != nil {
		return nil, fmt.Errorf("create table %s: %w", String(id), err)
	}
	at, err := writeMetadata(ctx, meta, 0)
	if err != nil {
		return nil, fmt.Errorf("create table %s: %w", String(id), err)
	}
	made, err := c.insert(ctx, db, id, at)
	if err != nil {
		return nil, fmt.Errorf("create table %s: %w", String(id), err)
	}
	if !made {
		err = Disk{}.Remove(at)
	}
	t, lerr := c.load(ctx, db, id)
	return t, errors.Join(err, lerr)
}

// insert adds the table's row, unless there is one.
func (c *SQLite) insert(ctx context.Context, db *sql.DB, id table.Identifier, at string) (made bool, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	if _, err = tx.ExecContext(ctx, `INSERT INTO iceberg_namespace_properties VALUES (?, ?, 'exists', 'true')
		ON CONFLICT DO NOTHING`, c.Name, namespace(id)); err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name,
		iceberg_type, metadata_location) VALUES (?, ?, ?, 'TABLE', ?) ON CONFLICT DO NOTHING`,
		c.Name, namespace(id), name(id), at)
	if err != nil {
		return false, err
	}
	k, err := res.RowsAffected()
	if err != nil {
		return false, err
	}
	return k == 1, tx.Commit()
}

// Commit writes new metadata, makes it durable, and then moves the table's row
// to it if the row has not changed.
func (c *SQLite) Commit(ctx context.Context, id table.Identifier, reqs []table.Requirement,
	updates []table.Update,
) (m table.Metadata, err error) {
	db, err := c.open(ctx, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	t, err := c.load(ctx, db, id)
	if err != nil {
		return nil, err
	}
	for _, r := range reqs {
		if err := r.Validate(t.Metadata()); err != nil {
			return nil, fmt.Errorf("commit to %s: %w: %w", String(id), ErrConflict, err)
		}
	}
	meta, err := table.UpdateTableMetadata(t.Metadata(), updates, t.MetadataLocation())
	if err != nil {
		return nil, fmt.Errorf("commit to %s: %w", String(id), err)
	}
	at, err := writeMetadata(ctx, meta, version(t.MetadataLocation())+1)
	if err != nil {
		return nil, fmt.Errorf("commit to %s: write metadata: %w", String(id), err)
	}
	res, err := db.ExecContext(ctx, `UPDATE iceberg_tables SET metadata_location = ?,
		previous_metadata_location = ?, iceberg_type = 'TABLE'
		WHERE catalog_name = ? AND table_namespace = ? AND table_name = ? AND metadata_location = ?`,
		at, t.MetadataLocation(), c.Name, namespace(id), name(id), t.MetadataLocation())
	if err != nil {
		return nil, fmt.Errorf("commit to %s: %w: %w", String(id), ErrUnknown, err)
	}
	switch n, err := res.RowsAffected(); {
	case err != nil:
		return nil, fmt.Errorf("commit to %s: %w: %w", String(id), ErrUnknown, err)
	case n == 0:
		return nil, errors.Join(fmt.Errorf("commit to %s: %w", String(id), ErrConflict), Disk{}.Remove(at))
	}
	c.mu.Lock()
	c.at, c.meta = at, meta
	c.mu.Unlock()
	return meta, nil
}

// writeMetadata makes a metadata file durable and returns where it is.
func writeMetadata(ctx context.Context, meta table.Metadata, version int) (string, error) {
	places, err := table.LoadLocationProvider(meta.Location(), meta.Properties())
	if err != nil {
		return "", err
	}
	at, err := places.NewTableMetadataFileLocation(version)
	if err != nil {
		return "", err
	}
	files, err := FilesAt(ctx, at, meta.Properties())
	if err != nil {
		return "", err
	}
	f, err := files.Create(at)
	if err != nil {
		return "", err
	}
	return at, errors.Join(encode(f, at, meta), f.Close())
}

// version is the number that the name of a metadata file begins with, as in
// 00012-<uuid>.metadata.json; 0 when it has none.
func version(location string) int {
	digits, _, _ := strings.Cut(path.Base(location), "-")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

func namespace(id table.Identifier) string { return strings.Join(id[:len(id)-1], ".") }

func name(id table.Identifier) string { return id[len(id)-1] }

var _ Catalog = (*SQLite)(nil)
