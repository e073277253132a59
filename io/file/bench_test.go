package file

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/mem"
	"github.com/weirflow/weir/io/connector"
)

// wide is n rows of 10 columns, in a format.
func wide(format string, n int) []byte {
	var out bytes.Buffer
	if format == csvName {
		out.WriteString("id,user,ts,kind,country,price,quantity,score,active,url\n")
	}
	for i := range n {
		id, kind, url := fmt.Sprintf("%032x", i*7919), i%12, fmt.Sprintf("/p/%d/item?ref=%d", i%9973, i%31)
		ts := fmt.Sprintf("2024-03-%02dT%02d:%02d:%02d.%06dZ", 1+i%28, i%24, i%60, i%59, i%1_000_000)
		if format == csvName {
			fmt.Fprintf(&out, "%s,%d,%s,kind%d,c%d,%d.%02d,%d,%g,%t,%s\n", id, i*31%99991, ts, kind, i%20, i%500, i%100, i%9,
				float64(i%1000)/7, i%3 == 0, url)
			continue
		}
		fmt.Fprintf(&out, `{"id":%q,"user":%d,"ts":%q,"kind":"kind%d","country":"c%d","price":%d.%02d,"quantity":%d,"score":%g,"active":%t,"url":%q}`+"\n",
			id, i*31%99991, ts, kind, i%20, i%500, i%100, i%9, float64(i%1000)/7, i%3 == 0, url)
	}
	return out.Bytes()
}

var wideSchema = []Column{
	{"id", "string", true},
	{"user", "int64", true},
	{"ts", "timestamp[us, UTC]", true},
	{"kind", "string", true},
	{"country", "string", true},
	{"price", "decimal(9,2)", true},
	{"quantity", "int32", true},
	{"score", "float64", true},
	{"active", "bool", true},
	{"url", "string", true},
}

// BenchmarkSource reads files into batches that are dropped.
func BenchmarkSource(b *testing.B) {
	const n = 200_000
	for _, c := range []struct{ format, compression string }{
		{jsonlName, none}, {csvName, none}, {jsonlName, "gzip"}, {jsonlName, "zstd"}, {csvName, "lz4"},
	} {
		b.Run(c.format+"/"+c.compression, func(b *testing.B) {
			text := wide(c.format, n)
			cfg := SinkConfig{Format: c.format, Compression: c.compression}
			var out bytes.Buffer
			z, err := compress(&out, c.compression, 0)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := z.Write(text); err != nil {
				b.Fatal(err)
			}
			if err := z.Close(); err != nil {
				b.Fatal(err)
			}
			p := filepath.Join(memoryDir(b), "a"+cfg.ending())
			if err := os.WriteFile(p, out.Bytes(), 0o644); err != nil {
				b.Fatal(err)
			}
			pool := mem.NewPool(mem.Options{})
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				f := newFiles(Config{Path: p, Schema: wideSchema}, connector.Env{Alloc: pool})
				if rows, _ := count(b, f); rows != n {
					b.Fatalf("%d rows", rows)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkQuotes counts quotes, which is what cutting a CSV file costs.
func BenchmarkQuotes(b *testing.B) {
	text := wide(csvName, 100_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		var q quoteIndex
		if _, err := q.inside(bytes.NewReader(text), int64(len(text))-1); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPartition gives rows their folders and gathers them.
func BenchmarkPartition(b *testing.B) {
	const n = 60_000
	f := newFiles(Config{Path: filepath.Join(write(b, map[string][]byte{"a.csv": wide(csvName, n)}), "a.csv"), Schema: wideSchema},
		connector.Env{})
	var batch flow.Batch
	for _, s := range splitsOf(b, f) {
		if err := f.Run(b.Context(), s, nil, flow.ForwardTo(func(vs []flow.Batch, _ Position) error {
			if batch.RecordBatch == nil || batch.NumRows() < vs[0].NumRows() {
				batch = vs[0]
			}
			return nil
		})); err != nil {
			b.Fatal(err)
		}
	}
	for _, spec := range [][]string{{"country"}, {"day(ts)"}, {"country", "hour(ts)"}} {
		b.Run(fmt.Sprint(spec), func(b *testing.B) {
			parts, err := parsePartition(spec)
			if err != nil {
				b.Fatal(err)
			}
			p := newPartitioner(parts)
			for b.Loop() {
				if _, _, err := p.split(batch.RecordBatch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(int(batch.NumRows())*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
