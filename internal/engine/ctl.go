package engine

import "math"

// Kind is the kind of a control signal.
type Kind uint8

// Control signals travel in band, behind the elements sent before them.
const (
	None      Kind = iota
	Barrier        // an epoch ends here
	Watermark      // no element with an event time at or before Time follows
	Idle           // the sender says nothing about time until it sends again
	Flush          // send on what is held only to be sent in bulk
	End            // nothing follows
)

// MaxTime is the watermark after the last element of a bounded input.
const MaxTime = int64(math.MaxInt64)

// MinTime is the watermark before anything is known.
const MinTime = int64(math.MinInt64)

// Ctl is a control signal.
type Ctl struct {
	Kind  Kind
	Epoch uint64 // of a Barrier
	Time  int64  // of a Watermark, in nanoseconds since 1970
}

// Port is the compiled consumer of a flow inside one lane: one call an
// element, no channel.
type Port[T any] struct {
	Push func(T) error
	Ctl  func(Ctl) error

	// Many is Push of each of vs, where there is a shorter way; else nil.
	Many func(vs []T) error
}

// Tee is the port that hands everything to each of ports in turn.
func Tee[T any](ports []Port[T]) Port[T] {
	switch len(ports) {
	case 0:
		return Port[T]{Push: func(T) error { return nil }, Ctl: func(Ctl) error { return nil }}
	case 1:
		return ports[0]
	}
	return Port[T]{
		Push: func(v T) error {
			for i := range ports {
				if err := ports[i].Push(v); err != nil {
					return err
				}
			}
			return nil
		},
		Ctl: func(c Ctl) error {
			for i := range ports {
				if err := ports[i].Ctl(c); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
