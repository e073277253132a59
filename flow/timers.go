package flow

import (
	"container/heap"
	"encoding/binary"
	"fmt"

	"github.com/weirflow/weir/internal/bincode"
)

// timerID is a timer: a key, and the time at which it wants to be called.
type timerID[K comparable] struct {
	at  int64
	key K
}

// timers is the timers of one lane, kept in memory and in the state.
type timers[K comparable] struct {
	codec *bincode.KeyCodec[K]
	set   map[timerID[K]]bool
	heap  timerHeap[K]

	// since the last snapshot: whether it is there now
	changed map[timerID[K]]bool
}

func newTimers[K comparable](codec *bincode.KeyCodec[K]) *timers[K] {
	return &timers[K]{codec: codec, set: map[timerID[K]]bool{}, changed: map[timerID[K]]bool{}}
}

func (t *timers[K]) add(id timerID[K]) {
	if t.set[id] {
		return
	}
	t.set[id] = true
	t.changed[id] = true
	heap.Push(&t.heap, id)
}

// due takes the first timer at or before now.
func (t *timers[K]) due(now int64) (timerID[K], bool) {
	if len(t.heap) == 0 || t.heap[0].at > now {
		return timerID[K]{}, false
	}
	id := heap.Pop(&t.heap).(timerID[K])
	delete(t.set, id)
	t.changed[id] = false
	return id, true
}

// storeKey is the time, so that the order is that of time, and the key.
func (t *timers[K]) storeKey(id timerID[K]) []byte {
	b := []byte{timerPrefix}
	b = binary.BigEndian.AppendUint64(b, uint64(id.at)^1<<63)
	return t.codec.AppendKey(b, id.key)
}

func (t *timers[K]) restore(b []byte) error {
	if len(b) < 8 {
		return fmt.Errorf("read stored timer: %d bytes, want at least 8", len(b))
	}
	k, err := t.codec.DecodeKey(b[8:])
	if err != nil {
		return fmt.Errorf("read stored timer: %w", err)
	}
	id := timerID[K]{int64(binary.BigEndian.Uint64(b) ^ 1<<63), k}
	t.set[id] = true
	heap.Push(&t.heap, id)
	return nil
}

// snapshot hands the changes over; they are encoded beside the next epoch.
func (t *timers[K]) snapshot(w StateWriter, group func(K) int) {
	if len(t.changed) == 0 {
		return
	}
	changed := t.changed
	t.changed = map[timerID[K]]bool{}
	w.Later(func(w StateWriter) error {
		for id, there := range changed {
			if there {
				w.Set(group(id.key), t.storeKey(id), nil)
			} else {
				w.Delete(group(id.key), t.storeKey(id))
			}
		}
		return nil
	})
}

// timerHeap orders timers by time.
type timerHeap[K comparable] []timerID[K]

// Len is part of heap.Interface.
func (h timerHeap[K]) Len() int { return len(h) }

// Less is part of heap.Interface.
func (h timerHeap[K]) Less(i, j int) bool { return h[i].at < h[j].at }

// Swap is part of heap.Interface.
func (h timerHeap[K]) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push is part of heap.Interface.
func (h *timerHeap[K]) Push(x any) { *h = append(*h, x.(timerID[K])) }

// Pop is part of heap.Interface.
func (h *timerHeap[K]) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
