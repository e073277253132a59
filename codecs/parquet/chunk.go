package parquet

import (
	"errors"
	"hash/crc32"
	"math"

	"github.com/cespare/xxhash/v2"
)

// page is what the indexes of a chunk say about a data page.
type page struct {
	offset int64 // from the first data page
	size   int32 // with its header
	row    int64 // first row, in the row group
	nulls  int64
	bounds bounds
	empty  bool // all nulls
}

// chunk is a column chunk while it is built.
type chunk struct {
	rows   int64
	values int64 // entries, with nulls
	nulls  int64
	raw    int64 // bytes before compression, with headers
	plain  int64 // bytes of the values of byte arrays
	codec  compression
	dict   []byte // dictionary page with its header
	data   []byte // data pages with their headers
	pages  []page
	used   [10]bool // encodings of pages

	usesDictionary bool
	nan            bool
	bounds         bounds
	order          pageOrder
	bloom          []uint64 // hashes of the values
}

func (c *chunk) reset() {
	*c = chunk{dict: c.dict[:0], data: c.data[:0], pages: c.pages[:0], bloom: c.bloom[:0]}
}

var errPage = errors.New("a page of 2 GiB or more; values are too large")

// addPage compresses body and appends it.
func (c *chunk) addPage(s *scratch, t *compact, body []byte, enc encoding, rows int64, b bounds, col *column) error {
	l := &s.levels
	s.packed = s.codec.append(s.packed[:0], body, c.codec)
	if len(body) > math.MaxInt32 || len(s.packed) > math.MaxInt32 {
		return errPage
	}
	t.buf = t.buf[:0]
	t.open()
	t.i32(1, 0) // DATA_PAGE
	t.i32(2, int32(len(body)))
	t.i32(3, int32(len(s.packed)))
	t.i32(4, int32(crc32.ChecksumIEEE(s.packed)))
	t.begin(5)
	t.i32(1, int32(l.count))
	t.i32(2, int32(enc))
	t.i32(3, int32(encRLE))
	t.i32(4, int32(encRLE))
	t.end()
	t.end()
	size := len(t.buf) + len(s.packed)
	c.pages = append(c.pages, page{
		offset: int64(len(c.data)), size: int32(size), row: c.rows,
		nulls: int64(l.nulls), bounds: b.cut(maxPageBound, col), empty: l.nulls == l.count,
	})
	c.data = append(append(c.data, t.buf...), s.packed...)
	c.raw += int64(len(t.buf) + len(body))
	c.rows += rows
	c.values += int64(l.count)
	c.nulls += int64(l.nulls)
	c.used[enc] = true
	c.usesDictionary = c.usesDictionary || enc == encDictionary
	c.nan = c.nan || b.nan && !b.ok
	return nil
}

// addDictionary compresses the dictionary page.
func (c *chunk) addDictionary(s *scratch, t *compact, body []byte, n int) error {
	s.packed = s.codec.append(s.packed[:0], body, c.codec)
	if len(body) > math.MaxInt32 || len(s.packed) > math.MaxInt32 {
		return errPage
	}
	t.buf = t.buf[:0]
	t.open()
	t.i32(1, 2) // DICTIONARY_PAGE
	t.i32(2, int32(len(body)))
	t.i32(3, int32(len(s.packed)))
	t.i32(4, int32(crc32.ChecksumIEEE(s.packed)))
	t.begin(7)
	t.i32(1, int32(n))
	t.i32(2, int32(encPlain))
	t.end()
	t.end()
	c.dict = append(append(c.dict[:0], t.buf...), s.packed...)
	c.raw += int64(len(t.buf) + len(body))
	c.used[encPlain] = true
	return nil
}

// hash adds a value, in its plain encoding, to the bloom filter.
func (c *chunk) hash(v []byte) { c.bloom = append(c.bloom, xxhash.Sum64(v)) }

// cut shortens bounds of byte arrays to about n bytes.
func (b bounds) cut(n int, col *column) bounds {
	if b.ok && col.physical == physBytes {
		text := col.logical == logicalString
		b.min, b.minCut = cutBound(cutMin, b.min, n, text)
		b.max, b.maxCut = cutBound(cutMax, b.max, n, text)
	}
	return b
}

func cutBound(cut func([]byte, int, bool) ([]byte, bool), v []byte, n int, text bool) ([]byte, bool) {
	v, exact := cut(v, n, text)
	return v, !exact
}
