package datagen

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// block is the rows of one batch: row i is the version of key keys[i] that
// change writes[i] has written. Where rows are not changes, both are the
// number of the row.
type block struct {
	keys, writes []int64
	alloc        memory.Allocator
}

func (b *block) len() int { return len(b.keys) }

// build makes the column of one block.
type build func(b *block) arrow.Array

// fixed makes a column of a fixed width out of one value per row.
func fixed[T arrow.FixedWidthType](t arrow.DataType, f func(b *block, i int) T) build {
	return func(b *block) arrow.Array {
		buf := memory.NewResizableBuffer(b.alloc)
		buf.Resize(b.len() * t.(arrow.FixedWidthDataType).Bytes())
		values := arrow.GetData[T](buf.Bytes())
		for i := range values {
			values[i] = f(b, i)
		}
		return finish(t, b.len(), nil, buf)
	}
}

func int64s(f func(b *block, i int) int64) build {
	return fixed(arrow.PrimitiveTypes.Int64, f)
}

func int32s(f func(b *block, i int) int32) build {
	return fixed(arrow.PrimitiveTypes.Int32, f)
}

func float64s(f func(b *block, i int) float64) build {
	return fixed(arrow.PrimitiveTypes.Float64, f)
}

func timestamps(f func(b *block, i int) arrow.Timestamp) build { return fixed(timestamp, f) }

// money makes a column of decimals out of cents.
func money(f func(b *block, i int) int64) build {
	return fixed(decimal, func(b *block, i int) decimal128.Num { return decimal128.FromI64(f(b, i)) })
}

// bools makes a column of bits.
func bools(f func(b *block, i int) bool) build {
	return func(b *block) arrow.Array {
		return finish(arrow.FixedWidthTypes.Boolean, b.len(), nil, bitmap(b, f))
	}
}

func bitmap(b *block, f func(b *block, i int) bool) *memory.Buffer {
	buf := memory.NewResizableBuffer(b.alloc)
	buf.Resize(int(bitutil.BytesForBits(int64(b.len()))))
	out := buf.Bytes()
	for at := range out {
		var eight byte
		for i := at * 8; i < min(at*8+8, b.len()); i++ {
			if f(b, i) {
				eight |= 1 << (i % 8)
			}
		}
		out[at] = eight
	}
	return buf
}

// texts makes a column of strings: f appends one to dst. width is what most
// take.
func texts(width int, f func(dst []byte, b *block, i int) []byte) build {
	return func(b *block) arrow.Array {
		return textArray(b.alloc, b.len(), width, func(dst []byte, i int) []byte { return f(dst, b, i) })
	}
}

func textArray(alloc memory.Allocator, n, width int, f func(dst []byte, i int) []byte) arrow.Array {
	offsets := memory.NewResizableBuffer(alloc)
	offsets.Resize((n + 1) * arrow.Int32SizeBytes)
	ends := arrow.GetData[int32](offsets.Bytes())
	ends[0] = 0
	data := memory.NewResizableBuffer(alloc)
	data.Reserve(n*width + maxText)
	out := data.Buf()[:0]
	for i := range n {
		if cap(out)-len(out) < maxText { // append must not leave the buffer
			data.ResizeNoShrink(len(out))
			data.Reserve(2 * cap(out))
			out = data.Buf()[:len(out)]
		}
		out = f(out, i)
		ends[i+1] = int32(len(out))
	}
	data.ResizeNoShrink(len(out))
	return finish(arrow.BinaryTypes.String, n, nil, offsets, data)
}

// maxText is the longest string that a column makes.
const maxText = 256

// words makes a column of strings out of a list and the index into it.
func words(list []string, f func(b *block, i int) uint64) build {
	width := 0
	for _, w := range list {
		width = max(width, len(w))
	}
	return texts(width, func(dst []byte, b *block, i int) []byte {
		return append(dst, list[f(b, i)]...)
	})
}

// nullable makes the rows null for which f says so.
func nullable(build build, isNull func(b *block, i int) bool) build {
	return func(b *block) arrow.Array {
		values := build(b)
		defer values.Release()
		valid := bitmap(b, func(b *block, i int) bool { return !isNull(b, i) })
		defer valid.Release()
		d := values.Data()
		buffers := append([]*memory.Buffer{valid}, d.Buffers()[1:]...)
		nulls := b.len() - bitutil.CountSetBits(valid.Bytes(), 0, b.len())
		data := array.NewData(d.DataType(), b.len(), buffers, d.Children(), nulls, 0)
		defer data.Release()
		return array.MakeFromData(data)
	}
}

// structs makes a column of structs.
func structs(t *arrow.StructType, fields ...build) build {
	return func(b *block) arrow.Array {
		children := make([]arrow.Array, len(fields))
		for i, f := range fields {
			children[i] = f(b)
		}
		return finish(t, b.len(), children)
	}
}

// labels makes a column of maps from strings to strings that all have the same
// keys; f is the value of one.
func labels(keys []string, f func(b *block, i, key int) string) build {
	t := tagType()
	return func(b *block) arrow.Array {
		n, per := b.len(), len(keys)
		names := textArray(b.alloc, n*per, 8, func(dst []byte, i int) []byte {
			return append(dst, keys[i%per]...)
		})
		values := textArray(b.alloc, n*per, 8, func(dst []byte, i int) []byte {
			return append(dst, f(b, i/per, i%per)...)
		})
		offsets := memory.NewResizableBuffer(b.alloc)
		offsets.Resize((n + 1) * arrow.Int32SizeBytes)
		for i, ends := 0, arrow.GetData[int32](offsets.Bytes()); i <= n; i++ {
			ends[i] = int32(i * per)
		}
		entries := finish(t.Elem(), n*per, []arrow.Array{names, values})
		return finish(t, n, []arrow.Array{entries}, offsets)
	}
}

// finish makes an array without nulls and gives its parts away.
func finish(t arrow.DataType, n int, children []arrow.Array, buffers ...*memory.Buffer) arrow.Array {
	parts := make([]arrow.ArrayData, len(children))
	for i, c := range children {
		parts[i] = c.Data()
	}
	data := array.NewData(t, n, append([]*memory.Buffer{nil}, buffers...), parts, 0, 0)
	defer data.Release()
	for _, buf := range buffers {
		buf.Release()
	}
	out := array.MakeFromData(data)
	for _, c := range children {
		c.Release()
	}
	return out
}
