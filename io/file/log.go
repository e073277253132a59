package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/weirflow/weir/flow"
)

const (
	logFormat = 1
	logKeep   = 8  // entries that are never compacted, the newest
	logFold   = 64 // entries that become one file
)

// entry is one line of the commit log: the files that one epoch made visible.
type entry struct {
	Format      int        `json:"format"`
	Number      int64      `json:"number"` // 1, 2, 3 ... in the log
	Pipeline    string     `json:"pipeline"`
	Incarnation string     `json:"incarnation"`
	Sink        string     `json:"sink"`
	Epoch       flow.Epoch `json:"epoch"` // 0: a takeover, which has no files
	Previous    flow.Epoch `json:"previous"`
	Files       []logged   `json:"files"`
}

// holds reports whether e is the commit of parts, by the names of the files.
func (e entry) holds(parts []Part) bool {
	named := map[string]bool{}
	for _, f := range e.Files {
		named[f.Path] = true
	}
	n := 0
	for _, p := range parts {
		for _, f := range p.Files {
			if !named[f.Path] {
				return false
			}
			n++
		}
	}
	return n == len(e.Files)
}

// logged is a file that is visible.
type logged struct {
	Path  string `json:"path"` // from the sink's folder, with slashes
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
}

// commitLog is the log of one sink of one pipeline. Its folder holds a file
// per entry, NUMBER.json, and for old entries a file for each 64 of them,
// FIRST-LAST.jsonl with an entry a line. Numbers have 20 digits. A file is
// made by a link, which fails when it is there: two who want to write the
// same entry cannot both succeed.
type commitLog struct {
	d     disk
	dir   string
	loose []int64 // numbers of the entries with a file of their own
	folds []fold
	stray []string // left by a crash
}

type fold struct{ first, last int64 }

func (f fold) name() string { return fmt.Sprintf("%020d-%020d.jsonl", f.first, f.last) }

func looseName(n int64) string { return fmt.Sprintf("%020d.json", n) }

// openLog lists the log in folder dir.
func openLog(d disk, dir string) (*commitLog, error) {
	l := &commitLog{d: d, dir: dir}
	names, err := d.names(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	var loose []int64
	for _, name := range names {
		first, last, ok := parseLogName(name)
		switch {
		case strings.HasPrefix(name, tempPrefix):
			l.stray = append(l.stray, name)
		case !ok:
			return nil, flow.Markf(flow.Conflict, "%s/%s does not belong in a commit log; remove it", dir, name)
		case first == last && strings.HasSuffix(name, ".json"):
			loose = append(loose, first)
		default:
			l.folds = append(l.folds, fold{first, last})
		}
	}
	for _, n := range loose {
		if n <= l.folded() {
			l.stray = append(l.stray, looseName(n))
			continue
		}
		l.loose = append(l.loose, n)
	}
	return l, l.whole()
}

// parseLogName reads NUMBER.json or FIRST-LAST.jsonl.
func parseLogName(name string) (first, last int64, ok bool) {
	number := func(s string) (int64, bool) {
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err == nil && n > 0 && len(s) == 20 && s[0] != '+'
	}
	if digits, is := strings.CutSuffix(name, ".json"); is {
		first, ok = number(digits)
		return first, first, ok
	}
	both, is := strings.CutSuffix(name, ".jsonl")
	a, b, cut := strings.Cut(both, "-")
	first, ok1 := number(a)
	last, ok2 := number(b)
	return first, last, is && cut && ok1 && ok2 && first < last
}

// folded is the number of the last entry that has no file of its own.
func (l *commitLog) folded() int64 {
	if n := len(l.folds); n > 0 {
		return l.folds[n-1].last
	}
	return 0
}

func (l *commitLog) newest() int64 {
	if n := len(l.loose); n > 0 {
		return l.loose[n-1]
	}
	return l.folded()
}

// whole checks that no entry is missing.
func (l *commitLog) whole() error {
	next := int64(1)
	for _, f := range l.folds {
		if f.first != next {
			return l.torn(next)
		}
		next = f.last + 1
	}
	for _, n := range l.loose {
		if n != next {
			return l.torn(next)
		}
		next++
	}
	return nil
}

func (l *commitLog) torn(n int64) error {
	return flow.Markf(flow.Conflict, "entry %d is missing in the commit log %s: somebody removed it; "+
		"put it back from a backup", n, l.dir)
}

// read reads a loose entry.
func (l *commitLog) read(n int64) (entry, error) {
	name := path.Join(l.dir, looseName(n))
	text, err := l.d.root.ReadFile(name)
	if err != nil {
		return entry{}, err
	}
	return parseEntry(name, text, n)
}

func parseEntry(name string, text []byte, n int64) (entry, error) {
	var e entry
	err := json.Unmarshal(text, &e)
	switch {
	case err != nil:
		return e, flow.Markf(flow.Conflict, "read commit log %s: %w; put the file back from a backup", name, err)
	case e.Format != logFormat:
		return e, flow.Markf(flow.Conflict, "read commit log %s: format %d; this program knows format %d", name, e.Format, logFormat)
	case e.Number != n:
		return e, flow.Markf(flow.Conflict, "read commit log %s: it holds entry %d, want %d", name, e.Number, n)
	}
	return e, nil
}

// last is the newest entry; ok is false when there is none.
func (l *commitLog) last() (e entry, ok bool, err error) {
	if l.newest() == 0 {
		return entry{}, false, nil
	}
	if len(l.loose) > 0 {
		e, err = l.read(l.newest())
		return e, true, err
	}
	all, err := l.unfold(l.folds[len(l.folds)-1])
	if err != nil {
		return entry{}, false, err
	}
	return all[len(all)-1], true, nil
}

// find looks for the commit of parts as an epoch of an incarnation, newest
// first.
func (l *commitLog) find(incarnation string, epoch flow.Epoch, parts []Part) (bool, error) {
	for _, n := range slices.Backward(l.loose) {
		e, err := l.read(n)
		if err != nil {
			return false, err
		}
		if e.Incarnation != incarnation || e.Epoch < epoch {
			return false, nil
		}
		if e.Epoch == epoch {
			return e.holds(parts), nil
		}
	}
	return false, nil
}

// errTaken says that somebody else wrote the entry.
var errTaken = errors.New("somebody else wrote the entry")

// append writes e as the next entry, durable and all or nothing, or fails
// with errTaken.
func (l *commitLog) append(e entry) error {
	e.Format, e.Number = logFormat, l.newest()+1
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	err = l.d.writeNew(path.Join(l.dir, looseName(e.Number)), append(text, '\n'))
	if errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return errTaken // the second: another has begun, and swept up what was not linked yet
	}
	if err != nil {
		return err
	}
	// One who was stopped for so long that the entry it wants has been
	// written by another, and folded, makes it again without an error.
	now, err := openLog(l.d, l.dir)
	if err != nil {
		return err
	}
	if now.folded() >= e.Number {
		return errors.Join(errTaken, l.d.remove(path.Join(l.dir, looseName(e.Number))))
	}
	l.loose = append(l.loose, e.Number)
	return nil
}

// compact folds the oldest entries into one file when there are many.
func (l *commitLog) compact() error {
	if len(l.loose) < logFold+logKeep {
		return nil
	}
	var text bytes.Buffer
	for _, n := range l.loose[:logFold] {
		one, err := l.d.root.ReadFile(path.Join(l.dir, looseName(n)))
		if err != nil {
			return err
		}
		if _, err := parseEntry(looseName(n), one, n); err != nil {
			return err
		}
		text.Write(bytes.TrimSpace(one))
		text.WriteByte('\n')
	}
	f := fold{l.loose[0], l.loose[logFold-1]}
	if err := l.d.writeNew(path.Join(l.dir, f.name()), text.Bytes()); err != nil {
		return err
	}
	for _, n := range l.loose[:logFold] {
		if err := l.d.remove(path.Join(l.dir, looseName(n))); err != nil {
			return err
		}
	}
	l.folds = append(l.folds, f)
	l.loose = l.loose[logFold:]
	return nil
}

// unfold reads the entries of a fold.
func (l *commitLog) unfold(f fold) ([]entry, error) {
	name := path.Join(l.dir, f.name())
	text, err := l.d.root.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var all []entry
	n := f.first
	for line := range bytes.Lines(text) {
		e, err := parseEntry(name, line, n)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		n++
	}
	if n != f.last+1 {
		return nil, l.torn(n)
	}
	return all, nil
}

// all reads the whole log, oldest first.
func (l *commitLog) all() ([]entry, error) {
	var all []entry
	for _, f := range l.folds {
		part, err := l.unfold(f)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
	for _, n := range l.loose {
		e, err := l.read(n)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// clean removes what a crash left.
func (l *commitLog) clean() error {
	var errs []error
	for _, name := range l.stray {
		errs = append(errs, l.d.remove(path.Join(l.dir, name)))
	}
	l.stray = nil
	return errors.Join(errs...)
}
