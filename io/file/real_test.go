package file

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/weirflow/weir/flow"
)

// realData is the folder of whole files; the excerpts in testdata are always
// read.
const realData = "../../../shared/data"

func TestRealData(t *testing.T) {
	zip := map[string]string{
		"zip_code": "string", "latitude": "float64", "longitude": "float64", "city": "string", "state": "string", "county": "string",
	}
	flights := map[string]string{"delay": "int64", "distance": "int64", "time": "float64"}
	for _, c := range []struct {
		path    string
		rows    int64
		columns map[string]string
	}{
		{"testdata/zipcodes.csv", 10, zip},
		{"testdata/flights.json", 12, flights},
		{filepath.Join(realData, "zipcodes.csv"), 42_049, zip},
		{filepath.Join(realData, "flights-200k.json"), 200_000, flights},
		{filepath.Join(realData, "flights-3m.parquet"), 3_000_000, nil},
	} {
		t.Run(c.path, func(t *testing.T) {
			if _, err := os.Stat(c.path); err != nil && filepath.IsAbs(c.path) {
				t.Skipf("no real data here: %v", err)
			}
			f := Source(Config{Path: c.path, SplitSize: 1 << 20})
			rows, schema := count(t, f)
			if rows != c.rows {
				t.Errorf("%d rows, want %d", rows, c.rows)
			}
			if c.columns == nil {
				t.Log(schema)
			}
			for name, want := range c.columns {
				if got, ok := field(schema, name); !ok || typeName(got.Type) != want {
					t.Errorf("column %s is %v, want %s", name, got, want)
				}
			}
		})
	}
}

// count runs all splits and counts.
func count(tb testing.TB, f *Files) (rows int64, schema *arrow.Schema) {
	tb.Helper()
	for _, s := range splitsOf(tb, f) {
		err := f.Run(tb.Context(), s, nil, flow.ForwardTo(func(vs []flow.Batch, _ Position) error {
			for _, v := range vs {
				rows += v.NumRows()
				schema = v.Schema()
				v.Release()
			}
			return nil
		}))
		if err != nil {
			tb.Fatal(err)
		}
	}
	return rows, schema
}
