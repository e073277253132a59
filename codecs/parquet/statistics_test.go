package parquet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/float16"
	parquetgo "github.com/parquet-go/parquet-go"
)

// decodeBound reads a bound as cells have values.
func decodeBound(b []byte, col *column) any {
	switch col.physical {
	case physBool:
		return b[0] == 1
	case physInt32:
		v := binary.LittleEndian.Uint32(b)
		if col.unsigned() {
			return uint64(v)
		}
		return int64(int32(v))
	case physInt64:
		v := binary.LittleEndian.Uint64(b)
		if col.unsigned() {
			return v
		}
		return int64(v)
	case physFloat:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case physDouble:
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	default:
		return string(b)
	}
}

// compareValues orders two values of a column as the format says.
func compareValues(a, b any, col *column) int {
	switch a := a.(type) {
	case bool:
		return compareBool(a, b.(bool))
	case int64:
		return cmp.Compare(a, b.(int64))
	case uint64:
		return cmp.Compare(a, b.(uint64))
	case float64:
		return cmp.Compare(a, b.(float64))
	case string:
		switch col.kind {
		case kindDecimal:
			return decimalBound(a).Cmp(decimalBound(b.(string)))
		case kindFloat16:
			return cmp.Compare(halfValue(a), halfValue(b.(string)))
		default:
			return strings.Compare(a, b.(string))
		}
	}
	panic("type")
}

func halfValue(s string) float32 {
	return float16.FromBits(binary.LittleEndian.Uint16([]byte(s))).Float32()
}

// counts reports whether a value counts for bounds.
func counts(v any, col *column) bool {
	switch x := v.(type) {
	case nil:
		return false
	case float64:
		return !math.IsNaN(x)
	case string:
		return col.kind != kindFloat16 || !math.IsNaN(float64(halfValue(x)))
	}
	return true
}

// checkBounds checks lo and hi against the values, and that exact bounds are
// values.
func checkBounds(t *testing.T, where string, cells []cell, lo, hi []byte, exact bool, col *column) {
	t.Helper()
	low, high := decodeBound(lo, col), decodeBound(hi, col)
	foundLow, foundHigh := false, false
	for _, c := range cells {
		if !counts(c.val, col) {
			continue
		}
		l, h := compareValues(low, c.val, col), compareValues(high, c.val, col)
		if l > 0 || h < 0 {
			t.Fatalf("%s: %v is outside of %v to %v", where, c.val, low, high)
		}
		foundLow, foundHigh = foundLow || l == 0, foundHigh || h == 0
	}
	if exact && (!foundLow || !foundHigh) {
		t.Fatalf("%s: %v and %v are not values", where, low, high)
	}
	// A zero bound is -0 below and +0 above: readers may take either for the
	// other.
	if x, ok := low.(float64); ok && x == 0 && !math.Signbit(x) {
		t.Fatalf("%s: lower bound +0", where)
	}
	if x, ok := high.(float64); ok && x == 0 && math.Signbit(x) {
		t.Fatalf("%s: upper bound -0", where)
	}
}

// checkStatistics compares the statistics of chunks and the page index with
// a plain loop over the values.
func checkStatistics(t *testing.T, w *written) {
	t.Helper()
	f, err := parquetgo.OpenFile(bytes.NewReader(w.file), int64(len(w.file)))
	if err != nil {
		t.Fatal(err)
	}
	all := w.cells()
	at := make([]int, len(all))
	for g, group := range f.Metadata().RowGroups {
		for c, col := range w.layout.columns {
			n := int(group.Columns[c].MetaData.NumValues)
			cells := all[c][at[c] : at[c]+n]
			at[c] += n
			checkChunk(t, f, g, c, cells, col)
			checkPages(t, f, g, c, cells, col)
		}
	}
}

func checkChunk(t *testing.T, f *parquetgo.File, g, c int, cells []cell, col *column) {
	t.Helper()
	s := f.Metadata().RowGroups[g].Columns[c].MetaData.Statistics
	nulls, some := int64(0), false
	for _, x := range cells {
		if x.val == nil {
			nulls++
		}
		some = some || counts(x.val, col)
	}
	if s.NullCount != nulls {
		t.Fatalf("column %s: %v nulls, want %d", col.name(), s.NullCount, nulls)
	}
	if some != (s.MinValue != nil) || some != (s.MaxValue != nil) {
		t.Fatalf("column %s: bounds %v %v", col.name(), s.MinValue, s.MaxValue)
	}
	if some {
		checkBounds(t, col.name(), cells, s.MinValue, s.MaxValue, true, col)
	}
}

func checkPages(t *testing.T, f *parquetgo.File, g, c int, cells []cell, col *column) {
	t.Helper()
	i := g*len(f.Metadata().RowGroups[g].Columns) + c
	places := f.OffsetIndexes()[i].PageLocations
	if len(places) == 0 {
		t.Fatalf("column %s: no offset index", col.name())
	}
	if f.Metadata().RowGroups[g].Columns[c].ColumnIndexOffset == 0 {
		for _, x := range cells {
			if x.val != nil && !counts(x.val, col) {
				return // NaN pages have no bounds
			}
		}
		t.Fatalf("column %s: no column index", col.name())
	}
	index := f.ColumnIndexes()[i]
	var starts []int // of rows
	for k, x := range cells {
		if x.rep == 0 {
			starts = append(starts, k)
		}
	}
	starts = append(starts, len(cells))
	for p := range places {
		end := int64(len(starts) - 1)
		if p+1 < len(places) {
			end = places[p+1].FirstRowIndex
		}
		part := cells[starts[places[p].FirstRowIndex]:starts[end]]
		nulls, some := int64(0), false
		for _, x := range part {
			if x.val == nil {
				nulls++
			}
			some = some || counts(x.val, col)
		}
		if index.NullCounts[p] != nulls || index.NullPages[p] != (nulls == int64(len(part))) {
			t.Fatalf("column %s, page %d: %d nulls, want %d", col.name(), p, index.NullCounts[p], nulls)
		}
		if some {
			checkBounds(t, col.name(), part, index.MinValues[p], index.MaxValues[p], false, col)
		}
	}
}
