package flow_test

import "sync/atomic"

// counter counts down from several goroutines.
type counter struct{ n atomic.Int64 }

func newCounter(n int64) *counter {
	c := &counter{}
	c.n.Store(n)
	return c
}

// down is true once: when the count reaches nought.
func (c *counter) down() bool { return c.n.Add(-1) == 0 }
