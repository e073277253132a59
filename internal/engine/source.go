package engine

import (
	"context"
	"time"
)

// Source is the root of a lane that makes elements. Everything that enters
// the lane does so under its mutex: the elements on the goroutine of the
// source, control signals on the coordinator's. So a source that waits for
// input holds no barrier up, and no source ever sees one.
type Source[T any] struct {
	lane  *Lane
	port  Port[T]
	free  func(T)
	rows  func(T) int64
	sizer Sizer[T]

	// Body reads the input and pushes; it returns when ctx is done.
	Body func(ctx context.Context) error

	// Cut is called under the mutex when a barrier enters: it notes the
	// position after the last element.
	Cut func(epoch uint64)

	mu      *gate
	err     error // set once the lane has failed: nothing may enter any more
	counted tally
	fresh   bool // elements were pushed since the last flush
	time    int64
}

// NewSource makes the source of lane l, pushing to next.
func NewSource[T any](l *Lane, next Port[T]) *Source[T] {
	s := &Source[T]{mu: newGate(), lane: l, port: next, rows: Rows[T](), sizer: SizerOf[T](), time: MinTime}
	_, s.free = Refs[T]()
	l.Run.sources = append(l.Run.sources, s)
	return s
}

// Push sends vs on and gives them away, then calls moved, which notes the
// position they lead to, all under the mutex.
func (s *Source[T]) Push(vs []T, moved func()) error {
	taken := false
	s.mu.Lock()
	err := s.locked(func() error {
		rows, bytes := s.weigh(vs) // before they are given away
		taken = true
		if err := s.pushAll(vs); err != nil {
			return err
		}
		if len(vs) > 0 {
			s.add(rows, bytes)
		}
		moved()
		return nil
	})
	if !taken {
		s.drop(vs)
	}
	return err
}

func (s *Source[T]) pushAll(vs []T) error {
	if s.free != nil {
		return s.pushCounted(vs)
	}
	if s.port.Many != nil {
		return s.port.Many(vs)
	}
	push := s.port.Push
	for i := range vs {
		if err := push(vs[i]); err != nil {
			return err
		}
	}
	return nil
}

// pushCounted pushes vs and gives all of them back, whatever happens.
func (s *Source[T]) pushCounted(vs []T) error {
	defer func() { s.drop(vs) }()
	for len(vs) > 0 {
		if err := s.port.Push(vs[0]); err != nil {
			return err
		}
		s.free(vs[0])
		vs = vs[1:]
	}
	return nil
}

func (s *Source[T]) drop(vs []T) {
	if s.free == nil {
		return
	}
	for _, v := range vs {
		s.free(v)
	}
}

// PushOne is Push of one element.
func (s *Source[T]) PushOne(v T, moved func()) error {
	taken := false
	s.mu.Lock()
	err := s.locked(func() error {
		one := s.sizer.Of(v)
		rows := int64(1)
		if s.rows != nil {
			rows = s.rows(v)
		}
		taken = true
		if err := s.push(v); err != nil {
			return err
		}
		s.add(rows, one)
		moved()
		return nil
	})
	if !taken && s.free != nil {
		s.free(v)
	}
	return err
}

func (s *Source[T]) push(v T) error {
	if s.free != nil {
		defer s.free(v)
	}
	return s.port.Push(v)
}

// locked runs f with the mutex held by the caller, and gives the mutex back.
// A panic, on whatever goroutine a source emits, becomes an error that names
// the operator. After an error nothing can enter the lane again.
func (s *Source[T]) locked(f func() error) (err error) {
	done := false
	defer func() {
		if !done {
			if v := recover(); v != nil {
				err = s.lane.panicked(v)
			} else {
				err = ErrStopped // runtime.Goexit
			}
		}
		if err != nil && s.err == nil {
			s.err = err
		}
		s.mu.Unlock()
	}()
	switch {
	case s.err != nil:
		err = s.err
	case s.lane.Run.stopped.Load():
		err = ErrStopped
	default:
		if err = f(); err == nil {
			s.lane.At = s.lane.root
		}
	}
	done = true
	return err
}

func (s *Source[T]) weigh(vs []T) (rows, bytes int64) {
	if s.rows == nil && s.sizer.Extra == nil {
		return int64(len(vs)), s.sizer.Fixed * int64(len(vs))
	}
	rows = int64(len(vs))
	for _, v := range vs {
		bytes += s.sizer.Of(v)
		if s.rows != nil {
			rows += s.rows(v) - 1
		}
	}
	return rows, bytes
}

// add counts locally and publishes now and then: an atomic add on every
// element would cost as much as the element.
func (s *Source[T]) add(rows, bytes int64) {
	if !s.fresh {
		s.fresh = true
		s.lane.Run.stir()
	}
	s.counted.rows += rows
	s.counted.bytes += bytes
	if s.counted.batches++; s.counted.batches >= 64 || s.rows != nil {
		s.publish()
	}
}

func (s *Source[T]) publish() {
	c := &s.counted
	s.lane.Count(c.rows, c.bytes, c.batches)
	*c = tally{}
}

// Watermark sends a watermark, if it is later than the last.
func (s *Source[T]) Watermark(t int64) error {
	return s.inject(Ctl{Kind: Watermark, Time: t})
}

// Idle says that nothing is known about time.
func (s *Source[T]) Idle() error { return s.inject(Ctl{Kind: Idle}) }

func (s *Source[T]) inject(c Ctl) error {
	s.mu.Lock()
	return s.locked(func() error { return s.enter(c) })
}

// enter sends c into the lane; the mutex is held.
func (s *Source[T]) enter(c Ctl) error {
	switch c.Kind {
	case Watermark:
		if c.Time <= s.time {
			return nil
		}
		s.time = c.Time
		s.lane.time.Store(c.Time)
	case Barrier:
		s.publish()
		s.Cut(c.Epoch)
	case Flush:
		if !s.lane.again.Swap(false) && !s.fresh {
			return nil
		}
		s.fresh = false
		s.publish()
	case None, Idle, End:
	}
	if err := s.port.Ctl(c); err != nil {
		return err
	}
	if c.Kind == Barrier {
		s.lane.Run.ack(c.Epoch)
	}
	return nil
}

// linger sends on what is held only to be sent in bulk, unless the source is
// pushing at this moment.
func (s *Source[T]) linger() error {
	if !s.mu.TryLock() {
		s.lane.Run.stir() // it is pushing: look again
		return nil
	}
	return s.locked(func() error { return s.enter(Ctl{Kind: Flush}) })
}

// pause keeps everything out of the lane until resume: used while too many
// epochs are unfinished.
func (s *Source[T]) pause()  { s.mu.Lock() }
func (s *Source[T]) resume() { s.mu.Unlock() }

func (s *Source[T]) run(ctx context.Context) error { return s.Body(ctx) }

func (s *Source[T]) lanes() *Lane { return s.lane }

type tally struct{ rows, bytes, batches int64 }

// sourceTask is a Source of any type, as the coordinator sees it.
type sourceTask interface {
	run(ctx context.Context) error
	inject(c Ctl) error
	linger() error
	pause()
	resume()
	lanes() *Lane
}

// lingerEvery is how long an element may wait in a chunk that is not full.
const lingerEvery = 5 * time.Millisecond
