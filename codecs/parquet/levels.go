package parquet

import (
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
)

// levels are the definition and repetition levels of the open page.
type levels struct {
	count int // entries: values and nulls
	nulls int // entries without a value
	full  int // entries at the start that have a value and are not in def
	def   []byte
	rep   []byte

	next expansion // scratch of expand
}

// expansion is a list of entries on their way down to the leaf.
type expansion struct {
	def, rep []byte
	idx      []int32 // into the array at hand; -1: ended above it
}

func (l *levels) reset() {
	l.count, l.nulls, l.full = 0, 0, 0
	l.def, l.rep = l.def[:0], l.rep[:0]
}

// selection is the values of a column in one array: those at idx, or, when
// idx is nil, those from start to end.
type selection struct {
	arr        arrow.Array
	start, end int
	idx        []int32
}

func (s selection) len() int {
	if s.idx != nil {
		return len(s.idx)
	}
	return s.end - s.start
}

var errNull = errors.New("a null in a column that is not nullable")

// add appends the levels of rows a to b of arr, the top-level column that c
// is in, and returns where the values are.
func (s *scratch) add(c *column, arr arrow.Array, a, b int) (selection, error) {
	arr = storage(arr)
	for i, st := range c.steps {
		nulls := hasNulls(arr, a, b)
		if st.list || st.nullable && nulls {
			return s.addNested(c, i, arr, a, b)
		}
		if nulls {
			return selection{}, errNull
		}
		arr = storage(arr.(*array.Struct).Field(st.child))
	}
	l := &s.levels
	if !hasNulls(arr, a, b) {
		l.addFull(b-a, byte(c.maxDef))
		return selection{arr: arr, start: a, end: b}, nil
	}
	if !c.nullable {
		return selection{}, errNull
	}
	return s.addFlat(c, arr, a, b), nil
}

// storage is the array behind an extension array.
func storage(arr arrow.Array) arrow.Array {
	if e, ok := arr.(array.ExtensionArray); ok {
		return e.Storage()
	}
	return arr
}

// hasNulls reports whether there are nulls from a to b. Unlike arr.NullN it
// writes nothing down: other goroutines are at the array too.
func hasNulls(arr arrow.Array, a, b int) bool {
	if arr.DataType().ID() == arrow.NULL {
		return b > a
	}
	bitmap := arr.NullBitmapBytes()
	return len(bitmap) > 0 && bitutil.CountSetBits(bitmap, arr.Data().Offset()+a, b-a) != b-a
}

// addFull appends n entries that all have a value.
func (l *levels) addFull(n int, maxDef byte) {
	if l.full == l.count {
		l.full += n
	} else {
		for range n {
			l.def = append(l.def, maxDef)
		}
	}
	l.count += n
}

// spell writes the entries counted by full into def.
func (l *levels) spell(maxDef byte) {
	if l.full == 0 {
		return
	}
	for range l.full {
		l.def = append(l.def, maxDef)
	}
	l.full = 0
}

// addFlat appends rows of a column outside of lists that has nulls.
func (s *scratch) addFlat(c *column, arr arrow.Array, a, b int) selection {
	l := &s.levels
	l.spell(byte(c.maxDef))
	s.idx = s.idx[:0]
	if arr.DataType().ID() == arrow.NULL {
		for range b - a {
			l.def = append(l.def, byte(c.maxDef-1))
		}
	} else {
		bitmap, off := arr.NullBitmapBytes(), arr.Data().Offset()
		base := len(l.def)
		l.def = grow(l.def, b-a)
		def := l.def[base:]
		for i := range def {
			if bitutil.BitIsSet(bitmap, off+a+i) {
				def[i] = byte(c.maxDef)
				s.idx = append(s.idx, int32(a+i))
			} else {
				def[i] = byte(c.maxDef - 1)
			}
		}
	}
	l.count += b - a
	l.nulls += b - a - len(s.idx)
	return s.selected(arr)
}

// selected is the selection of s.idx, as a range if it is one.
func (s *scratch) selected(arr arrow.Array) selection {
	n := len(s.idx)
	if n == 0 {
		return selection{arr: arr}
	}
	first, last := int(s.idx[0]), int(s.idx[n-1])
	if last-first == n-1 {
		return selection{arr: arr, start: first, end: last + 1}
	}
	return selection{arr: arr, idx: s.idx}
}

// addNested appends rows whose way down has nulls or lists from step i on.
func (s *scratch) addNested(c *column, i int, arr arrow.Array, a, b int) (selection, error) {
	l := &s.levels
	l.spell(byte(c.maxDef))
	def := byte(0)
	for _, st := range c.steps[:i] {
		if st.nullable {
			def++
		}
	}
	x := &s.expansion
	x.def, x.rep, x.idx = x.def[:0], x.rep[:0], x.idx[:0]
	for row := a; row < b; row++ {
		x.def = append(x.def, def)
		x.rep = append(x.rep, 0)
		x.idx = append(x.idx, int32(row))
	}
	rep := byte(0)
	for _, st := range c.steps[i:] {
		arr = storage(arr)
		if err := x.descend(arr, st.nullable); err != nil {
			return selection{}, err
		}
		if !st.list {
			arr = arr.(*array.Struct).Field(st.child)
			continue
		}
		rep++
		lists := arr.(array.ListLike)
		l.next.expand(x, lists, rep)
		s.expansion, l.next = l.next, s.expansion
		arr = lists.ListValues()
	}
	arr = storage(arr)
	if err := x.descend(arr, c.nullable); err != nil {
		return selection{}, err
	}
	s.idx = s.idx[:0]
	for _, j := range x.idx {
		if j >= 0 {
			s.idx = append(s.idx, j)
		}
	}
	l.def = append(l.def, x.def...)
	if c.maxRep > 0 {
		l.rep = append(l.rep, x.rep...)
	}
	l.count += len(x.def)
	l.nulls += len(x.def) - len(s.idx)
	return s.selected(arr), nil
}

// descend ends the entries that are null in arr and lifts the others.
func (x *expansion) descend(arr arrow.Array, nullable bool) error {
	if arr.DataType().ID() == arrow.NULL { // has no bitmap to ask
		for i := range x.idx {
			x.idx[i] = -1
		}
		return nil
	}
	if !hasNulls(arr, 0, arr.Len()) {
		if nullable {
			for i, j := range x.idx {
				if j >= 0 {
					x.def[i]++
				}
			}
		}
		return nil
	}
	for i, j := range x.idx {
		switch {
		case j < 0:
		case arr.IsNull(int(j)):
			if !nullable {
				return errNull
			}
			x.idx[i] = -1
		case nullable:
			x.def[i]++
		}
	}
	return nil
}

// expand replaces the entries of from, which are lists, by their elements.
func (x *expansion) expand(from *expansion, lists array.ListLike, level byte) {
	x.def, x.rep, x.idx = x.def[:0], x.rep[:0], x.idx[:0]
	for i, j := range from.idx {
		start, end := int64(0), int64(0)
		if j >= 0 {
			start, end = lists.ValueOffsets(int(j))
		}
		if start == end {
			x.def = append(x.def, from.def[i])
			x.rep = append(x.rep, from.rep[i])
			x.idx = append(x.idx, -1)
			continue
		}
		rep := from.rep[i]
		for k := start; k < end; k++ {
			x.def = append(x.def, from.def[i]+1)
			x.rep = append(x.rep, rep)
			x.idx = append(x.idx, int32(k))
			rep = level
		}
	}
}

// append appends the levels of the page as a data page of version 1
// begins with them.
func (l *levels) append(dst []byte, c *column) []byte {
	if c.maxRep > 0 {
		dst = appendSized(dst, func(dst []byte) []byte {
			return appendHybrid(dst, l.rep, bitWidth(uint32(c.maxRep)))
		})
	}
	if c.maxDef > 0 {
		dst = appendSized(dst, func(dst []byte) []byte {
			width := bitWidth(uint32(c.maxDef))
			if l.full == l.count {
				return appendRun(dst, l.count, uint32(c.maxDef), width)
			}
			return appendHybrid(dst, l.def, width)
		})
	}
	return dst
}
