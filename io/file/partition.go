package file

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"

	"github.com/weirflow/weir/flow"
)

// nullFolder stands for null in the name of a folder, as in Hive.
const nullFolder = "__HIVE_DEFAULT_PARTITION__"

// maxFolder is the longest name of a folder that file systems take.
const maxFolder = 255

// part is one level of folders.
type part struct {
	column    string
	transform string // "", year, month, day, hour
}

// parsePartition reads the partition setting: "origin" or "month(date)".
func parsePartition(texts []string) ([]part, error) {
	var parts []part
	var errs []error
	seen := map[string]bool{}
	for _, text := range texts {
		p := part{column: text}
		if name, rest, ok := strings.Cut(text, "("); ok && strings.HasSuffix(rest, ")") {
			p = part{strings.TrimSpace(strings.TrimSuffix(rest, ")")), name}
		}
		switch {
		case p.column == "":
			errs = append(errs, fmt.Errorf("partition: %q names no column", text))
		case seen[p.folder()]:
			errs = append(errs, fmt.Errorf("partition: %s is there twice", text))
		}
		seen[p.folder()] = true
		switch p.transform {
		case "", "year", "month", "day", "hour":
		default:
			errs = append(errs, fmt.Errorf("partition: %q is not one of year, month, day, hour", p.transform))
		}
		parts = append(parts, p)
	}
	return parts, errors.Join(errs...)
}

// folder is what stands before the = in the name of a folder.
func (p part) folder() string {
	if p.transform == "" {
		return escape(p.column)
	}
	return escape(p.column) + "_" + p.transform
}

// check says whether columns of type t can be partitioned so.
func (p part) check(t arrow.DataType) error {
	switch t.ID() {
	case arrow.DATE32, arrow.DATE64, arrow.TIMESTAMP:
		if p.transform == "hour" && t.ID() != arrow.TIMESTAMP {
			return fmt.Errorf("partition: hour(%s) wants a timestamp, it is %s", p.column, typeName(t))
		}
		return nil
	case arrow.BOOL, arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32,
		arrow.UINT64, arrow.STRING, arrow.LARGE_STRING, arrow.DECIMAL128:
		if p.transform != "" {
			return fmt.Errorf("partition: %s(%s) wants a date or timestamp, it is %s", p.transform, p.column, typeName(t))
		}
		return nil
	default:
		if _, ok := t.(*extensions.UUIDType); ok && p.transform == "" {
			return nil
		}
		return fmt.Errorf("partition: a column of type %s has no folders; %s is one", typeName(t), p.column)
	}
}

// values gives row i of a column as a number or a text that is the same for
// rows of the same folder.
type values struct {
	null   func(i int) bool
	number func(i int) int64  // nil: use raw
	raw    func(i int) string // nil: use number
	text   func(i int) string // what stands behind the =
}

func (p part) values(col arrow.Array) (values, error) {
	if err := p.check(col.DataType()); err != nil {
		return values{}, flow.Mark(flow.BadConfig, err)
	}
	v := values{null: col.IsNull}
	switch c := col.(type) {
	case *array.Date32:
		v.temporal(p.transform, func(i int) time.Time { return c.Value(i).ToTime() }, time.DateOnly)
	case *array.Date64:
		v.temporal(p.transform, func(i int) time.Time { return c.Value(i).ToTime() }, time.DateOnly)
	case *array.Timestamp:
		t := c.DataType().(*arrow.TimestampType)
		layout := "2006-01-02T15:04:05.999999999"
		if t.TimeZone != "" {
			layout += "Z"
		}
		v.temporal(p.transform, func(i int) time.Time { return c.Value(i).ToTime(t.Unit) }, layout)
		if p.transform == "" {
			v.number = func(i int) int64 { return int64(c.Value(i)) }
		}
	case *array.String:
		v.raw = c.Value
		v.text = func(i int) string { return escapeValue(c.Value(i)) }
	case *array.LargeString:
		v.raw = c.Value
		v.text = func(i int) string { return escapeValue(c.Value(i)) }
	case *array.Int64:
		v.number = c.Value
		v.text = func(i int) string { return strconv.FormatInt(c.Value(i), 10) }
	case *array.Int32:
		v.number = func(i int) int64 { return int64(c.Value(i)) }
		v.text = func(i int) string { return strconv.FormatInt(int64(c.Value(i)), 10) }
	default:
		v.raw = col.ValueStr
		v.text = func(i int) string { return escapeValue(col.ValueStr(i)) }
	}
	return v, nil
}

// temporal fills v for a transform of points in time, in UTC.
func (v *values) temporal(transform string, at func(i int) time.Time, layout string) {
	unit := int64(24 * 3600)
	switch transform {
	case "year":
		v.number = func(i int) int64 { return int64(at(i).UTC().Year()) }
		layout = "2006"
	case "month":
		v.number = func(i int) int64 {
			y, m, _ := at(i).UTC().Date()
			return int64(y)*12 + int64(m)
		}
		layout = "2006-01"
	case "hour":
		unit, layout = 3600, "2006-01-02-15"
		fallthrough
	default:
		if transform == "day" {
			layout = time.DateOnly
		}
		v.number = func(i int) int64 {
			s := at(i).Unix()
			if s%unit < 0 {
				s -= unit
			}
			return s / unit
		}
	}
	v.text = func(i int) string { return escapeValue(at(i).UTC().Format(layout)) }
}

// escapeValue is [escape] for a value that is not null: a text that looks
// like null's folder is told apart from it.
func escapeValue(s string) string {
	if s == nullFolder {
		return "%5F" + s[1:]
	}
	return escape(s)
}

// partitioner gives the rows of batches their folders.
type partitioner struct {
	parts   []part
	numbers []map[int64]int32  // per part: the number of each value met
	texts   []map[string]int32 //
	names   [][]string         // per part: the folder of each number; 0 is null
	pairs   map[[2]int32]int32 // folder of the parts before (-1: none) and number of the next, to folder
	folders []string           // of all parts, or of the first few
}

// maxFolders bounds what a partitioner remembers.
const maxFolders = 100_000

func newPartitioner(parts []part) *partitioner {
	p := &partitioner{parts: parts}
	p.reset()
	return p
}

func (p *partitioner) reset() {
	n := len(p.parts)
	p.numbers, p.texts, p.names = make([]map[int64]int32, n), make([]map[string]int32, n), make([][]string, n)
	for i, part := range p.parts {
		p.numbers[i], p.texts[i] = map[int64]int32{}, map[string]int32{}
		p.names[i] = []string{part.folder() + "=" + nullFolder}
	}
	p.pairs, p.folders = map[[2]int32]int32{}, nil
}

// split gives the folder of each row: which holds numbers into folders.
func (p *partitioner) split(b arrow.RecordBatch) (which []int32, folders []string, err error) {
	if len(p.folders) > maxFolders {
		p.reset()
	}
	which = make([]int32, b.NumRows())
	for i := range which {
		which[i] = -1
	}
	for i, part := range p.parts {
		at := b.Schema().FieldIndices(part.column)
		if len(at) != 1 {
			return nil, nil, flow.Markf(flow.BadConfig, "partition: there is no column %s; there are %s",
				part.column, columnNames(b.Schema()))
		}
		v, err := part.values(b.Column(at[0]))
		if err != nil {
			return nil, nil, err
		}
		if err := p.level(i, v, which); err != nil {
			return nil, nil, err
		}
	}
	return which, p.folders, nil
}

// level refines which by the values of part i.
func (p *partitioner) level(i int, v values, which []int32) error {
	last := [3]int32{-2, 0, 0} // two numbers and their pair's: rows often come in runs
	for row := range which {
		n, err := p.value(i, v, row)
		if err != nil {
			return err
		}
		if last[0] == which[row] && last[1] == n {
			which[row] = last[2]
			continue
		}
		last[0], last[1] = which[row], n
		key := [2]int32{which[row], n}
		both, ok := p.pairs[key]
		if !ok {
			both = int32(len(p.folders)) //nolint:gosec // bounded by maxFolders and a batch
			folder := p.names[i][n]
			if i > 0 {
				folder = p.folders[which[row]] + "/" + folder
			}
			p.folders = append(p.folders, folder)
			p.pairs[key] = both
		}
		which[row], last[2] = both, both
	}
	return nil
}

// value is the number of the value in row; 0 is null.
func (p *partitioner) value(i int, v values, row int) (int32, error) {
	if v.null(row) {
		return 0, nil
	}
	if v.number != nil {
		key := v.number(row)
		if n, ok := p.numbers[i][key]; ok {
			return n, nil
		}
		n, err := p.name(i, v.text(row))
		p.numbers[i][key] = n
		return n, err
	}
	key := v.raw(row)
	if n, ok := p.texts[i][key]; ok {
		return n, nil
	}
	n, err := p.name(i, v.text(row))
	p.texts[i][strings.Clone(key)] = n // the batch goes, the key stays
	return n, err
}

func (p *partitioner) name(i int, text string) (int32, error) {
	folder := p.parts[i].folder() + "=" + text
	if len(folder) > maxFolder {
		return 0, flow.Markf(flow.BadRow, "partition: the value %s... of column %s makes a folder name of %d bytes; %d is the most",
			text[:40], p.parts[i].column, len(folder), maxFolder)
	}
	p.names[i] = append(p.names[i], folder)
	return int32(len(p.names[i]) - 1), nil //nolint:gosec // bounded by maxFolders and a batch
}
