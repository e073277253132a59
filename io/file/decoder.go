package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs"
	"github.com/weirflow/weir/codecs/csv"
	"github.com/weirflow/weir/codecs/jsonl"
	"github.com/weirflow/weir/flow"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// decoder makes the decoder for a part of file that begins at the byte at. It
// gives the columns that the file has, in the order of schema.
func (f *Files) decoder(
	file *seen, schema *arrow.Schema, at int64, alloc memory.Allocator,
) (codecs.TextDecoder, error) {
	if file.in.kind.format == jsonlName {
		o := jsonl.Options{
			Alloc: alloc, BatchRows: batchRows, BatchBytes: batchBytes, MaxRowBytes: int(f.cfg.MaxRow),
			Lines: at > 0 && !file.array,
		}
		if f.cfg.Unknown == failName {
			o.Unknown = jsonl.UnknownError
		}
		d, err := jsonl.NewDecoder(schema, o)
		return d, flow.Mark(flow.BadConfig, err)
	}
	var fields []arrow.Field
	for _, name := range file.header {
		if !schema.HasField(name) && f.cfg.Unknown == failName {
			return nil, flow.Markf(flow.BadConfig, "the file has a column %q, which is not in schema; "+
				"add it, or set unknown to ignore", name)
		}
	}
	for _, c := range schema.Fields() {
		if slices.Contains(file.header, c.Name) {
			fields = append(fields, c)
		} else if !c.Nullable {
			return nil, flow.Markf(flow.BadConfig, "there is no column %s, which schema requires; the file has %q", c.Name, file.header)
		}
	}
	o, err := f.cfg.csvOptions(file.in.name)
	if err != nil {
		return nil, err
	}
	o.Columns, o.Alloc = file.header, alloc
	d, err := csv.NewDecoder(arrow.NewSchema(fields, nil), o)
	return d, flow.Mark(flow.BadConfig, err)
}

// beginsArray reports whether the text of a JSON file is one array.
func beginsArray(in input) (bool, error) {
	text, _, err := head(in, 64<<10)
	text = bytes.TrimLeft(bytes.TrimPrefix(text, byteOrderMark), " \t\r\n")
	return len(text) > 0 && text[0] == '[', err
}

// openText gives use the text of a file from its beginning; end closes it.
func openText(in input, use func(io.Reader)) (end func() error, err error) {
	h, err := in.open()
	if err != nil {
		return nil, err
	}
	z, err := decompress(h, in.kind.compression)
	if err != nil {
		return nil, errors.Join(damaged(err), h.Close())
	}
	use(damageReader{z})
	return func() error { return errors.Join(z.Close(), h.Close()) }, nil
}

// readHeader reads the names of the columns of a CSV file, and where its rows
// begin. Without a header line the names are those of the settings.
func (f *Files) readHeader(file *seen) (err error) {
	o, err := f.cfg.csvOptions(file.in.name)
	if err != nil {
		return err
	}
	var names []string
	n, known := 0, false
	for size := int64(64 << 10); !known; size *= 8 {
		text, last, err := head(file.in, min(size, int64(f.cfg.MaxRow)))
		if err != nil {
			return err
		}
		if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
			return flow.Markf(flow.BadRow, "the text is UTF-16; convert it to UTF-8")
		}
		names, n, known, err = csv.Header(text, last || size >= int64(f.cfg.MaxRow), o)
		if err != nil {
			return flow.Mark(flow.BadRow, err)
		}
	}
	if !f.cfg.CSV.NoHeader {
		file.header, file.rows = names, int64(n)
		return nil
	}
	if len(f.cfg.Schema) > 0 && len(f.cfg.Schema) != len(names) && len(names) > 0 {
		return flow.Markf(flow.BadConfig, "schema has %d columns and the first row has %d fields", len(f.cfg.Schema), len(names))
	}
	for i := range names {
		names[i] = fmt.Sprintf("column_%d", i+1)
		if len(f.cfg.Schema) > 0 {
			names[i] = f.cfg.Schema[i].Name
		}
	}
	file.header = names
	return nil
}

// head is the text that a file begins with, n bytes at most; last says that
// it is all there is.
func head(in input, n int64) (text []byte, last bool, err error) {
	var r io.Reader
	end, err := openText(in, func(t io.Reader) { r = t })
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, end()) }()
	text, err = io.ReadAll(io.LimitReader(r, n))
	return text, int64(len(text)) < n, err
}

// sample infers the columns of a text file from its beginning.
func (f *Files) sample(file *seen) error {
	if file.schema != nil {
		return nil
	}
	text, last, err := head(file.in, int64(f.cfg.SampleBytes))
	if err != nil {
		return err
	}
	if !last && !file.array { // the last line is not whole, except if it is the only one
		if n := bytes.LastIndexByte(text, '\n'); n >= 0 {
			text = text[:n+1]
		}
	}
	if file.in.kind.format == jsonlName {
		file.schema, err = jsonl.Infer(text, jsonl.Options{})
		return flow.Mark(flow.BadRow, err)
	}
	o, err := f.cfg.csvOptions(file.in.name)
	if err != nil {
		return err
	}
	o.Columns = file.header
	if file.rows >= int64(len(text)) { // a header, and no rows
		file.schema, err = csv.Infer(nil, o)
	} else {
		file.schema, err = csv.Infer(text[file.rows:], o)
	}
	return flow.Mark(flow.BadRow, err)
}

func (c Config) csvOptions(name string) (csv.Options, error) {
	comma, err := c.CSV.delimiter(name)
	o := csv.Options{
		BatchRows: batchRows, BatchBytes: batchBytes, MaxRowBytes: int(c.MaxRow), Delimiter: comma,
	}
	if c.CSV.Null != "" {
		o.Null = []string{c.CSV.Null}
	}
	return o, flow.Mark(flow.BadConfig, err)
}
