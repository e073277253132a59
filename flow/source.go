package flow

import (
	"context"
	"iter"
	"time"
)

// Source is a replayable stream of T whose positions are of type O, which is
// kept as JSON.
//
// Run emits until the input ends (nil), fails, or ctx is done: what it returns
// then is not taken for the end of the input. from is nil on
// a first start; otherwise it is a position that an earlier Run emitted, and
// the first element emitted is the one that follows it. Barriers are the
// engine's business: it injects them between two Emits, also while Run waits
// for input. When Run has returned nil, its time is at its end: it holds no
// watermark back.
type Source[T, O any] interface {
	Run(ctx context.Context, from *O, out *Emitter[T, O]) error
}

// Committed is an optional method of a [Source]: everything up to o is
// durable and visible in every sink. It is where a replication slot is
// advanced, a consumer group committed, a queue's elements deleted. It may
// run beside Run, and is called again after a restart.
type Committed[O any] interface {
	Committed(ctx context.Context, o O) error
}

// SplitSource is a source of independent parts: files, partitions, key
// ranges. The engine spreads the splits over tasks and keeps a position for
// each; a split that has ended is never read again.
type SplitSource[T, S, O any] interface {
	// Splits lists the splits, in the order they should be read.
	Splits(ctx context.Context) iter.Seq2[S, error]

	// ID names s for ever: the same part has the same ID in every run, and
	// no other part ever has it.
	ID(s S) string

	// Run reads one split, like [Source.Run]. It is called by several
	// goroutines, with a different split each.
	Run(ctx context.Context, s S, from *O, out *Emitter[T, O]) error
}

// Rediscoverer is an optional method of a [SplitSource]: how often to list
// the splits again. Without it, or when it returns 0, they are listed once
// and the source ends with the last of them.
type Rediscoverer interface {
	Rediscover() time.Duration
}

// Replayer is an optional method of a source that can not, or not always,
// give again what it gave before. Explain prints why.
type Replayer interface {
	Replays() (ok bool, why string)
}

// Sized is an optional method of a bounded source: how much there is to read
// in all, in the unit of its [Emitter.Progress]. Status shows the share done.
type Sized interface {
	Size(ctx context.Context) (total int64, err error)
}

// CommittedSplit is [Committed] for a [SplitSource].
type CommittedSplit[S, O any] interface {
	CommittedSplit(ctx context.Context, s S, o O) error
}

// Resumer is an optional method of a [SplitSource]: the IDs of the splits
// that earlier runs have begun and not ended, and of those they have ended,
// once and before anything is listed. A source whose parts may change tells
// from them what did.
type Resumer interface {
	Resume(ctx context.Context, begun, ended iter.Seq[string]) error
}

// SizedSplits is an optional method of a [SplitSource] that is [Sized]: how
// much of the total a split is. A split that an earlier run has read to its
// end counts as done.
type SizedSplits[S any] interface {
	SizeOf(s S) int64
}
