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
	memory      *Encoders
	compression compression
	level       int
	workers     int

	lot     lot
	running bool
	busy    sync.WaitGroup
	next    atomic.Int64 // place in order of the next column to encode
	order   []*columnWriter
	taken   []*scratch
	errs    []error
	encoded int64 // bytes of pages held, when last at rest
}

func newPool(c compression, o WriterOptions, columns []*columnWriter) *pool {
	workers := max(1, min(o.Workers, len(columns)))
	return &pool{
		memory: o.Encoders, compression: c, level: o.Level, workers: workers,
		order: slices.Clone(columns), errs: make([]error, workers),
	}
}

// start encodes l in the background, or at once if there is one worker.
func (p *pool) start(l lot) error {
	for range p.workers {
		s, err := p.memory.take(p.compression, p.level)
		if err != nil {
			return err
		}
		p.taken = append(p.taken, s)
	}
	p.lot, p.running = l, true
	// The longest first, so that all workers end at about the same time.
	slices.SortStableFunc(p.order, func(a, b *columnWriter) int { return int(b.took - a.took) })
	p.next.Store(0)
	if p.workers == 1 {
		p.errs[0] = p.work(p.taken[0])
		return nil
	}
	for i, s := range p.taken {
		p.busy.Go(func() {
			p.errs[i] = p.work(s)
		})
	}
	return nil
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

// wait waits for the lot at hand, frees it, and returns what it was.
func (p *pool) wait() (done lot, err error) {
	if !p.running {
		return lot{}, nil
	}
	p.busy.Wait()
	p.running = false
	done = lot{rows: p.lot.rows, bytes: p.lot.bytes, last: p.lot.last}
	p.lot.release()
	for _, s := range p.taken {
		p.memory.give(s)
	}
	p.taken = p.taken[:0]
	p.encoded = 0
	for _, c := range p.order {
		p.encoded += int64(len(c.chunk.data) + len(c.chunk.dict))
	}
	return done, errors.Join(p.errs...)
}
