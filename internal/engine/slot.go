package engine

// slot is a chunk on its way through a worker, with the signal behind it.
type slot[A, B any] struct {
	in     []A
	out    []B
	err    error
	ctl    Ctl
	passed int // of out
	rows   int64
	bytes  int64         // of in, then of out too
	sent   int64         // slots with elements handed out so far
	done   chan struct{} // has room for one
}

func (a *Async[A, B]) slot() *slot[A, B] {
	s := &slot[A, B]{
		in: make([]A, 0, a.cfg.Chunk), out: make([]B, 0, a.cfg.Chunk), done: make(chan struct{}, 1),
	}
	a.mu.Lock()
	a.open[s] = true
	a.mu.Unlock()
	return s
}

// admit waits until there is room for the bytes of s.
func (a *Async[A, B]) admit(s *slot[A, B]) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.held > 0 && a.held+s.bytes > a.limit && !a.stopped {
		a.room.Wait()
	}
	if a.stopped {
		return ErrStopped
	}
	a.held += s.bytes
	return nil
}

func (a *Async[A, B]) shares() int64     { return 1 }
func (a *Async[A, B]) bound(bytes int64) { a.limit = max(1, bytes*2/3) }
func (a *Async[A, B]) root() int32       { return a.lane.root }
func (a *Async[A, B]) pooled() bool      { return a.free != nil }

func (a *Async[A, B]) load() (items int, bytes int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.open) - 1, a.held // but for the one being filled
}

// forget gives the inputs of s back.
func (a *Async[A, B]) forget(s *slot[A, B]) {
	a.mu.Lock()
	delete(a.open, s)
	a.held -= s.bytes
	a.mu.Unlock()
	a.room.Signal()
	if a.free != nil {
		for _, v := range s.in {
			a.free(v)
		}
	}
}

// dropAll gives back what was never passed on.
func (a *Async[A, B]) dropAll() error {
	for s := range a.open {
		for i := s.passed; i < len(s.out); i++ {
			a.lose(s.in[i], s.out[i])
		}
		a.forget(s)
	}
	return nil
}
