package state

import (
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
)

// formatMajor pins Pebble's own format, so that an update of the library
// alone does not make directories unreadable for the version before it. It
// is the newest of v2.1: log chunks that say how far the log was synced, and
// tables whose footers are checksummed.
const formatMajor = pebble.FormatValueSeparation

// pebbleOptions shares out memory. Pebble charges memtables to the block
// cache, so the cache must be several times the size of a memtable, or
// nothing is left to read with.
func pebbleOptions(o Options, health *health) *pebble.Options {
	p := &pebble.Options{
		FS:                    faultFS{o.FS, health},
		CacheSize:             o.Memory,
		MemTableSize:          uint64(max(o.Memory/8, 64<<10)),
		FormatMajorVersion:    formatMajor,
		Logger:                health,
		L0CompactionThreshold: 4,
		MaxManifestFileSize:   4 << 20,
		MaxOpenFiles:          500,
		EventListener: &pebble.EventListener{
			BackgroundError: health.background,
			DataCorruption:  func(i pebble.DataCorruptionInfo) { health.corrupt(i) },
		},
	}
	for i := range p.Levels {
		p.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		p.Levels[i].BlockSize = 16 << 10
	}
	p.EnsureDefaults()
	return p
}

// health remembers the first fault that leaves the store unusable, and is
// the logger that Pebble reports to.
type health struct {
	dir   string
	log   *slog.Logger
	fault atomic.Pointer[error]

	// broken is closed at the first failure of Pebble's own work: a write, or
	// a flush or compaction, which Pebble tries again for ever. Whoever waits
	// for such work waits for ever too: see await.
	broken   chan struct{}
	breaking sync.Once

	// stuck is closed when Pebble broke off in the middle. Its locks may be
	// held, so it is not called any more, not even to be closed.
	stuck    chan struct{}
	sticking sync.Once
}

func newHealth(dir string, log *slog.Logger) *health {
	return &health{dir: dir, log: log, broken: make(chan struct{}), stuck: make(chan struct{})}
}

// err returns the fault that ended the store's life, if there was one.
func (h *health) err() error {
	if p := h.fault.Load(); p != nil {
		return *p
	}
	return nil
}

// end makes err what every later call returns, unless there is a fault
// already.
func (h *health) end(err error) { h.fault.CompareAndSwap(nil, &err) }

// fail makes err the store's end, unless there was one before.
func (h *health) fail(err error) error {
	if h.fault.CompareAndSwap(nil, &err) {
		h.log.Error("state store failed", "dir", h.dir, "error", err)
	}
	return h.err()
}

func (h *health) corrupt(i pebble.DataCorruptionInfo) {
	_ = h.fail(damaged(h.dir, i.Path, i.Details)) // kept in h; every later call returns it
}

func (h *health) isStuck() bool {
	select {
	case <-h.stuck:
		return true
	default:
		return false
	}
}

func (h *health) stick() { h.sticking.Do(func() { close(h.stuck) }) }

// background ends the store's life: if a flush fails, the pipeline is to
// stop, and to start again when the reason is gone.
func (h *health) background(err error) {
	_ = h.fail(judge(h.dir, dbDir, err)) // kept in h; every later call returns it
	h.breaking.Do(func() { close(h.broken) })
	if h.isStuck() {
		runtime.Goexit() // nobody will close Pebble, which would end its trying
	}
}

// halt ends the store's life at a failed write, and stops the goroutine that
// wrote for good.
func (h *health) halt(err error) {
	h.stick()
	_ = h.fail(fmt.Errorf("write state in %s: %w", h.dir, err)) // kept in h; every later call returns it
	h.breaking.Do(func() { close(h.broken) })
	select {}
}

// await runs f, which may write or wait for Pebble's work in the background,
// on a goroutine of its own, and leaves that behind if the work fails: there
// is no other way to end its wait.
func (h *health) await(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- guard(h, f) }()
	select {
	case err := <-done:
		return err
	case <-h.broken:
		h.stick()
		return h.err()
	}
}

// finish is await for closing Pebble, which a store that failed needs too.
func (h *health) finish(what string, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- shield(h, what, f) }()
	select {
	case err := <-done:
		return err
	case <-h.stuck:
		return h.err()
	}
}

// Infof drops Pebble's chatter.
func (h *health) Infof(string, ...any) {}

// Errorf passes on what Pebble complains about.
func (h *health) Errorf(format string, args ...any) {
	h.log.Warn("state store", "dir", h.dir, "pebble", fmt.Sprintf(format, args...))
}

// Fatalf must not return: Pebble calls it where going on would do harm. On a
// caller's goroutine it panics, and shield turns that into an error; on one of
// Pebble's own it ends that goroutine.
func (h *health) Fatalf(format string, args ...any) {
	h.stick()
	err := h.fail(judge(h.dir, dbDir, fatalError(format, args)))
	if calledByUs() {
		panic(err)
	}
	runtime.Goexit()
}

// fatalError keeps an error among args in the chain.
func fatalError(format string, args []any) error {
	text := fmt.Sprintf(format, args...)
	for _, a := range args {
		if err, ok := a.(error); ok {
			return &refusal{kind: err, text: text}
		}
	}
	return fmt.Errorf("%s", text)
}

// calledByUs reports whether this goroutine came into Pebble through shield.
func calledByUs() bool {
	pc := make([]uintptr, 256)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, "/state.shield") {
			return true
		}
		if !more {
			return false
		}
	}
}

// guard runs f, which calls Pebble, and turns a panic into the store's end:
// Pebble panics on damage that it did not foresee.
func guard(h *health, f func() error) (err error) {
	if err := h.err(); err != nil {
		return err
	}
	return shield(h, dbDir, f)
}

// shield is guard for a store that may have failed already.
func shield(h *health, what string, f func() error) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		h.stick()
		h.log.Error("state store panicked", "dir", h.dir, "panic", p, "stack", string(debug.Stack()))
		if cause, ok := p.(error); ok {
			err = h.fail(judge(h.dir, what, cause))
			return
		}
		err = h.fail(damaged(h.dir, what, fmt.Errorf("%v", p)))
	}()
	return f()
}
