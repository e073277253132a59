package parquet

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// cell is one entry of a column as Parquet sees it, found by plain recursion:
// the model that the writer is compared with.
type cell struct {
	rep, def int
	val      any // nil: null; else bool, int64, uint64, float64 or string
}

// shred returns the cells of each column of b, in schema order.
func shred(b arrow.RecordBatch, columns int) [][]cell {
	out := make([][]cell, columns)
	for row := range int(b.NumRows()) {
		at := 0
		for i, f := range b.Schema().Fields() {
			at = shredValue(out, at, b.Column(i), row, f, 0, 0, 0)
		}
	}
	return out
}

// shredValue appends value i of arr and returns the column after those it
// filled. depth is how many lists are around it.
func shredValue(out [][]cell, at int, arr arrow.Array, i int, f arrow.Field, rep, def, depth int) int {
	if e, ok := arr.(array.ExtensionArray); ok {
		arr = e.Storage()
	}
	null := i < 0 || arr.IsNull(i) || f.Type.ID() == arrow.NULL
	if f.Nullable && !null {
		def++
	}
	child := func(fields []arrow.Field, get func(int) arrow.Array, i, rep, def, depth int) int {
		n := at
		for k, c := range fields {
			n = shredValue(out, n, get(k), i, c, rep, def, depth)
		}
		return n
	}
	switch t := f.Type.(type) {
	case *arrow.StructType:
		if null {
			i = -1
		}
		return child(t.Fields(), arr.(*array.Struct).Field, i, rep, def, depth)
	case *arrow.MapType:
		m := arr.(*array.Map)
		fields := []arrow.Field{t.KeyField(), t.ItemField()}
		get := func(k int) arrow.Array { return []arrow.Array{m.Keys(), m.Items()}[k] }
		return shredList(m, i, null, rep, def, depth, func(i, rep, def, depth int) int {
			return child(fields, get, i, rep, def, depth)
		})
	case arrow.ListLikeType:
		l := arr.(array.ListLike)
		fields := []arrow.Field{t.ElemField()}
		return shredList(l, i, null, rep, def, depth, func(i, rep, def, depth int) int {
			return child(fields, func(int) arrow.Array { return l.ListValues() }, i, rep, def, depth)
		})
	}
	c := cell{rep: rep, def: def}
	if !null {
		c.val = value(arr, i)
	}
	out[at] = append(out[at], c)
	return at + 1
}

func shredList(l array.ListLike, i int, null bool, rep, def, depth int, elem func(i, rep, def, depth int) int) int {
	start, end := int64(0), int64(0)
	if !null {
		start, end = l.ValueOffsets(i)
	}
	if start == end {
		return elem(-1, rep, def, depth+1)
	}
	next := 0
	for k := start; k < end; k++ {
		next = elem(int(k), rep, def+1, depth+1)
		rep = depth + 1
	}
	return next
}

// value is value i of arr in the terms of Parquet.
func value(arr arrow.Array, i int) any {
	switch a := arr.(type) {
	case *array.Boolean:
		return a.Value(i)
	case *array.Int8:
		return int64(a.Value(i))
	case *array.Int16:
		return int64(a.Value(i))
	case *array.Int32:
		return int64(a.Value(i))
	case *array.Int64:
		return a.Value(i)
	case *array.Uint8:
		return uint64(a.Value(i))
	case *array.Uint16:
		return uint64(a.Value(i))
	case *array.Uint32:
		return uint64(a.Value(i))
	case *array.Uint64:
		return a.Value(i)
	case *array.Date32:
		return int64(a.Value(i))
	case *array.Time32:
		return int64(a.Value(i))
	case *array.Time64:
		return int64(a.Value(i))
	case *array.Timestamp:
		return int64(a.Value(i))
	case *array.Float16:
		return string(binary.LittleEndian.AppendUint16(nil, a.Value(i).Uint16()))
	case *array.Float32:
		return float64(a.Value(i))
	case *array.Float64:
		return a.Value(i)
	case *array.Decimal128:
		v := a.Value(i)
		p := a.DataType().(*arrow.Decimal128Type).Precision
		if p <= 18 {
			return v.BigInt().Int64()
		}
		raw := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(v.HighBits())), v.LowBits())
		return string(raw[16-minBytes(p):])
	case *array.String:
		return a.Value(i)
	case *array.LargeString:
		return a.Value(i)
	case *array.Binary:
		return string(a.Value(i))
	case *array.LargeBinary:
		return string(a.Value(i))
	case *array.FixedSizeBinary:
		return string(a.Value(i))
	case *array.Dictionary:
		return value(a.Dictionary(), a.GetValueIndex(i))
	}
	panic(fmt.Sprintf("%T", arr))
}

// minBytes is how many bytes a decimal of p digits needs.
func minBytes(p int32) int {
	return int(math.Ceil((float64(p)*math.Log2(10) + 1) / 8))
}

// same compares two cells; NaN equals NaN.
func (c cell) same(d cell) bool {
	x, ok1 := c.val.(float64)
	y, ok2 := d.val.(float64)
	if ok1 && ok2 {
		return c.rep == d.rep && c.def == d.def && math.Float64bits(x) == math.Float64bits(y) || math.IsNaN(x) && math.IsNaN(y)
	}
	return c == d
}

// decimalBound is a decimal stored as bytes.
func decimalBound(s string) *big.Int {
	n := new(big.Int).SetBytes([]byte(s))
	if s[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(s))))
	}
	return n
}
