package parquet

import (
	"runtime"
	"slices"
	"sync"
)

// Encoders is working memory for encoding, some MiB for each goroutine that
// encodes at a time. Writers that share one, because they are open at the
// same time or one after the other, need less of it together. The zero value
// is ready; it may be used by several goroutines.
type Encoders struct {
	mu   sync.Mutex
	free []*scratch
}

// take returns working memory for a file with compression c.
func (e *Encoders) take(c compression, level int) (*scratch, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, s := range e.free {
		if s.codec.compression == c && s.codec.level == level {
			e.free = slices.Delete(e.free, i, i+1)
			return s, nil
		}
	}
	codec, err := newCodec(c, level)
	if err != nil {
		return nil, err
	}
	return &scratch{codec: codec}, nil
}

// give takes s back.
func (e *Encoders) give(s *scratch) {
	s.trim()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.free) < 2*runtime.GOMAXPROCS(0) {
		e.free = append(e.free, s)
	}
}

// trim lets go of buffers that a few very large values made.
func (s *scratch) trim() {
	const most = 8 * pageBytes
	for _, b := range []*[]byte{&s.own, &s.page, &s.trial, &s.packed} {
		if cap(*b) > most {
			*b = nil
		}
	}
	clear(s.parts[:cap(s.parts)]) // they point into batches
}
