package mem

import (
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// TB is the part of testing.TB that the debugging allocators report to.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// A CheckedAllocator remembers every live buffer and who asked for it.
type CheckedAllocator struct {
	inner memory.Allocator

	mu     sync.Mutex
	live   map[*byte]birth
	bytes  int64
	faults []string
}

type birth struct {
	size  int
	stack stack
}

// Checked returns an allocator over inner for tests: it knows what is still
// allocated and from where, and it notices buffers that are freed twice or
// that it never gave out; those do not reach inner.
func Checked(inner memory.Allocator) *CheckedAllocator {
	return &CheckedAllocator{inner: inner, live: map[*byte]birth{}}
}

// Allocate returns a buffer of inner.
func (c *CheckedAllocator) Allocate(size int) []byte {
	b := c.inner.Allocate(size)
	c.add(b)
	return b
}

// Reallocate resizes a buffer of c.
func (c *CheckedAllocator) Reallocate(size int, b []byte) []byte {
	if !c.remove("reallocated", b) {
		return c.Allocate(size)
	}
	b = c.inner.Reallocate(size, b)
	c.add(b)
	return b
}

// Free gives a buffer of c back.
func (c *CheckedAllocator) Free(b []byte) {
	if c.remove("freed", b) {
		c.inner.Free(b)
	}
}

// InUse returns the bytes that are allocated and not freed.
func (c *CheckedAllocator) InUse() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

// AssertEmpty fails t for every buffer that is still allocated, naming the
// place of its allocation, and for every buffer that was freed wrongly.
func (c *CheckedAllocator) AssertEmpty(t TB) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.live {
		t.Errorf("%d bytes still allocated, by%s", b.size, b.stack)
	}
	for _, f := range c.faults {
		t.Errorf("%s", f)
	}
}

func (c *CheckedAllocator) add(b []byte) {
	if len(b) == 0 {
		return
	}
	s := callers()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live[&b[0]] = birth{size: len(b), stack: s}
	c.bytes += int64(len(b))
}

// remove takes b off the list; false means that b is not live.
func (c *CheckedAllocator) remove(verb string, b []byte) bool {
	if len(b) == 0 {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	was, ok := c.live[&b[0]]
	if !ok {
		c.faults = append(c.faults, fmt.Sprintf(
			"%d bytes %s that are not allocated (freed twice?), by%s", len(b), verb, callers()))
		return false
	}
	delete(c.live, &b[0])
	c.bytes -= int64(was.size)
	return true
}

// stack is a call stack that is turned into text only when it is needed.
type stack []uintptr

func callers() stack {
	var pcs [32]uintptr
	n := runtime.Callers(3, pcs[:])
	return append(stack(nil), pcs[:n]...)
}

// String lists the callers, nearest first, without the allocators' own frames.
func (s stack) String() string {
	var out strings.Builder
	frames := runtime.CallersFrames(s)
	for more := len(s) > 0; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if strings.Contains(f.Function, "/arrow/memory.(*Buffer)") ||
			strings.Contains(f.Function, "internal/mem.(*") {
			continue
		}
		fmt.Fprintf(&out, "\n\t%s\n\t\t%s:%d", f.Function, f.File, f.Line)
	}
	return out.String()
}

var _ memory.Allocator = (*CheckedAllocator)(nil)
