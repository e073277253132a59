package file

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// scanBytes is how much is read at a time to find where a row begins.
const scanBytes = 256 << 10

// boundary is where the first row begins that begins at x or behind it. The
// end of one split and the start of the next are the same call, so every row
// is in exactly one of them.
func (f *Files) boundary(r io.ReaderAt, file *seen, x int64) (int64, error) {
	if x <= file.rows {
		return file.rows, nil
	}
	if x >= file.id.size {
		return file.id.size, nil
	}
	quoted := false
	if file.in.kind.format == csvName {
		var err error
		if quoted, err = file.quotes.inside(r, x-1); err != nil {
			return 0, err
		}
	}
	return lineEnd(r, x-1, file.id.size, quoted, file.in.kind.format == csvName)
}

// lineEnd is the place behind the first newline at or behind at, but size at
// most. Newlines inside quotes do not count where there are quotes.
func lineEnd(r io.ReaderAt, at, size int64, quoted, quotes bool) (int64, error) {
	buf := make([]byte, 4<<10)
	for at < size {
		n, err := r.ReadAt(buf[:min(int64(len(buf)), size-at)], at)
		for i, c := range buf[:n] {
			switch {
			case c == '"' && quotes:
				quoted = !quoted
			case c == '\n' && !quoted:
				return at + int64(i) + 1, nil
			}
		}
		at += int64(n)
		if err != nil && (!errors.Is(err, io.EOF) || at < size) {
			return 0, err
		}
		if len(buf) < scanBytes {
			buf = make([]byte, scanBytes)
		}
	}
	return size, nil
}

// quoteIndex knows whether places in a CSV file are inside quotes: they are
// where the number of quotes before them is odd, since a quote inside quotes
// is written twice. Every byte is counted once.
type quoteIndex struct {
	mu    sync.Mutex
	marks []quoteMark // in order of place
}

type quoteMark struct {
	at  int64
	odd bool
}

// inside reports whether the byte at x is inside quotes.
func (q *quoteIndex) inside(r io.ReaderAt, x int64) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := len(q.marks)
	for i > 0 && q.marks[i-1].at > x {
		i--
	}
	var from quoteMark
	if i > 0 {
		from = q.marks[i-1]
	}
	odd := from.odd
	buf := make([]byte, scanBytes)
	for at := from.at; at < x; {
		n, err := r.ReadAt(buf[:min(int64(len(buf)), x-at)], at)
		odd = odd != (bytes.Count(buf[:n], []byte{'"'})%2 == 1)
		at += int64(n)
		if err != nil && (!errors.Is(err, io.EOF) || at < x) {
			return false, err
		}
	}
	if from.at != x {
		q.marks = append(q.marks[:i:i], append([]quoteMark{{x, odd}}, q.marks[i:]...)...)
	}
	return odd, nil
}
