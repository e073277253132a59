package parquet

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/apache/arrow-go/v18/parquet/metadata"
)

var errArrowSchema = errors.New("damaged file: the Arrow schema in its metadata is not one")

// maxArrowFields bounds the fields of an Arrow schema, those inside of
// others included.
const maxArrowFields = 100_000

// checkArrowSchema looks through the Arrow schema in a file's metadata for
// counts that its bytes cannot hold. The library allocates by them unseen.
func checkArrowSchema(kv metadata.KeyValueMetadata) error {
	v := kv.FindValue(arrowSchemaKey)
	if v == nil {
		return nil
	}
	text := strings.TrimRight(*v, "=")
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return errors.Join(errArrowSchema, err)
	}
	if len(b) >= 4 && binary.LittleEndian.Uint32(b) == 0xFFFFFFFF {
		b = b[4:]
	}
	if len(b) < 8 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
		return errArrowSchema
	}
	f := flat{b: b[4:]}
	f.message()
	if f.bad {
		return errArrowSchema
	}
	return nil
}

// flat walks a flatbuffer. The first thing out of bounds makes it bad.
type flat struct {
	b      []byte
	fields int
	bad    bool
}

func (f *flat) u32(at int) int {
	if f.bad || at < 0 || at > len(f.b)-4 {
		f.bad = true
		return 0
	}
	return int(binary.LittleEndian.Uint32(f.b[at:]))
}

func (f *flat) u16(at int) int {
	if f.bad || at < 0 || at > len(f.b)-2 {
		f.bad = true
		return 0
	}
	return int(binary.LittleEndian.Uint16(f.b[at:]))
}

// slot is the place of field n of the table at, or 0.
func (f *flat) slot(at, n int) int {
	vtable := at - int(int32(uint32(f.u32(at))))
	if f.bad || 4+2*n >= f.u16(vtable) {
		return 0
	}
	off := f.u16(vtable + 4 + 2*n)
	if off == 0 {
		return 0
	}
	return at + off
}

// table is the table that field n of the table at refers to, or 0.
func (f *flat) table(at, n int) int {
	s := f.slot(at, n)
	if s == 0 {
		return 0
	}
	return s + f.u32(s)
}

// vector is the first element and the length of the vector in field n.
func (f *flat) vector(at, n, size int) (first, length int) {
	v := f.table(at, n)
	if v == 0 {
		return 0, 0
	}
	length = f.u32(v)
	if length > (len(f.b)-v-4)/size {
		f.bad = true
		return 0, 0
	}
	return v + 4, length
}

func (f *flat) message() {
	const header, body = 2, 3
	at := f.u32(0)
	if s := f.slot(at, body); s != 0 && (f.u32(s) != 0 || f.u32(s+4) != 0) {
		f.bad = true
	}
	schema := f.table(at, header)
	if schema == 0 {
		f.bad = true
		return
	}
	const fields, meta, features = 1, 2, 3
	f.children(schema, fields)
	f.vector(schema, meta, 4)
	f.vector(schema, features, 8)
}

// children looks at the fields in field n of the table at.
func (f *flat) children(at, n int) {
	const typeOf, dictionary, children, meta = 3, 4, 5, 6
	first, length := f.vector(at, n, 4)
	for i := 0; i < length && !f.bad; i++ {
		if f.fields++; f.fields > maxArrowFields {
			f.bad = true
		}
		c := first + 4*i
		c += f.u32(c)
		f.vector(c, meta, 4)
		if t := f.table(c, typeOf); t != 0 {
			f.slot(t, 0)
		}
		f.table(c, dictionary)
		f.children(c, children)
	}
}
