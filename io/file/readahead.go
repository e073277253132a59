package file

import (
	"io"
	"sync"
)

const (
	aheadBuffers = 3
	aheadBytes   = 512 << 10
)

// readAhead decompresses on a goroutine of its own while what it gave before
// is decoded, at most 3 buffers of 512 KiB ahead. Close ends the goroutine.
type readAhead struct {
	full  chan chunk
	empty chan []byte
	quit  chan struct{}
	ended sync.WaitGroup
	cur   chunk
	rest  []byte
	err   error
}

type chunk struct {
	b   []byte
	err error
}

func startReadAhead(r io.Reader) *readAhead {
	a := &readAhead{
		full:  make(chan chunk, aheadBuffers),
		empty: make(chan []byte, aheadBuffers),
		quit:  make(chan struct{}),
	}
	for range aheadBuffers {
		a.empty <- make([]byte, aheadBytes)
	}
	a.ended.Go(func() { a.loop(r) })
	return a
}

func (a *readAhead) loop(r io.Reader) {
	for {
		select {
		case <-a.quit:
			return
		case b := <-a.empty:
			n, err := fill(r, b)
			a.full <- chunk{b[:n], err}
			if err != nil {
				return
			}
		}
	}
}

// fill reads until b is full or r gives an error, which it returns as it is:
// io.ReadFull would make a clean end look like a stream that was cut off.
func fill(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = r.Read(b[n:])
		n += m
	}
	return n, err
}

// Read gives what was read ahead.
func (a *readAhead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.err != nil {
			return 0, a.err
		}
		if a.cur.b != nil {
			a.empty <- a.cur.b[:cap(a.cur.b)]
		}
		a.cur = <-a.full
		a.rest, a.err = a.cur.b, a.cur.err
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close stops reading and waits for the goroutine.
func (a *readAhead) Close() {
	close(a.quit)
	a.ended.Wait()
}
