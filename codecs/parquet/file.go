package parquet

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/metadata"
)

const (
	arrowSchemaKey = "ARROW:schema"
	createdBy      = "weir version 0.1.0" // readers parse it
)

// writeGroup writes the chunks of the row group that the workers ended.
func (w *Writer) writeGroup(rows int64) error {
	if err := w.begin(); err != nil {
		return err
	}
	g := groupMeta{at: w.written, rows: rows}
	for _, c := range w.columns {
		m, err := w.writeChunk(c)
		if err != nil {
			return err
		}
		g.chunks = append(g.chunks, m)
		c.begin()
	}
	w.pool.encoded = 0
	w.footer.rows += g.rows
	w.footer.groups = append(w.footer.groups, g)
	return nil
}

// begin writes what a file begins with, once.
func (w *Writer) begin() error {
	if w.written > 0 {
		return nil
	}
	return w.put([]byte(magic))
}

func (w *Writer) writeChunk(cw *columnWriter) (chunkMeta, error) {
	c := &cw.chunk
	m := chunkMeta{
		col: cw.col, codec: c.codec, values: c.values, nulls: c.nulls, raw: c.raw, plain: c.plain,
		packed: int64(len(c.dict) + len(c.data)), bounds: c.bounds.cut(maxChunkBound, cw.col),
	}
	for e, used := range c.used {
		if used {
			m.encodings = append(m.encodings, encoding(e))
		}
	}
	if !c.used[encRLE] {
		m.encodings = append(m.encodings, encRLE)
	}
	if len(c.dict) > 0 {
		m.dictAt = w.written
		if err := w.put(c.dict); err != nil {
			return m, err
		}
	}
	m.dataAt = w.written
	if err := w.put(c.data); err != nil {
		return m, err
	}
	var t compact
	m.offsetIndex = encodeOffsetIndex(&t, c.pages, m.dataAt)
	m.columnIndex = encodeColumnIndex(&t, c)
	if cw.bloom {
		b := encodeBloom(c.bloom)
		m.bloomAt, m.bloomSize = w.written, int64(len(b))
		if err := w.put(b); err != nil {
			return m, err
		}
	}
	return m, nil
}

// writeFooter writes the page indexes and the footer.
func (w *Writer) writeFooter() (*metadata.FileMetaData, error) {
	if err := w.begin(); err != nil {
		return nil, err
	}
	if err := w.writeIndexes(); err != nil {
		return nil, err
	}
	end := w.footer.encode()
	meta, err := metadata.NewFileMetaData(end, nil)
	if err != nil {
		return nil, fmt.Errorf("encode footer: %w", err)
	}
	if err := w.put(trailer(end)); err != nil {
		return nil, err
	}
	meta.SetSourceFileSize(w.written)
	return meta, nil
}

func (w *Writer) writeIndexes() error {
	for _, g := range w.footer.groups {
		for i := range g.chunks {
			c := &g.chunks[i]
			if c.columnIndex == nil {
				continue
			}
			c.columnIndexAt, c.columnIndexLen = w.written, int32(len(c.columnIndex))
			if err := w.put(c.columnIndex); err != nil {
				return err
			}
		}
	}
	for _, g := range w.footer.groups {
		for i := range g.chunks {
			c := &g.chunks[i]
			c.offsetIndexAt, c.offsetIndexLen = w.written, int32(len(c.offsetIndex))
			if err := w.put(c.offsetIndex); err != nil {
				return err
			}
		}
	}
	return nil
}

// batchBytes is about the memory of b's rows.
func batchBytes(b arrow.RecordBatch) int64 {
	n := int64(0)
	for _, c := range b.Columns() {
		n += dataBytes(c.Data())
	}
	return n
}

// dataBytes is the memory of d's rows: in proportion where it is a slice.
func dataBytes(d arrow.ArrayData) int64 {
	if d.Len() == 0 {
		return 0
	}
	if w, ok := d.DataType().(arrow.FixedWidthDataType); ok && len(d.Children()) == 0 {
		return int64(d.Len())*int64(w.BitWidth()+1)/8 + 1
	}
	n := int64(0)
	bufs := d.Buffers()
	if len(bufs) > 1 && bufs[1] != nil {
		n += offsetBytes(d)
	}
	for _, c := range d.Children() {
		n += dataBytes(c) * int64(d.Len()) / int64(max(d.Len(), c.Len()))
	}
	return n
}

// offsetBytes is the memory of the offsets of d and of what they point to.
func offsetBytes(d arrow.ArrayData) int64 {
	from, to := d.Offset(), d.Offset()+d.Len()
	offsets := d.Buffers()[1].Bytes()
	switch d.DataType().ID() {
	case arrow.STRING, arrow.BINARY:
		o := arrow.Int32Traits.CastFromBytes(offsets)
		return int64(o[to]-o[from]) + 4*int64(d.Len())
	case arrow.LARGE_STRING, arrow.LARGE_BINARY:
		o := arrow.Int64Traits.CastFromBytes(offsets)
		return o[to] - o[from] + 8*int64(d.Len())
	default:
		return 4 * int64(d.Len())
	}
}

// standardNames is schema as it is stored in the file: the fields inside of
// lists and maps have their standard names, and pairs have required keys.
func standardNames(schema *arrow.Schema) *arrow.Schema {
	fields := make([]arrow.Field, schema.NumFields())
	for i, f := range schema.Fields() {
		fields[i] = standardField(f)
	}
	meta := schema.Metadata()
	return arrow.NewSchema(fields, &meta)
}

func standardField(f arrow.Field) arrow.Field {
	switch t := f.Type.(type) {
	case *arrow.StructType:
		fields := make([]arrow.Field, t.NumFields())
		for i, c := range t.Fields() {
			fields[i] = standardField(c)
		}
		f.Type = arrow.StructOf(fields...)
	case *arrow.ListType:
		f.Type = arrow.ListOfField(standardElement(t.ElemField()))
	case *arrow.LargeListType:
		f.Type = arrow.LargeListOfField(standardElement(t.ElemField()))
	case *arrow.MapType:
		key, item := standardField(t.KeyField()), standardField(t.ItemField())
		m := arrow.MapOfFields(key, item)
		m.KeysSorted = t.KeysSorted
		f.Type = m
	}
	return f
}

func standardElement(f arrow.Field) arrow.Field {
	f = standardField(f)
	f.Name = "element"
	return f
}
