package stdout

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/connector"
)

//go:embed doc.go config.go example.yaml
var docs embed.FS

// Register adds the stdout sink to r.
func Register(r *connector.Registry) {
	connector.AddSink(r, connector.Info[Config]{
		Name:     "stdout",
		Defaults: Config{Format: "pretty", Width: 40},
		Docs:     docs,
		Promise:  "at least once; " + reason,
	}, Open)
}

const reason = "rows since the last checkpoint are printed again after a crash"

// Open makes a stdout sink.
func Open(_ context.Context, cfg Config, env connector.Env) (connector.Sink, error) {
	s := &sink{format: newFormat(cfg), limit: cfg.Limit, out: os.Stdout}
	if env.Stdout != nil {
		s.out = env.Stdout
	}
	return connector.To(s), nil
}

// sink prints the batches of all its writers, one at a time.
type sink struct {
	limit int64

	mu      sync.Mutex
	out     io.Writer
	format  format
	printed int64
	buf     []byte
}

// Guarantee says that printing is for good.
func (*sink) Guarantee() (flow.Guarantee, string) { return flow.AtLeastOnce, reason }

// Open returns a writer.
func (s *sink) Open(context.Context, flow.Task) (flow.Writer[flow.Batch, struct{}], error) {
	return writer{s}, nil
}

// Commit does nothing: the rows are printed already.
func (*sink) Commit(context.Context, flow.Txn, []struct{}) error { return nil }

// show prints the rows of b up to the limit.
func (s *sink) show(b flow.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := b.NumRows()
	if s.limit > 0 {
		n = min(n, s.limit-s.printed)
	}
	if n <= 0 {
		return nil
	}
	part := flow.Batch{RecordBatch: b.NewSlice(0, n), Stream: b.Stream}
	defer part.Release()
	if b.Ops != nil {
		part.Ops = b.Ops[:n]
	}
	text, err := s.format.append(s.buf[:0], part)
	if err != nil {
		return fmt.Errorf("print %s: %w", b.Stream, err)
	}
	s.buf = text
	if cap(s.buf) > keep {
		s.buf = nil
	}
	if _, err := s.out.Write(text); err != nil {
		if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
			return flow.Markf(flow.Canceled, "print: nobody reads any more: %w", err)
		}
		return fmt.Errorf("print: %w", err)
	}
	s.printed += n
	return nil
}

// keep is the most memory that is kept between batches.
const keep = 1 << 20

type writer struct{ s *sink }

// Write prints b.
func (w writer) Write(ctx context.Context, b flow.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return w.s.show(b)
}

// Prepare has nothing to wait for.
func (writer) Prepare(context.Context, flow.Epoch) (func(context.Context) (struct{}, error), error) {
	return flow.Done(struct{}{}), nil
}

// Close does nothing: the process owns its standard output.
func (writer) Close() error { return nil }
