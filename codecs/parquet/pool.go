package parquet

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// pool encodes the columns of one lot after the other, the columns of a lot
// in parallel. Its goroutines live as long as a lot takes.
type pool struct {
	workers []*scratch
	lot     lot
	busy    sync.WaitGroup
	running bool
	next    atomic.Int64 // place in order of the next column to encode
	order   []*columnWriter
	errs    []error
	encoded int64 // bytes of pages held, when last at rest
}

func newPool(c compression, o WriterOptions) (*pool, error) {
	p := &pool{workers: make([]*scratch, max(1, o.Workers)), errs: make([]error, max(1, o.Workers))}
	for i := range p.workers {
		codec, err := newCodec(c, o.Level)
		if err != nil {
			return nil, err
		}
		p.workers[i] = &scratch{codec: codec}
	}
	return p, nil
}

// start encodes l in the background, or at once if there is one worker.
func (p *pool) start(l lot, columns []*columnWriter) {
	p.lot, p.running = l, true
	if p.order == nil {
		p.order = slices.Clone(columns)
	}
	// The longest first, so that all workers end at about the same time.
	slices.SortStableFunc(p.order, func(a, b *columnWriter) int { return int(b.took - a.took) })
	p.next.Store(0)
	if len(p.workers) == 1 {
		p.errs[0] = p.work(p.workers[0])
		return
	}
	for i, s := range p.workers[:min(len(p.workers), len(columns))] {
		p.busy.Add(1)
		go func() {
			defer p.busy.Done()
			p.errs[i] = p.work(s)
		}()
	}
}

// work encodes columns until there are no more.
func (p *pool) work(s *scratch) error {
	for {
		i := int(p.next.Add(1)) - 1
		if i >= len(p.order) {
			return nil
		}
		c := p.order[i]
		begin := time.Now()
		if err := c.write(s, p.lot.batches, p.lot.rows); err != nil {
			return err
		}
		if p.lot.last {
			if err := c.end(s); err != nil {
				return err
			}
		}
		c.took = time.Since(begin)
	}
}

// wait waits for the lot at hand, frees it, and returns whether it ended a
// row group, and its size.
func (p *pool) wait() (last bool, size int64, err error) {
	if !p.running {
		return false, 0, nil
	}
	p.busy.Wait()
	p.running = false
	last, size = p.lot.last, p.lot.bytes
	p.lot.release()
	p.encoded = 0
	for _, c := range p.order {
		p.encoded += int64(len(c.chunk.data) + len(c.chunk.dict))
	}
	return last, size, errors.Join(p.errs...)
}
