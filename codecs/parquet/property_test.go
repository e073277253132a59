package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	parquetgo "github.com/parquet-go/parquet-go"
)

// written is a file and what went into it.
type written struct {
	schema  *arrow.Schema
	batches []arrow.RecordBatch
	file    []byte
	meta    *metadata.FileMetaData
	layout  *layout
}

func writeRandom(t *testing.T, r *rand.Rand) written {
	t.Helper()
	w := written{schema: randomSchema(r)}
	o := WriterOptions{
		Compression:   []string{"", "snappy", "none"}[r.IntN(3)],
		RowGroupRows:  int64(1 + r.IntN(3000)),
		RowGroupBytes: int64(1 + r.IntN(300_000)),
		Workers:       1 + r.IntN(3),
		Encodings:     []string{"", allEncodings, basicEncodings}[r.IntN(3)],
	}
	for range r.IntN(5) {
		w.batches = append(w.batches, randomBatch(r, w.schema, r.IntN(2000)))
	}
	w.write(t, o)
	return w
}

func (w *written) write(t *testing.T, o WriterOptions) {
	t.Helper()
	var out bytes.Buffer
	pw, err := NewWriter(&out, w.schema, o)
	if err != nil {
		t.Fatal(err)
	}
	defer pw.Abort()
	for _, b := range w.batches {
		if err := pw.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if w.meta, err = pw.Close(); err != nil {
		t.Fatal(err)
	}
	if pw.Written() != int64(out.Len()) || pw.Buffered() != 0 {
		t.Errorf("Written %d of %d bytes, Buffered %d", pw.Written(), out.Len(), pw.Buffered())
	}
	w.file, w.layout = out.Bytes(), pw.footer.layout
}

// cells are what is expected in each column.
func (w *written) cells() [][]cell {
	out := make([][]cell, len(w.layout.columns))
	for _, b := range w.batches {
		for i, c := range shred(b, len(out)) {
			out[i] = append(out[i], c...)
		}
	}
	return out
}

func TestRandomFiles(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := writeRandom(t, rand.New(rand.NewPCG(seed, 1)))
			if t.Failed() {
				return
			}
			readBack(t, &w)
			readWithParquetGo(t, &w)
			checkStatistics(t, &w)
		})
	}
}

// readBack compares with what our reader, which is Arrow's, sees.
func readBack(t *testing.T, w *written) {
	t.Helper()
	r, err := Open(bytes.NewReader(w.file), ReaderOptions{BatchRows: 777})
	if err != nil {
		t.Fatal(err)
	}
	if !sameTypes(r.Schema(), w.schema) {
		t.Fatalf("schema\n%s\nwant\n%s", r.Schema(), w.schema)
	}
	got := make([][]cell, len(w.layout.columns))
	err = r.Read(t.Context(), nil, nil, func(b arrow.RecordBatch) error {
		for i, c := range shred(b, len(got)) {
			got[i] = append(got[i], c...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.compare(t, "arrow", got)
}

// compare checks the cells of all columns.
func (w *written) compare(t *testing.T, who string, got [][]cell) {
	t.Helper()
	want := w.cells()
	for c, col := range w.layout.columns {
		if len(got[c]) != len(want[c]) {
			t.Fatalf("%s: column %s %v: %d cells, want %d", who, col.name(), col.leafType, len(got[c]), len(want[c]))
		}
		for i := range got[c] {
			if !got[c][i].same(want[c][i]) {
				t.Fatalf("%s: column %s %v, cell %d: %v, want %v", who, col.name(), col.leafType, i, got[c][i], want[c][i])
			}
		}
	}
}

func sameTypes(a, b *arrow.Schema) bool {
	if a.NumFields() != b.NumFields() {
		return false
	}
	for i, f := range a.Fields() {
		g := b.Field(i)
		if f.Name != g.Name || f.Nullable != g.Nullable || f.Type.String() != g.Type.String() {
			return false
		}
	}
	return true
}

// readWithParquetGo compares levels and values of each column with another
// reader.
func readWithParquetGo(t *testing.T, w *written) {
	t.Helper()
	f, err := parquetgo.OpenFile(bytes.NewReader(w.file), int64(len(w.file)))
	if err != nil {
		t.Fatal(err)
	}
	got := make([][]cell, len(w.layout.columns))
	for c, col := range w.layout.columns {
		for _, g := range f.RowGroups() {
			got[c] = append(got[c], readColumn(t, g.ColumnChunks()[c], col)...)
		}
	}
	w.compare(t, "parquet-go", got)
}

func readColumn(t *testing.T, chunk parquetgo.ColumnChunk, col *column) []cell {
	t.Helper()
	var out []cell
	pages := chunk.Pages()
	defer func() { _ = pages.Close() }()
	for {
		p, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("column %s: %v", col.name(), err)
		}
		vals := make([]parquetgo.Value, p.NumValues())
		n, _ := p.Values().ReadValues(vals)
		for _, v := range vals[:n] {
			out = append(out, cell{v.RepetitionLevel(), v.DefinitionLevel(), fromParquetGo(v, col)})
		}
	}
}

func fromParquetGo(v parquetgo.Value, col *column) any {
	if v.IsNull() {
		return nil
	}
	switch col.physical {
	case physBool:
		return v.Boolean()
	case physInt32:
		if col.unsigned() {
			return uint64(v.Uint32())
		}
		return int64(v.Int32())
	case physInt64:
		if col.unsigned() {
			return v.Uint64()
		}
		return v.Int64()
	case physFloat:
		return float64(v.Float())
	case physDouble:
		return v.Double()
	default:
		return string(v.ByteArray())
	}
}
