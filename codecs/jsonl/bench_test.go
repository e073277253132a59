//go:build unix

package jsonl_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs/internal/texttest"
	"github.com/weirflow/weir/codecs/jsonl"
	"github.com/weirflow/weir/internal/mem"
)

// events are rows of texttest.EventSchema: those of the file that
// WEIR_BENCH_EVENTS names, or made here.
func events(b *testing.B) []byte {
	b.Helper()
	file := os.Getenv("WEIR_BENCH_EVENTS")
	if file == "" {
		return texttest.Events(50_000)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	return text
}

func BenchmarkDecode(b *testing.B) {
	text := events(b)
	schema := texttest.Schema(texttest.EventSchema)
	for name, alloc := range map[string]memory.Allocator{"go": nil, "pool": mem.NewPool(mem.Options{})} {
		b.Run("alloc="+name, func(b *testing.B) {
			d, err := jsonl.NewDecoder(schema, jsonl.Options{Alloc: alloc, Lines: true})
			if err != nil {
				b.Fatal(err)
			}
			defer d.Release()
			texttest.Bench(b, text, func() int { return texttest.Drain(b, d, text) })
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	text := events(b)
	schema := texttest.Schema(texttest.EventSchema)
	d, err := jsonl.NewDecoder(schema, jsonl.Options{BatchRows: 50_000})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Release()
	if _, err := d.Decode(text, true); err != nil {
		b.Fatal(err)
	}
	rows := d.Flush()
	defer rows.Release()
	e, err := jsonl.NewEncoder(schema)
	if err != nil {
		b.Fatal(err)
	}
	out, err := e.Append(nil, rows)
	if err != nil {
		b.Fatal(err)
	}
	texttest.Bench(b, out, func() int {
		if out, err = e.Append(out[:0], rows); err != nil {
			b.Fatal(err)
		}
		return int(rows.NumRows())
	})
}

// BenchmarkPeer is what others make of the same text: structs, and columns.
func BenchmarkPeer(b *testing.B) {
	text := events(b)
	b.Run("encoding/json", func(b *testing.B) {
		texttest.Bench(b, text, func() (rows int) {
			for line := range bytes.Lines(text) {
				var row struct {
					EventID   string    `json:"event_id"`
					TS        time.Time `json:"ts"`
					UserID    int64     `json:"user_id"`
					SessionID string    `json:"session_id"`
					EventType string    `json:"event_type"`
					URL       string    `json:"url"`
					Country   string    `json:"country"`
					Price     float64   `json:"price"`
					Quantity  int64     `json:"quantity"`
					Score     float64   `json:"score"`
					Coupon    *string   `json:"coupon"`
					Device    struct {
						OS      string `json:"os"`
						Browser string `json:"browser"`
						Mobile  bool   `json:"mobile"`
					} `json:"device"`
					Tags []string `json:"tags"`
				}
				if err := json.Unmarshal(line, &row); err != nil {
					b.Fatal(err)
				}
				rows++
			}
			return rows
		})
	})
	b.Run("arrow", func(b *testing.B) {
		schema := texttest.Schema(texttest.EventSchema)
		texttest.Bench(b, text, func() (rows int) {
			r := array.NewJSONReader(bytes.NewReader(text), schema, array.WithChunk(65536))
			defer r.Release()
			for r.Next() {
				rows += int(r.RecordBatch().NumRows())
			}
			if r.Err() != nil {
				b.Fatal(r.Err())
			}
			return rows
		})
	})
}
