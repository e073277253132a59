package parquet

import (
	"encoding/binary"
)

// chunkMeta is what the footer says about a column chunk.
type chunkMeta struct {
	col       *column
	encodings []encoding
	codec     compression
	values    int64
	nulls     int64
	raw       int64
	packed    int64
	plain     int64
	dataAt    int64
	dictAt    int64 // 0: none
	bounds    bounds

	bloomAt, bloomSize             int64
	columnIndex, offsetIndex       []byte // until they are written
	columnIndexAt, offsetIndexAt   int64
	columnIndexLen, offsetIndexLen int32
}

// groupMeta is what the footer says about a row group.
type groupMeta struct {
	rows   int64
	at     int64
	chunks []chunkMeta
}

// footer is the content of a file's footer.
type footer struct {
	layout  *layout
	groups  []groupMeta
	rows    int64
	pairs   [][2]string
	created string
}

// encode returns the footer in Thrift.
func (f *footer) encode() []byte {
	var t compact
	t.open()
	t.i32(1, 2)
	f.schema(&t)
	t.i64(3, f.rows)
	t.list(4, thriftStruct, len(f.groups))
	for i := range f.groups {
		f.groups[i].encode(&t, i)
	}
	if len(f.pairs) > 0 {
		t.list(5, thriftStruct, len(f.pairs))
		for _, p := range f.pairs {
			t.open()
			t.string(1, p[0])
			t.string(2, p[1])
			t.end()
		}
	}
	t.string(6, f.created)
	// The order of each column is the one its type defines.
	t.list(7, thriftStruct, len(f.layout.columns))
	for range f.layout.columns {
		t.open()
		t.empty(1)
		t.end()
	}
	t.end()
	return t.buf
}

func (f *footer) schema(t *compact) {
	top := 0
	for i, n := 0, len(f.layout.elements); i < n; top++ {
		i = f.layout.after(i)
	}
	t.list(2, thriftStruct, 1+len(f.layout.elements))
	t.open()
	t.string(4, "schema")
	t.i32(5, int32(top))
	t.end()
	for i := range f.layout.elements {
		f.layout.elements[i].encode(t)
	}
}

// after is the element behind the one at i and all below that.
func (l *layout) after(i int) int {
	next := i + 1
	for range l.elements[i].children {
		next = l.after(next)
	}
	return next
}

func (g *groupMeta) encode(t *compact, ordinal int) {
	raw, packed := int64(0), int64(0)
	t.open()
	t.list(1, thriftStruct, len(g.chunks))
	for i := range g.chunks {
		c := &g.chunks[i]
		c.encode(t)
		raw += c.raw
		packed += c.packed
	}
	t.i64(2, raw)
	t.i64(3, g.rows)
	t.i64(5, g.at)
	t.i64(6, packed)
	if ordinal < 1<<15 {
		t.i16(7, int16(ordinal))
	}
	t.end()
}

func (c *chunkMeta) encode(t *compact) {
	t.open()
	t.i64(2, 0)
	t.begin(3)
	t.i32(1, int32(c.col.physical))
	t.list(2, thriftI32, len(c.encodings))
	for _, e := range c.encodings {
		t.itemInt(int64(e))
	}
	t.list(3, thriftBinary, len(c.col.path))
	for _, p := range c.col.path {
		t.itemString(p)
	}
	t.i32(4, int32(c.codec))
	t.i64(5, c.values)
	t.i64(6, c.raw)
	t.i64(7, c.packed)
	t.i64(9, c.dataAt)
	if c.dictAt > 0 {
		t.i64(11, c.dictAt)
	}
	c.statistics(t)
	if c.bloomAt > 0 {
		t.i64(14, c.bloomAt)
		t.i32(15, int32(c.bloomSize))
	}
	if c.col.physical == physBytes {
		t.begin(16)
		t.i64(1, c.plain)
		t.end()
	}
	t.end()
	if c.offsetIndexLen > 0 {
		t.i64(4, c.offsetIndexAt)
		t.i32(5, c.offsetIndexLen)
	}
	if c.columnIndexLen > 0 {
		t.i64(6, c.columnIndexAt)
		t.i32(7, c.columnIndexLen)
	}
	t.end()
}

func (c *chunkMeta) statistics(t *compact) {
	t.begin(12)
	t.i64(3, c.nulls)
	if c.bounds.ok {
		t.bytes(5, c.bounds.max)
		t.bytes(6, c.bounds.min)
		t.bool(7, !c.bounds.maxCut)
		t.bool(8, !c.bounds.minCut)
	}
	t.end()
}

// encodeOffsetIndex returns where the pages are; at is the place of the
// first data page in the file.
func encodeOffsetIndex(t *compact, pages []page, at int64) []byte {
	t.buf = nil
	t.open()
	t.list(1, thriftStruct, len(pages))
	for i := range pages {
		t.open()
		t.i64(1, at+pages[i].offset)
		t.i32(2, pages[i].size)
		t.i64(3, pages[i].row)
		t.end()
	}
	t.end()
	return t.buf
}

// encodeColumnIndex returns the bounds of the pages, or nil when there are
// pages that bounds cannot describe.
func encodeColumnIndex(t *compact, c *chunk) []byte {
	if c.nan {
		return nil
	}
	for _, p := range c.pages {
		if !p.bounds.ok && !p.empty {
			return nil
		}
	}
	t.buf = nil
	t.open()
	t.list(1, thriftTrue, len(c.pages))
	for _, p := range c.pages {
		if p.empty {
			t.buf = append(t.buf, thriftTrue)
		} else {
			t.buf = append(t.buf, thriftFalse)
		}
	}
	t.list(2, thriftBinary, len(c.pages))
	for _, p := range c.pages {
		t.item(p.bounds.min)
	}
	t.list(3, thriftBinary, len(c.pages))
	for _, p := range c.pages {
		t.item(p.bounds.max)
	}
	t.i32(4, int32(c.order))
	t.list(5, thriftI64, len(c.pages))
	for _, p := range c.pages {
		t.itemInt(p.nulls)
	}
	t.end()
	return t.buf
}

const magic = "PAR1"

// trailer is the end of the file: the footer, its length, and the magic.
func trailer(footer []byte) []byte {
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	return append(footer, magic...)
}
