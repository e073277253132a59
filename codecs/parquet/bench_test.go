package parquet

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

const benchRows = 65_536

// lineitem is like TPC-H's: numbers, decimals, dates, few strings.
func lineitem(batches int) []arrow.RecordBatch {
	dec := &arrow.Decimal128Type{Precision: 15, Scale: 2}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "orderkey", Type: arrow.PrimitiveTypes.Int64},
		{Name: "partkey", Type: arrow.PrimitiveTypes.Int32},
		{Name: "suppkey", Type: arrow.PrimitiveTypes.Int32},
		{Name: "linenumber", Type: arrow.PrimitiveTypes.Int32},
		{Name: "quantity", Type: dec},
		{Name: "price", Type: dec},
		{Name: "discount", Type: dec},
		{Name: "flag", Type: arrow.BinaryTypes.String},
		{Name: "shipdate", Type: arrow.FixedWidthTypes.Date32},
		{Name: "shipmode", Type: arrow.BinaryTypes.String},
		{Name: "comment", Type: arrow.BinaryTypes.String},
	}, nil)
	r := newRand(1)
	words := []string{"furiously", "even", "deposits", "sleep", "carefully", "final", "requests", "above", "the", "ironic"}
	var out []arrow.RecordBatch
	key := int64(0)
	for range batches {
		rb := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
		for i := range benchRows {
			key += int64(r.IntN(2))
			rb.Field(0).(*array.Int64Builder).Append(key)
			rb.Field(1).(*array.Int32Builder).Append(r.Int32N(200_000))
			rb.Field(2).(*array.Int32Builder).Append(r.Int32N(10_000))
			rb.Field(3).(*array.Int32Builder).Append(int32(i % 7))
			rb.Field(4).(*array.Decimal128Builder).Append(decimal128.FromI64(100 * (1 + r.Int64N(50))))
			rb.Field(5).(*array.Decimal128Builder).Append(decimal128.FromI64(90_000 + r.Int64N(10_000_000)))
			rb.Field(6).(*array.Decimal128Builder).Append(decimal128.FromI64(r.Int64N(11)))
			rb.Field(7).(*array.StringBuilder).Append("ANR"[i%3 : i%3+1])
			rb.Field(8).(*array.Date32Builder).Append(arrow.Date32(8000 + r.Int32N(2500)))
			rb.Field(9).(*array.StringBuilder).Append([]string{"AIR", "TRUCK", "MAIL", "SHIP"}[r.IntN(4)])
			var c strings.Builder
			for range 2 + r.IntN(4) {
				c.WriteString(words[r.IntN(len(words))] + " ")
			}
			rb.Field(10).(*array.StringBuilder).Append(c.String())
		}
		out = append(out, rb.NewRecordBatch())
	}
	return out
}

// clicks are like events of a web site: ids, times, nulls, nested columns.
func clicks(batches int) []arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "at", Type: arrow.FixedWidthTypes.Timestamp_us, Nullable: true},
		{Name: "user", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "url", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "price", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "coupon", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "device", Type: arrow.StructOf(arrow.Field{Name: "os", Type: arrow.BinaryTypes.String, Nullable: true}), Nullable: true},
		{Name: "tags", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true},
	}, nil)
	r := newRand(2)
	var out []arrow.RecordBatch
	at := int64(1_700_000_000_000_000)
	for range batches {
		rb := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
		for range benchRows {
			at += r.Int64N(2_000_000)
			rb.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()))
			rb.Field(1).(*array.TimestampBuilder).Append(arrow.Timestamp(at))
			rb.Field(2).(*array.Int64Builder).Append(r.Int64N(500_000))
			rb.Field(3).(*array.StringBuilder).Append(fmt.Sprintf("/shop/c%d/item/%d", r.IntN(40), r.IntN(60_000)))
			rb.Field(4).(*array.Float64Builder).Append(float64(r.IntN(50_000)) / 100)
			appendCoupon(rb.Field(5).(*array.StringBuilder), r)
			d := rb.Field(6).(*array.StructBuilder)
			d.Append(true)
			d.FieldBuilder(0).(*array.StringBuilder).Append([]string{"ios", "android", "linux"}[r.IntN(3)])
			l := rb.Field(7).(*array.ListBuilder)
			l.Append(true)
			for range r.IntN(4) {
				l.ValueBuilder().(*array.StringBuilder).Append([]string{"new", "vip", "email"}[r.IntN(3)])
			}
		}
		out = append(out, rb.NewRecordBatch())
	}
	return out
}

func appendCoupon(b *array.StringBuilder, r *rand.Rand) {
	if r.IntN(10) == 0 {
		b.AppendNull()
		return
	}
	b.Append(fmt.Sprintf("C%05d", r.IntN(500)))
}

// BenchmarkWriter compares the writers on one goroutine, zstd, in rows/s and
// Arrow MB/s; size is the bytes of a row in the file.
func BenchmarkWriter(b *testing.B) {
	for _, data := range []struct {
		name    string
		batches []arrow.RecordBatch
	}{{"lineitem", lineitem(4)}, {"clicks", clicks(4)}} {
		b.Run(data.name+"/weir", func(b *testing.B) { benchmarkWriter(b, data.batches, writeWeir) })
		b.Run(data.name+"/pqarrow", func(b *testing.B) { benchmarkWriter(b, data.batches, writePqarrow) })
	}
}

func benchmarkWriter(b *testing.B, batches []arrow.RecordBatch, write func(*testing.B, io.Writer, []arrow.RecordBatch)) {
	rows, size := int64(0), int64(0)
	for _, x := range batches {
		rows += x.NumRows()
		size += batchBytes(x)
	}
	var out countBytes
	b.ReportAllocs()
	for b.Loop() {
		out = 0
		write(b, &out, batches)
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds()/1e6, "MB/s")
	b.ReportMetric(float64(out)/float64(rows), "file-B/row")
}

type countBytes int64

func (c *countBytes) Write(p []byte) (int, error) {
	*c += countBytes(len(p))
	return len(p), nil
}

func writeWeir(b *testing.B, out io.Writer, batches []arrow.RecordBatch) {
	w, err := NewWriter(out, batches[0].Schema(), WriterOptions{Workers: 1})
	if err != nil {
		b.Fatal(err)
	}
	for _, x := range batches {
		if err := w.Write(x); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

func writePqarrow(b *testing.B, out io.Writer, batches []arrow.RecordBatch) {
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithStoreDecimalAsInteger(true), parquet.WithMaxRowGroupLength(DefaultRowGroupRows))
	w, err := pqarrow.NewFileWriter(batches[0].Schema(), out, props, pqarrow.DefaultWriterProps())
	if err != nil {
		b.Fatal(err)
	}
	for _, x := range batches {
		if err := w.WriteBuffered(x); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkReader reads what BenchmarkWriter writes.
func BenchmarkReader(b *testing.B) {
	for _, data := range []struct {
		name    string
		batches []arrow.RecordBatch
	}{{"lineitem", lineitem(4)}, {"clicks", clicks(4)}} {
		b.Run(data.name, func(b *testing.B) {
			var out bytes.Buffer
			writeWeir(b, &out, data.batches)
			b.ReportAllocs()
			rows := int64(0)
			for b.Loop() {
				r, err := Open(bytes.NewReader(out.Bytes()), ReaderOptions{})
				if err != nil {
					b.Fatal(err)
				}
				err = r.Read(b.Context(), nil, nil, func(x arrow.RecordBatch) error {
					rows += x.NumRows()
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
