package parquet

import (
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

// Limits of a page. Pages also end where the rows that are encoded together
// end, so that no page holds on to batches.
const (
	pageRows  = 20_000
	pageBytes = 1 << 20

	// dictLimit is the most bytes of a dictionary; past it the values
	// themselves are stored.
	dictLimit = 1 << 20
)

// columnWriter encodes one column: pages as rows come, chunks at the end of
// row groups.
type columnWriter struct {
	col        *column
	enc        encoder
	codec      compression // as asked for, or none where that gains nothing
	settled    bool        // codec stays: there are readers that want one for the whole file
	bloom      bool
	expect     int64      // rows that a row group will have
	candidates []encoding // beside the dictionary
	choice     choice
	chunk      chunk
	inPage     int
	thrift     compact
	firstly    bool          // the chunk has no values yet, so its choice is open
	took       time.Duration // for the last lot
}

func newColumnWriter(c *column, codec compression, o WriterOptions) *columnWriter {
	w := &columnWriter{col: c, enc: newEncoder(c.leafType), codec: codec, expect: o.RowGroupRows}
	w.candidates = w.enc.candidates()
	if o.Encodings == basicEncodings {
		w.candidates = []encoding{encPlain}
	}
	w.begin()
	return w
}

// begin begins a chunk.
func (w *columnWriter) begin() {
	w.chunk.reset()
	w.firstly = true
	if d := w.enc.dictionary(); d != nil {
		d.reset()
	}
	if b, ok := w.enc.(*byteArrays); ok {
		b.translate, b.from = w.col.kind == kindDictBytes && !w.choice.banned(), nil
	}
}

// write encodes the rows of batches, which are rows together.
func (w *columnWriter) write(s *scratch, batches []arrow.RecordBatch, rows int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
		if err != nil {
			err = fmt.Errorf("column %s: %w", w.col.name(), err)
		}
	}()
	pages := max(1, (rows+pageRows-1)/pageRows)
	per := (rows + pages - 1) / pages
	w.open(s)
	for _, b := range batches {
		arr := b.Column(w.col.top)
		step := w.step(arr, per)
		for at, n := 0, arr.Len(); at < n; {
			take := min(per-w.inPage, n-at, step)
			v, err := s.add(w.col, arr, at, at+take)
			if err == nil {
				err = w.enc.add(s, v)
			}
			if err != nil {
				return fmt.Errorf("row %d: %w", w.chunk.rows+int64(w.inPage), err)
			}
			at += take
			w.inPage += take
			if w.inPage == per || w.enc.size(s) >= pageBytes {
				if err := w.flush(s); err != nil {
					return err
				}
			}
		}
	}
	return w.flush(s)
}

// open empties the page.
func (w *columnWriter) open(s *scratch) {
	w.inPage = 0
	s.levels.reset()
	w.enc.reset(s)
}

// step is how many rows of arr are about a page of bytes.
func (w *columnWriter) step(arr arrow.Array, per int) int {
	if arr.Len() == 0 || w.col.physical != physBytes && w.col.maxRep == 0 {
		return per
	}
	perRow := leafBytes(arr.Data()) / int64(arr.Len())
	return max(1, min(per, int(pageBytes/(perRow+1))))
}

// leafBytes is about the memory behind d; slices count whole.
func leafBytes(d arrow.ArrayData) int64 {
	n := int64(0)
	for _, b := range d.Buffers() {
		if b != nil {
			n += int64(b.Len())
		}
	}
	for _, c := range d.Children() {
		n += leafBytes(c)
	}
	return n
}

// flush ends the open page.
func (w *columnWriter) flush(s *scratch) error {
	if w.inPage == 0 {
		return nil
	}
	n := w.enc.count(s)
	if w.firstly && n > 0 {
		w.decide(s)
		w.firstly = false
	}
	w.chunk.codec, w.settled = w.codec, true
	dict := w.choice.dict && n > 0
	if dict {
		w.enc.lookup(s, n)
	}
	b := w.enc.bounds(s, dict)
	if f, ok := w.enc.(interface{ overflows() bool }); ok && f.overflows() {
		return fmt.Errorf("rows %d to %d: a value has more digits than decimal(%d, %d) holds; declare a larger precision",
			w.chunk.rows, w.chunk.rows+int64(w.inPage)-1, w.col.precision, w.col.scale)
	}
	if w.bloom {
		w.enc.hashes(s, w.chunk.hash)
	}
	body, enc := w.encode(s)
	if err := w.chunk.addPage(s, &w.thrift, body, enc, int64(w.inPage), b, w.col); err != nil {
		return err
	}
	w.chunk.plain += int64(w.enc.size(s) - 4*w.enc.count(s))
	if w.choice.dict && w.tooLarge() {
		w.choice.fallBack()
		if e, ok := w.enc.(*byteArrays); ok {
			e.spell()
		}
	}
	w.open(s)
	return nil
}

// encode builds the body of the page: levels and values.
func (w *columnWriter) encode(s *scratch) ([]byte, encoding) {
	dst := s.levels.append(s.page[:0], w.col)
	enc, n := encPlain, w.enc.count(s)
	switch {
	case n == 0:
	case w.choice.dict:
		enc = encDictionary
		width := bitWidth(uint32(w.enc.dictionary().len() - 1))
		dst = append(dst, byte(width))
		dst = appendHybrid(dst, s.refs, width)
	default:
		enc = w.choice.enc
		dst = w.enc.append(s, dst, enc, -1)
	}
	s.page = dst
	return dst, enc
}

// tooLarge reports whether the dictionary no longer pays.
func (w *columnWriter) tooLarge() bool {
	d := w.enc.dictionary()
	return d.size() > dictLimit
}

// end ends the chunk; it stays in w.chunk until begin.
func (w *columnWriter) end(s *scratch) error {
	c := &w.chunk
	if d := w.enc.dictionary(); d != nil && c.usesDictionary {
		s.page = d.append(s.page[:0])
		if err := c.addDictionary(s, &w.thrift, s.page, d.len()); err != nil {
			return fmt.Errorf("column %s: %w", w.col.name(), err)
		}
	}
	c.bounds, c.order = w.enc.chunkBounds()
	return nil
}
