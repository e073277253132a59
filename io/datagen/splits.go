package datagen

import (
	"context"
	"fmt"
	"iter"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/pace"
)

// splits makes the same rows as a source in several parts: part i of n has
// every n-th batch of rows, beginning with batch i.
type splits struct{ *generator }

// split is one part.
type split struct{ Index, Of int64 }

// Splits lists the parts.
func (s splits) Splits(context.Context) iter.Seq2[split, error] {
	return func(yield func(split, error) bool) {
		n := int64(s.cfg.Splits)
		for i := range n {
			if !yield(split{i, n}, nil) {
				return
			}
		}
	}
}

// ID names the part and how many there are.
func (s splits) ID(p split) string { return fmt.Sprintf("%d-of-%d", p.Index, p.Of) }

// Run makes the rows of one part. A position is the number of the part's next
// row; rows of other parts are skipped.
func (s splits) Run(ctx context.Context, p split, from *Position, out *flow.Emitter[flow.Batch, Position]) error {
	s.generator = s.in(out.Alloc())
	size := s.cfg.BatchSize
	next := p.Index * size
	if from != nil {
		next = int64(*from)
		out.Progress(p.below(next, size))
	}
	bucket := s.share(p)
	for s.cfg.MaxEvents == 0 || next < s.cfg.MaxEvents {
		n := min(s.cut(p.Of), size-next%size)
		if s.cfg.MaxEvents > 0 {
			n = min(n, s.cfg.MaxEvents-next)
		}
		if err := wait(ctx, bucket, n); err != nil {
			return err
		}
		b := s.rows(next, n)
		next += n
		if next%size == 0 {
			next += (p.Of - 1) * size
		}
		if err := out.Emit(b, Position(next)); err != nil {
			return err
		}
		out.Progress(n)
	}
	return nil
}

// sizedSplits are splits that end.
type sizedSplits struct{ splits }

// Size is the number of rows of all parts.
func (s sizedSplits) Size(context.Context) (int64, error) { return s.size(), nil }

// SizeOf is the number of rows of one part.
func (s sizedSplits) SizeOf(p split) int64 { return p.below(s.size(), s.cfg.BatchSize) }

// below counts the part's rows with numbers below n.
func (p split) below(n, size int64) int64 {
	rounds, rest := n/(size*p.Of), n%(size*p.Of)
	return rounds*size + min(max(rest-p.Index*size, 0), size)
}

// share is the part's bucket: the parts together keep to the rate.
func (s splits) share(p split) *pace.Bucket {
	rate := s.cfg.EventsPerSecond
	if rate == 0 {
		return nil
	}
	mine := rate / p.Of
	if p.Index < rate%p.Of {
		mine++
	}
	return pace.NewBucket(mine, 0)
}
