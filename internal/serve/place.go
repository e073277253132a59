package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/weirflow/weir/flow"
)

// maxSocketPath is the longest path of a Unix socket that all systems take.
const maxSocketPath = 100

// Place says where the process that runs a pipeline answers. It is written
// beside the state folder of the pipeline, as PIPELINE.run.
type Place struct {
	Socket string `json:"socket"`
	PID    int    `json:"pid"`
}

// FindPlace reads where the process that runs a pipeline answers. The error
// is [fs.ErrNotExist] when nobody runs it, or when that process ended in
// order.
func FindPlace(state, pipeline string) (Place, error) {
	text, err := os.ReadFile(placeFile(state, pipeline))
	if err != nil {
		return Place{}, fmt.Errorf("find process of pipeline %s: %w", pipeline, err)
	}
	var p Place
	if err := json.Unmarshal(text, &p); err != nil {
		return Place{}, fmt.Errorf("read %s: %w", placeFile(state, pipeline), err)
	}
	return p, nil
}

func placeFile(state, pipeline string) string { return filepath.Join(state, pipeline+".run") }

// Announce serves on a Unix socket in the folder state, which only this user
// can open, and writes beside each pipeline's state where it is. Call
// withdraw to take that back.
func (s *Server) Announce(ctx context.Context, state string, pipelines []string) (withdraw func() error, err error) {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return nil, fmt.Errorf("make state folder: %w", err)
	}
	if err := claim(ctx, state, pipelines); err != nil {
		return nil, err
	}
	socket, folder, err := socketPath(state)
	if err != nil {
		return nil, err
	}
	var made []string
	withdraw = func() error {
		var errs []error
		for _, path := range append(made, folder) {
			if err := os.Remove(path); path != "" && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	}
	if err := s.listenUnix(ctx, socket); err != nil {
		return nil, errors.Join(err, withdraw())
	}
	made = append(made, socket)
	text, err := json.Marshal(Place{Socket: socket, PID: os.Getpid()})
	if err != nil {
		return nil, errors.Join(err, withdraw())
	}
	for _, name := range pipelines {
		if err := os.WriteFile(placeFile(state, name), text, 0o600); err != nil {
			return nil, errors.Join(fmt.Errorf("write place: %w", err), withdraw())
		}
		made = append(made, placeFile(state, name))
	}
	return withdraw, nil
}

// listenUnix serves on a socket that nobody else can open at any moment: it
// gets its mode before it gets its name.
func (s *Server) listenUnix(ctx context.Context, socket string) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", socket+"~")
	if err != nil {
		return fmt.Errorf("listen on %s: %w", socket, err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(socket+"~", 0o600), os.Rename(socket+"~", socket)); err != nil {
		return errors.Join(fmt.Errorf("make socket %s: %w", socket, err), l.Close(), os.Remove(socket+"~"))
	}
	s.serve(l, s.routes)
	return nil
}

// socketPath chooses the socket of this process. Where the state folder's
// path is too long for one, it is in a temporary folder.
func socketPath(state string) (socket, folder string, err error) {
	abs, err := filepath.Abs(state)
	if err != nil {
		return "", "", fmt.Errorf("find state folder: %w", err)
	}
	name := strconv.Itoa(os.Getpid()) + ".sock"
	if socket = filepath.Join(abs, name); len(socket) <= maxSocketPath {
		return socket, "", nil
	}
	folder, err = os.MkdirTemp("", "weir")
	if err != nil {
		return "", "", fmt.Errorf("make folder for socket: %w", err)
	}
	return filepath.Join(folder, name), folder, nil
}

// claim makes sure that nobody runs the pipelines, and removes the sockets of
// processes that were killed.
func claim(ctx context.Context, state string, pipelines []string) error {
	for _, name := range pipelines {
		p, err := FindPlace(state, name)
		if err != nil {
			continue // nobody was here, or nobody can be found
		}
		if _, err := Ask(ctx, p.Socket, ""); err == nil {
			return flow.Markf(flow.Conflict, "pipeline %s is running already, in process %d; "+
				"stop that, or use another state folder than %s", name, p.PID, state)
		}
		if filepath.Ext(p.Socket) == ".sock" {
			_ = os.Remove(p.Socket) // it may be gone; a file left behind does no harm
		}
	}
	return nil
}
