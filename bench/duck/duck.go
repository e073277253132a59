// Package duck asks DuckDB: the peer of the ingestion figures, and the reader
// that checks what weir has written without any of weir's code.
package duck

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the driver
)

// Exec runs one statement in a database of its own.
func Exec(ctx context.Context, statement string) (err error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return fmt.Errorf("open DuckDB: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("run %q: %w", statement, err)
	}
	return nil
}

// Row runs a query that gives one row, in a database of its own, and returns
// its values as text, by column.
func Row(ctx context.Context, query string) (values map[string]string, err error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, fmt.Errorf("open DuckDB: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("query %q: %w", query, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("query %q: %w", query, err)
	}
	if !rows.Next() {
		return nil, errors.Join(fmt.Errorf("query %q: no row", query), rows.Err())
	}
	found, into := make([]any, len(names)), make([]any, len(names))
	for i := range into {
		into[i] = &found[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, fmt.Errorf("query %q: %w", query, err)
	}
	values = map[string]string{}
	for i, name := range names {
		values[name] = fmt.Sprint(found[i])
	}
	return values, nil
}

// Files is the table function that reads Parquet files.
func Files(paths ...string) string {
	quoted := make([]string, len(paths))
	for i, p := range paths {
		quoted[i] = Text(p)
	}
	return "read_parquet([" + strings.Join(quoted, ", ") + "])"
}

// Text is s as a literal of SQL.
func Text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
