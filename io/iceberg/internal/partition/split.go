package partition

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/iceberg-go"
)

// Partition is one combination of partition values.
type Partition struct {
	// Values holds the value of each field that is not null, by the id of
	// the field.
	Values map[int]any

	// Path is the folder of the partition's files below the table's data:
	// name=value/name=value. It is for people; characters that would need
	// escapes are replaced, so that two partitions may share a folder.
	Path string
}

// Share is the part of a batch that belongs to one partition.
type Share struct {
	Partition *Partition
	Rows      []int32 // in order; nil for the whole batch
}

// Splitter finds the partitions of batches of one schema. It is used by one
// goroutine.
type Splitter struct {
	fields []field
	codes  []int32 // of the rows of the batch at hand
	next   []int32
	pairs  []pairing
	parts  []*Partition // by code
	whole  *Partition   // of a table without partitions
}

type field struct {
	iceberg.PartitionField
	result iceberg.Type
	column int
	coder  coder
}

// pairing gives a code to each pair of codes.
type pairing struct {
	codes map[uint64]int32
	left  []int32
	right []int32
}

// maxCodes bounds what a Splitter remembers: beyond it, it forgets all.
const maxCodes = 1 << 16

// New makes the splitter for a spec. The source columns must be columns of
// the table, not fields inside them.
func New(spec iceberg.PartitionSpec, s *iceberg.Schema) (*Splitter, error) {
	p := &Splitter{whole: &Partition{}}
	for _, f := range spec.Fields() {
		column := -1
		for i, c := range s.Fields() {
			if c.ID == f.SourceID() {
				column = i
			}
		}
		if _, void := f.Transform.(iceberg.VoidTransform); void {
			continue
		}
		if column < 0 || len(f.SourceIDs) != 1 {
			return nil, fmt.Errorf("partition field %s: its source is not one column of the table", f.Name)
		}
		source := s.Fields()[column].Type
		c, err := newCoder(f.Transform, source)
		if err != nil {
			return nil, fmt.Errorf("partition field %s: %w", f.Name, err)
		}
		p.fields = append(p.fields, field{f, f.Transform.ResultType(source), column, c})
	}
	p.forget()
	return p, nil
}

func (p *Splitter) forget() {
	p.parts = nil
	p.pairs = make([]pairing, max(0, len(p.fields)-1))
	for i := range p.pairs {
		p.pairs[i].codes = map[uint64]int32{}
	}
	for i := range p.fields {
		p.fields[i].coder.forget()
	}
}

// Split returns the partitions that b has rows in. The shares are valid until
// the next call.
func (p *Splitter) Split(b arrow.RecordBatch) []Share {
	n := int(b.NumRows())
	if len(p.fields) == 0 {
		return []Share{{Partition: p.whole}}
	}
	if len(p.parts) > maxCodes {
		p.forget()
	}
	p.codes = grow(p.codes, n)
	for i, f := range p.fields {
		if i == 0 {
			f.coder.code(b.Column(f.column), p.codes)
			continue
		}
		p.next = grow(p.next, n)
		f.coder.code(b.Column(f.column), p.next)
		p.pairs[i-1].pair(p.codes, p.next)
	}
	return p.shares(n)
}

func grow(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n)
	}
	return s[:n]
}

// pair turns the codes in left into those of the pairs of left and right.
func (q *pairing) pair(left, right []int32) {
	lastL, lastR, last := int32(-1), int32(-1), int32(0)
	for i, l := range left {
		r := right[i]
		if l != lastL || r != lastR {
			key := uint64(uint32(l))<<32 | uint64(uint32(r))
			code, ok := q.codes[key]
			if !ok {
				code = int32(len(q.left))
				q.codes[key] = code
				q.left = append(q.left, l)
				q.right = append(q.right, r)
			}
			lastL, lastR, last = l, r, code
		}
		left[i] = last
	}
}

// shares sorts the rows by their codes, keeping the order of equal ones.
func (p *Splitter) shares(n int) []Share {
	top := int32(0)
	for _, c := range p.codes {
		top = max(top, c)
	}
	count := make([]int32, top+2)
	for _, c := range p.codes {
		count[c+1]++
	}
	distinct := 0
	for c := range top + 1 {
		if count[c+1] > 0 {
			distinct++
		}
		count[c+1] += count[c]
	}
	if distinct == 1 {
		return []Share{{Partition: p.partition(p.codes[0])}}
	}
	rows := make([]int32, n)
	at := append([]int32(nil), count...)
	for i, c := range p.codes {
		rows[at[c]] = int32(i)
		at[c]++
	}
	all := make([]Share, 0, distinct)
	for c := range top + 1 {
		if count[c+1] > count[c] {
			all = append(all, Share{p.partition(c), rows[count[c]:count[c+1]]})
		}
	}
	return all
}

// partition is the partition with that code.
func (p *Splitter) partition(code int32) *Partition {
	for int(code) >= len(p.parts) {
		p.parts = append(p.parts, nil)
	}
	if p.parts[code] == nil {
		p.parts[code] = p.describe(code)
	}
	return p.parts[code]
}

func (p *Splitter) describe(code int32) *Partition {
	part := &Partition{Values: map[int]any{}}
	path := make([]string, len(p.fields))
	for i, f := range slices.Backward(p.fields) {
		own := code
		if i > 0 {
			own, code = p.pairs[i-1].right[code], p.pairs[i-1].left[code]
		}
		v := f.coder.value(own)
		if v != nil {
			part.Values[f.FieldID] = v
		}
		path[i] = clean(f.Name) + "=" + clean(f.Transform.ToHumanStrType(f.result, v))
	}
	part.Path = strings.Join(path, "/")
	return part
}

// clean keeps what needs no escape in a path or a URL.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '_'
	}, s)
	if s == "" || s == "." || s == ".." {
		return "_"
	}
	return s[:min(len(s), 80)]
}
