package iotest

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/weirflow/weir/flow"
)

// step is a point in the life of an epoch at which a process may be killed.
type step string

// The steps of an epoch, in their order.
const (
	opened    step = "Open"
	written   step = "Write"
	rolled    step = "AllWrites"
	prepared  step = "Prepare"
	finished  step = "Finish"
	saved     step = "TheStateIsSaved"
	committed step = "Commit"
	again     step = "TheSecondCommit"
)

func steps() []step {
	return []step{opened, written, rolled, prepared, finished, saved, committed, again}
}

// crash runs two epochs, kills the process behind one step of the second, and
// goes on with a fresh one from what the state says: at and behind saved the
// epoch is committed with the token, before that it is written again.
func (x sinkExam) crash(t *testing.T, at step) {
	p := x.newPipe(t)
	w := p.writer(t, 1, 0, 1)
	p.epoch(t, w, 1)
	dead := w
	token, known := p.until(t, dead, at)
	// What the dead process held goes when the test ends, as late as it can.
	t.Cleanup(func() {
		if err := dead.Close(); err != nil {
			t.Logf("close what was killed: %v", err)
		}
	})
	p.open(t)
	if known {
		p.last = p.txn(2)
	}
	if err := p.start(t); err != nil {
		t.Fatalf("start after the crash: %v", err)
	}
	if known {
		p.commit(t, 2, token)
		p.want(t, 1, 2)
	} else {
		p.want(t, 1)
	}
	next := flow.Epoch(2)
	if known {
		next = 3
	}
	w = p.writer(t, next, 0, 1)
	defer closeWriter(t, w)
	if !known {
		p.epoch(t, w, 2)
	}
	p.want(t, 1, 2)
	p.epoch(t, w, 3)
	p.want(t, 1, 2, 3)
}

// until runs the second epoch up to and with a step. known says whether the
// state knows the token.
func (p *pipe) until(
	t *testing.T, w flow.Writer[flow.Batch, json.RawMessage], at step,
) (token json.RawMessage, known bool) {
	t.Helper()
	ids := idsOf(2)
	if at == opened {
		return nil, false
	}
	p.write(t, w, ids[:perEpoch/2])
	if at == written {
		return nil, false
	}
	p.write(t, w, ids[perEpoch/2:])
	if at == rolled {
		return nil, false
	}
	finish, err := w.Prepare(t.Context(), 2)
	if err != nil {
		t.Fatalf("prepare: %v", err)
	}
	if at == prepared {
		return nil, false
	}
	token, err = finish(t.Context())
	if err != nil {
		t.Fatalf("finish: %v", err)
	}
	if at == finished {
		return nil, false
	}
	if at == saved {
		return token, true
	}
	p.commit(t, 2, token)
	if at == again {
		p.commit(t, 2, token)
	}
	return token, true
}

// abandoned prepares and finishes epochs that nobody ever commits.
func (x sinkExam) abandoned(t *testing.T) {
	p := x.newPipe(t)
	w := p.writer(t, 1, 0, 1)
	p.epoch(t, w, 1)
	p.write(t, w, idsOf(2))
	p.seal(t, w, 2)
	p.write(t, w, idsOf(3))
	if _, err := w.Prepare(t.Context(), 3); err != nil {
		t.Fatalf("prepare: %v", err)
	}
	p.write(t, w, idsOf(4))
	closeWriter(t, w)
	p.want(t, 1)
}

// strangers come with a state that does not fit what the sink has recorded.
// The sink has committed epochs of ours; of the stranger's state, last is the
// newest commit.
func (x sinkExam) strangers(t *testing.T) {
	for _, c := range []struct {
		name        string
		committed   flow.Epoch
		incarnation string
		last        flow.Epoch
	}{
		{"ALostState", 3, theirs, 0},
		{"ALostStateAtTheSameEpoch", 1, theirs, 0},
		{"AnotherState", 3, theirs, 3},
		{"AnOldCopyOfTheState", 3, ours, 1},
		{"ASinkRolledBack", 3, ours, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := x.newPipe(t)
			if !p.exactly() {
				t.Skip("the sink promises at least once, and records nothing")
			}
			w := p.writer(t, 1, 0, 1)
			defer closeWriter(t, w)
			var epochs []flow.Epoch
			for e := flow.Epoch(1); e <= c.committed; e++ {
				p.epoch(t, w, e)
				epochs = append(epochs, e)
			}
			p.open(t)
			p.incarnation, p.last = c.incarnation, flow.Txn{}
			if c.last > 0 {
				p.last.Epoch = c.last - 1
				p.last = p.txn(c.last)
			}
			p.refused(t, c.last+1)
			p.want(t, epochs...)
		})
	}
}

// refused wants Conflict from Start, or from the commit of the next epoch at
// the latest.
func (p *pipe) refused(t *testing.T, e flow.Epoch) {
	t.Helper()
	err := p.start(t)
	if err == nil {
		w := p.writer(t, e, 0, 1)
		p.write(t, w, idsOf(e+20))
		token := p.seal(t, w, e)
		err = p.sink.Commit(t.Context(), p.txn(e), []json.RawMessage{token})
		closeWriter(t, w)
	}
	if flow.KindOf(err) != flow.Conflict {
		t.Errorf("got %v; want an error of kind Conflict that says what to do", err)
	}
}

// openFiles lists the files that the process holds open; nothing where the
// system does not say.
func openFiles(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		system := strings.HasPrefix(target, "/proc/") || strings.HasPrefix(target, "/dev/")
		if err == nil && strings.HasPrefix(target, "/") && !system {
			files = append(files, target)
		}
	}
	return files
}
