package flow

import (
	"github.com/apache/arrow-go/v18/arrow"
)

// OpKind is the kind of change of one row.
type OpKind uint8

// Kinds of changes. An update is one row of kind Update, preceded by a row of
// kind Before when the source knows the old values. A Delete row holds the
// old values, or as many of them as the source knows.
const (
	Insert OpKind = 'I'
	Before OpKind = 'B'
	Update OpKind = 'U'
	Delete OpKind = 'D'
)

// Batch is an immutable Arrow record batch of one stream, in source order.
//
// An operator borrows its input batch for the length of the call and gives
// its output away; a source gives away what it emits. Ordinary code calls
// neither Retain nor Release.
type Batch struct {
	arrow.RecordBatch

	// Ops is the kind of change of each row; nil means all are inserts.
	Ops []OpKind

	// Stream is the table or topic the rows belong to, as the source names
	// it ("public.orders"); "" when the source has only one.
	Stream string
}

// Bytes returns the memory that the rows of b occupy, as far as the batch's
// own slices of its buffers go.
func (b Batch) Bytes() int64 {
	if b.RecordBatch == nil {
		return 0
	}
	n := int64(len(b.Ops))
	for _, c := range b.Columns() {
		n += dataBytes(c.Data())
	}
	return n
}

// Retain adds a reference to the rows of b.
func (b Batch) Retain() {
	if b.RecordBatch != nil {
		b.RecordBatch.Retain()
	}
}

// Release gives a reference to the rows of b back.
func (b Batch) Release() {
	if b.RecordBatch != nil {
		b.RecordBatch.Release()
	}
}

func (b Batch) held() arrow.RecordBatch { return b.RecordBatch }

// dataBytes counts the bytes of the buffers that the range of d uses.
func dataBytes(d arrow.ArrayData) int64 {
	n := int64(0)
	length := int64(d.Len())
	for i, buf := range d.Buffers() {
		if buf == nil {
			continue
		}
		if i == 0 {
			n += (length + 7) / 8
		} else {
			n += bufferBytes(d, i, int64(buf.Len()), length)
		}
	}
	for _, child := range d.Children() {
		n += dataBytes(child)
	}
	return n
}

// bufferBytes is the part of buffer i that belongs to the range of d: exact
// for fixed widths and offsets, in proportion for variable ones.
func bufferBytes(d arrow.ArrayData, i int, size, length int64) int64 {
	if w, ok := d.DataType().(arrow.FixedWidthDataType); ok {
		return (length*int64(w.BitWidth()) + 7) / 8
	}
	if i == 1 {
		return min(size, (length+1)*8)
	}
	offsets := d.Buffers()[1]
	if offsets == nil || length == 0 {
		return 0
	}
	switch d.DataType().ID() {
	case arrow.STRING, arrow.BINARY:
		o := arrow.Int32Traits.CastFromBytes(offsets.Bytes())
		return int64(o[d.Offset()+d.Len()] - o[d.Offset()])
	case arrow.LARGE_STRING, arrow.LARGE_BINARY:
		o := arrow.Int64Traits.CastFromBytes(offsets.Bytes())
		return o[d.Offset()+d.Len()] - o[d.Offset()]
	default:
		return size
	}
}
