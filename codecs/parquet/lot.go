package parquet

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// mergeAt is how many batches in a row that are small are made one: each
// costs some KB and some microseconds beside its rows.
const (
	mergeAt   = 64
	smallRows = 1024
)

// lot is rows that are encoded together.
type lot struct {
	batches []arrow.RecordBatch
	rows    int
	bytes   int64
	last    bool // of its row group
	small   int  // batches at the end that are small
}

// add appends b, which it owns now.
func (l *lot) add(b arrow.RecordBatch, alloc memory.Allocator) {
	l.batches = append(l.batches, b)
	if b.NumRows() > smallRows {
		l.small = 0
		return
	}
	if l.small++; l.small < mergeAt {
		return
	}
	tail := l.batches[len(l.batches)-l.small:]
	l.small = 0
	one, err := merge(tail, alloc)
	if err != nil {
		return // they stay as they are
	}
	for _, b := range tail {
		b.Release()
	}
	l.batches = append(l.batches[:len(l.batches)-len(tail)], one)
}

// merge makes one batch of many.
func merge(batches []arrow.RecordBatch, alloc memory.Allocator) (arrow.RecordBatch, error) {
	cols := make([]arrow.Array, batches[0].NumCols())
	defer func() {
		for _, c := range cols {
			if c != nil {
				c.Release()
			}
		}
	}()
	rows := int64(0)
	for _, b := range batches {
		rows += b.NumRows()
	}
	parts := make([]arrow.Array, len(batches))
	for i := range cols {
		for k, b := range batches {
			parts[k] = b.Column(i)
		}
		var err error
		if cols[i], err = array.Concatenate(parts, alloc); err != nil {
			return nil, err
		}
	}
	return array.NewRecordBatch(batches[0].Schema(), cols, rows), nil
}

// release gives the batches back.
func (l *lot) release() {
	for _, b := range l.batches {
		b.Release()
	}
	*l = lot{batches: l.batches[:0]}
}
