package crash

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

const (
	jobRows       = 8000 // of each source
	opsRows       = 5000
	rowsPerSecond = 25_000
	windowText    = "60" // seconds, as in bench/cmd/crash/child
	allColumns    = "id, key, area, amount::DECIMAL(12,2) AS amount, epoch_us(moment) AS moment, ok, note"
)

// row is a line of JSON. Rows are in the order of their times.
func row(rng *rand.Rand, id int64) string {
	at := time.Unix(1_700_000_000+id/20, id%20*50_000_000).UTC()
	note := "null"
	if rng.IntN(4) > 0 {
		note = fmt.Sprintf(`"n %x"`, rng.Uint64())
	}
	return fmt.Sprintf(`{"id":%d,"key":"k%d","area":"%c","amount":%d.%02d,"moment":"%s","ok":%v,"note":%s}`+"\n",
		id, rng.IntN(200), 'a'+rng.IntN(3), rng.IntN(1000), rng.IntN(100),
		at.Format("2006-01-02T15:04:05.000000"), rng.IntN(2) == 0, note)
}

// writeLines writes n rows from id from on into files of JSON lines, and
// twice of them a second time, a little behind the first.
func writeLines(dir string, rng *rand.Rand, from, n int64, files int, twice int64) (err error) {
	if err := os.MkdirAll(filepath.Join(dir, "in"), 0o755); err != nil {
		return err
	}
	var late []string
	for i := range files {
		f, err := os.Create(filepath.Join(dir, "in", fmt.Sprintf("%d.jsonl", i)))
		if err != nil {
			return err
		}
		w := bufio.NewWriter(f)
		for id := from + n*int64(i)/int64(files); id < from+n*int64(i+1)/int64(files) && err == nil; id++ {
			one := row(rng, id)
			_, err = w.WriteString(one)
			if rng.Int64N(n) < twice {
				late = append(late, one)
			}
			if len(late) > 0 && err == nil && rng.IntN(3) == 0 {
				_, err = w.WriteString(late[0])
				late = late[1:]
			}
		}
		if err = errors.Join(err, w.Flush(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// writeColumns writes n rows from id from on into Parquet files of many row
// groups.
func writeColumns(ctx context.Context, db *reader, dir string, rng *rand.Rand, from, n int64, files int) error {
	temp := filepath.Join(dir, "temp")
	if err := writeLines(temp, rng, from, n, files, 0); err != nil {
		return err
	}
	for i := range files {
		lines := filepath.Join(temp, "in", fmt.Sprintf("%d.jsonl", i))
		columns := filepath.Join(dir, "in", fmt.Sprintf("%d.parquet", i))
		if err := db.exec(ctx, fmt.Sprintf("COPY (%s) TO %s (FORMAT parquet, ROW_GROUP_SIZE 2048)",
			readLines(lines), quote(columns))); err != nil {
			return err
		}
	}
	return os.RemoveAll(temp)
}

func readLines(pattern string) string {
	return "SELECT * FROM read_json(" + quote(pattern) + `, format = 'newline_delimited', columns = {id: 'BIGINT', ` +
		`key: 'VARCHAR', area: 'VARCHAR', amount: 'DECIMAL(12,2)', moment: 'TIMESTAMP', ok: 'BOOLEAN', note: 'VARCHAR'})`
}

func inputLines(dir string) string {
	return "SELECT " + allColumns + " FROM (" + readLines(filepath.Join(dir, "in", "*.jsonl")) + ")"
}

// inputRows is the query of all input.
func inputRows(dir string) string {
	return inputLines(dir) + " UNION ALL SELECT " + allColumns + " FROM read_parquet(" +
		quote(filepath.Join(dir, "in", "*.parquet")) + ")"
}
