package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/weirflow/weir/internal/live"
	"github.com/weirflow/weir/state"
)

// Stored says how a pipeline is that nobody runs, by what its state folder
// holds.
func (p *Pipeline) Stored() (r live.Report, err error) {
	now := time.Now()
	r = live.Report{Pipeline: p.Name, State: "stopped", Time: now, Started: now, Stored: true}
	if _, err := os.Stat(p.State); errors.Is(err, fs.ErrNotExist) {
		r.State = "never ran"
		return r, nil
	}
	store, err := state.Open(p.State, p.Name, state.Options{Log: slog.New(slog.DiscardHandler)})
	if errors.Is(err, state.ErrLocked) {
		r.State, r.Error = "running", "a process has the state folder open, and does not answer"
		return r, nil
	}
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	r.Epoch, r.StateBytes = store.Manifest().Epoch, store.Size()
	for _, part := range p.Sources {
		stage, err := storedSource(store, part)
		if err != nil {
			return r, err
		}
		r.Stages = append(r.Stages, stage)
	}
	for _, part := range p.Sinks {
		commit, ok, err := store.LastCommit(part.Name)
		if err != nil {
			return r, err
		}
		stage := live.Stage{Name: part.Name, Kind: part.Kind, Connector: part.Connector, SecondsLeft: -1, Detail: "no commit yet"}
		if ok {
			stage.Detail = fmt.Sprintf("last commit in epoch %d", commit.Epoch)
		}
		r.Stages = append(r.Stages, stage)
	}
	return r, nil
}

// storedSource gives the position of a source: that of a plain source as it
// is, and those of splits by their names.
func storedSource(store *state.Store, part *Part) (live.Stage, error) {
	stage := live.Stage{Name: part.Name, Kind: part.Kind, Connector: part.Connector, SecondsLeft: -1}
	positions, err := store.Positions(part.Name)
	if err != nil {
		return stage, err
	}
	done, err := store.DoneSplits(part.Name)
	if err != nil {
		return stage, err
	}
	if len(done) > 0 {
		stage.Detail = plural(int64(len(done)), "split", "splits") + " read to the end"
	}
	if plain, ok := positions[""]; ok && len(positions) == 1 && json.Valid(plain) {
		stage.Position = plain
		return stage, nil
	}
	splits := map[string]json.RawMessage{}
	for split, position := range positions {
		if json.Valid(position) {
			splits[split] = position
		}
	}
	if len(splits) > 0 {
		stage.Position, err = json.Marshal(splits)
	}
	return stage, err
}
