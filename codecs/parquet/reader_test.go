package parquet

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/metadata"
)

// file writes n rows of id, text and a list, in row groups of 1000.
func testFile(tb testing.TB, n int) []byte {
	tb.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "text", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "tags", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true},
	}, nil)
	rb := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
	for i := range n {
		rb.Field(0).(*array.Int64Builder).Append(int64(i))
		rb.Field(1).(*array.StringBuilder).Append(strings.Repeat("x", i%50))
		l := rb.Field(2).(*array.ListBuilder)
		l.Append(i%5 > 0)
		for k := range i % 5 {
			l.ValueBuilder().(*array.StringBuilder).Append(strings.Repeat("y", k))
		}
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, schema, WriterOptions{RowGroupRows: 1000, Bloom: []string{"id"}})
	if err != nil {
		tb.Fatal(err)
	}
	if err := w.Write(rb.NewRecordBatch()); err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func TestReadGroupsAndColumns(t *testing.T) {
	r, err := Open(bytes.NewReader(testFile(t, 3500)), ReaderOptions{BatchRows: 300})
	if err != nil {
		t.Fatal(err)
	}
	if g := r.RowGroups(); len(g) != 4 || g[0].Rows != 1000 || g[3].Rows != 500 || g[0].Bytes <= 0 {
		t.Fatalf("row groups %v", g)
	}
	var ids []int64
	err = r.Read(t.Context(), []int{3, 1}, []string{"tags", "id"}, func(b arrow.RecordBatch) error {
		if b.NumCols() != 2 || b.ColumnName(0) != "id" || b.NumRows() > 300 {
			t.Fatalf("batch %v of %d rows", b.Schema(), b.NumRows())
		}
		ids = append(ids, b.Column(0).(*array.Int64).Int64Values()...)
		return nil
	})
	if err != nil || len(ids) != 1500 || ids[0] != 3000 || ids[500] != 1000 || ids[1499] != 1999 {
		t.Fatalf("%d ids, %v", len(ids), err)
	}
	rows := int64(0)
	err = r.Read(t.Context(), nil, []string{}, func(b arrow.RecordBatch) error {
		rows += b.NumRows()
		return nil
	})
	if err != nil || rows != 3500 {
		t.Fatalf("no columns: %d rows, %v", rows, err)
	}
	if err := r.Read(t.Context(), nil, []string{"nix"}, nil); err == nil || !strings.Contains(err.Error(), `no column "nix"`) {
		t.Errorf("unknown column: %v", err)
	}
	if err := r.Read(t.Context(), []int{4}, nil, nil); err == nil {
		t.Error("row group 4 of 4 was read")
	}
	stop := errors.New("stop")
	if err := r.Read(t.Context(), nil, nil, func(arrow.RecordBatch) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("emit's error came back as %v", err)
	}
}

// TestBatchBytes reads a dictionary of long strings, which is small in the
// file and large in memory.
func TestBatchBytes(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String}}, nil)
	rb := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
	long := strings.Repeat("0123456789", 100)
	for range 50_000 {
		rb.Field(0).(*array.StringBuilder).Append(long)
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, schema, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(rb.NewRecordBatch())); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if out.Len() > 10_000 {
		t.Errorf("%d bytes for one string", out.Len())
	}
	r, err := Open(bytes.NewReader(out.Bytes()), ReaderOptions{BatchBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	batches := 0
	err = r.Read(t.Context(), nil, nil, func(b arrow.RecordBatch) error {
		if batches++; batches > 1 && b.NumRows() > 1100 {
			t.Errorf("batch %d has %d rows of 1 KB", batches, b.NumRows())
		}
		return nil
	})
	if err != nil || batches < 40 {
		t.Errorf("%d batches, %v", batches, err)
	}
}

func TestOpenDamaged(t *testing.T) {
	good := testFile(t, 3500)
	for name, file := range map[string][]byte{
		"empty":     {},
		"short":     []byte("PAR1"),
		"text":      []byte(strings.Repeat("no parquet ", 100)),
		"cut":       good[:len(good)-100],
		"no middle": append(bytes.Clone(good[:100]), good[len(good)-4000:]...),
	} {
		r, err := Open(bytes.NewReader(file), ReaderOptions{})
		if err == nil {
			err = r.Read(t.Context(), nil, nil, func(arrow.RecordBatch) error { return nil })
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}

// TestReadDamaged turns bytes of a file and reads it: whatever comes, it is
// rows or an error.
func TestReadDamaged(t *testing.T) {
	good := testFile(t, 2500)
	r := rand.New(rand.NewPCG(1, 2))
	failed := 0
	for range 400 {
		bad := bytes.Clone(good)
		for range 1 + r.IntN(4) {
			bad[r.IntN(len(bad))] ^= byte(1 + r.IntN(255))
		}
		if readAll(t.Context(), bad) != nil {
			failed++
		}
	}
	if failed == 0 {
		t.Error("no damage was noticed")
	}
}

// TestReadDamagedTypes does the same to files of all types, with what was
// turned not hidden by compression.
func TestReadDamagedTypes(t *testing.T) {
	for seed := range uint64(25) {
		r := newRand(seed)
		w := written{schema: randomSchema(r)}
		w.batches = []arrow.RecordBatch{randomBatch(r, w.schema, r.IntN(200))}
		w.write(t, WriterOptions{Compression: "none", RowGroupRows: 100, Workers: 1})
		for range 20 {
			bad := bytes.Clone(w.file)
			for range 1 + r.IntN(3) {
				bad[r.IntN(len(bad))] ^= byte(1 << r.IntN(8))
			}
			_ = readAll(t.Context(), bad) // rows or an error, but no panic
		}
	}
}

// TestArrowSchemaCounts puts a huge count in every place of the Arrow schema
// that a file carries: nothing may be allocated by it.
func TestArrowSchemaCounts(t *testing.T) {
	o, err := WriterOptions{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	kv, err := pairs(randomSchema(newRand(6)), o)
	if err != nil {
		t.Fatal(err)
	}
	good, err := base64.StdEncoding.DecodeString(kv[len(kv)-1][1])
	if err != nil {
		t.Fatal(err)
	}
	check := func(b []byte) error {
		m := metadata.NewKeyValueMetadata()
		if err := m.Append(arrowSchemaKey, base64.StdEncoding.EncodeToString(b)); err != nil {
			return err
		}
		return checkArrowSchema(m)
	}
	if err := check(good); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for at := 8; at+4 <= len(good); at += 4 {
		bad := bytes.Clone(good)
		binary.LittleEndian.PutUint32(bad[at:], 1<<30)
		if check(bad) != nil {
			refused++
		}
	}
	if refused < 10 {
		t.Errorf("%d of %d places were noticed", refused, len(good)/4)
	}
}

func readAll(ctx context.Context, file []byte) error {
	r, err := Open(bytes.NewReader(file), ReaderOptions{BatchBytes: 1 << 20})
	if err != nil {
		return err
	}
	batches := 0
	return r.Read(ctx, nil, nil, func(arrow.RecordBatch) error {
		// A few bytes can say that a null comes a billion times.
		if batches++; batches > 1000 {
			return errors.New("enough")
		}
		return nil
	})
}

func FuzzReader(f *testing.F) {
	f.Add(testFile(f, 10))
	f.Add(testFile(f, 300))
	f.Fuzz(func(t *testing.T, file []byte) {
		_ = readAll(t.Context(), file) // rows or an error, but no panic
	})
}

func TestOpenFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.parquet")
	if err := os.WriteFile(name, testFile(t, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(f, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err == nil {
		t.Error("Close left the file open")
	}
}
