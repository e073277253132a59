package engine

import "time"

// LaneStatus is a look at the lanes of one node.
type LaneStatus struct {
	Rows, Bytes, Batches int64
	Queue                int
	QueueBytes           int64
	Blocked              time.Duration
	Time                 int64 // the least watermark
}

// Lanes sums up the lanes whose root is node id.
func (r *Run) Lanes(id int32) LaneStatus {
	s := LaneStatus{Time: MaxTime}
	for _, l := range r.lanes {
		if l.root != id {
			continue
		}
		s.Rows += l.rows.Load()
		s.Bytes += l.bytes.Load()
		s.Batches += l.batches.Load()
		s.Blocked += time.Duration(l.blocked.Load())
		s.Time = min(s.Time, l.time.Load())
	}
	for _, b := range r.buffers {
		if b.root() == id {
			items, bytes := b.load()
			s.Queue += items
			s.QueueBytes += bytes
		}
	}
	return s
}

// InFlight is the bytes that wait between lanes, without those of Arrow
// batches, which their allocator counts.
func (r *Run) InFlight() int64 {
	n := int64(0)
	for _, b := range r.buffers {
		if !b.pooled() {
			_, bytes := b.load()
			n += bytes
		}
	}
	return n
}

// Durable returns the last epoch that every sink has committed, and when.
func (r *Run) Durable() (epoch uint64, at time.Time) {
	if ns := r.committed.Load(); ns != 0 {
		at = time.Unix(0, ns)
	}
	return r.durable.Load(), at
}
