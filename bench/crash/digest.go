package crash

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the reader that is not ours
)

// reader is DuckDB.
type reader struct{ db *sql.DB }

func openReader() (*reader, error) {
	db, err := sql.Open("duckdb", "?threads=1")
	if err != nil {
		return nil, fmt.Errorf("open DuckDB: %w", err)
	}
	return &reader{db}, nil
}

func (r *reader) exec(ctx context.Context, text string) error {
	if _, err := r.db.ExecContext(ctx, text); err != nil {
		return fmt.Errorf("DuckDB: %.100s: %w", text, err)
	}
	return nil
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// parquetRows is the query of files, which may be none.
func parquetRows(files []string, columns string) string {
	if len(files) == 0 {
		return ""
	}
	list := make([]string, len(files))
	for i, f := range files {
		list[i] = quote(f)
	}
	return "SELECT " + columns + " FROM read_parquet([" + strings.Join(list, ", ") + "], hive_partitioning = false)"
}

// digest tells sets of rows apart, whatever their order.
type digest struct {
	Rows int64
	Sum  string // of 64 bits of the MD5 of each row as JSON
}

func (r *reader) digest(ctx context.Context, query string) (d digest, err error) {
	if query == "" {
		return digest{0, "0"}, nil
	}
	text := "SELECT count(*), coalesce(sum(md5_number_lower(to_json(t)::VARCHAR)::HUGEINT), 0)::VARCHAR FROM (" + query + ") t"
	if err := r.db.QueryRowContext(ctx, text).Scan(&d.Rows, &d.Sum); err != nil {
		return d, fmt.Errorf("ask DuckDB for a digest: %w", err)
	}
	return d, nil
}

// differences counts the rows that t lacks, and those that it has too often
// or should not have.
type differences struct{ lost, doubled int64 }

func (r *reader) compare(ctx context.Context, t table) (d differences, err error) {
	want, err := r.digest(ctx, t.want)
	if err != nil {
		return d, err
	}
	got, err := r.digest(ctx, t.got)
	if err != nil || got == want {
		return d, err
	}
	if t.got == "" {
		return differences{lost: want.Rows}, nil
	}
	count := func(from, without string) (n int64) {
		text := "SELECT count(*) FROM (SELECT to_json(t)::VARCHAR FROM (" + from + ") t EXCEPT ALL SELECT to_json(t)::VARCHAR FROM (" + without + ") t)"
		err = errors.Join(err, r.db.QueryRowContext(ctx, text).Scan(&n))
		return n
	}
	d = differences{count(t.want, t.got), count(t.got, t.want)}
	if err == nil && d == (differences{}) {
		err = fmt.Errorf("table %s: digests %v and %v of the same rows", t.name, want, got)
	}
	return d, err
}
