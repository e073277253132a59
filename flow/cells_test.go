package flow

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weirflow/weir/internal/bincode"
)

// shelf is a state store in a map.
type shelf struct {
	mu      sync.Mutex
	rows    map[string]string
	durable atomic.Uint64
}

// Set is part of StateWriter.
func (s *shelf) Set(_ int, key, val []byte) { s.rows[string(key)] = string(val) }

// Delete is part of StateWriter.
func (s *shelf) Delete(_ int, key []byte) { delete(s.rows, string(key)) }

// DeleteRange is part of StateWriter.
func (s *shelf) DeleteRange(int, []byte, []byte) { panic("not used") }

// Later is part of StateWriter.
func (s *shelf) Later(func(StateWriter) error) { panic("not used") }

// laters gathers what a snapshot wants to write later.
type laters struct {
	*shelf
	list []func(StateWriter) error
}

// Later is part of StateWriter.
func (l *laters) Later(f func(StateWriter) error) { l.list = append(l.list, f) }

// TestCells drives cells with few places by random touches and clears while
// up to two snapshots are written beside it, and checks every state against a
// plain map; in the end the store must hold the same.
func TestCells(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { testCells(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func testCells(t *testing.T, rng *rand.Rand) {
	codec, err := bincode.KeyOf[int]()
	if err != nil {
		t.Fatal(err)
	}
	store := &shelf{rows: map[string]string{}}
	task := OpenTask{
		Task: Task{Epoch: 1}, Schema: func(string) error { return nil }, Checkpoint: func() {},
		Durable: func() Epoch { return Epoch(store.durable.Load()) },
		Get: func(_ int, key []byte) ([]byte, bool, error) {
			store.mu.Lock()
			defer store.mu.Unlock()
			val, ok := store.rows[string(key)]
			return []byte(val), ok, nil
		},
	}
	open := func() *cells[int, map[int]int] {
		c, err := openCells[int, map[int]int](task, codec)
		if err != nil {
			t.Fatal(err)
		}
		c.max = 1 + rng.IntN(8)
		return c
	}
	c, model := open(), map[int]map[int]int{}
	epoch := Epoch(1)
	queue := make(chan *laters, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		for l := range queue {
			for _, f := range l.list {
				store.mu.Lock()
				if err := f(store); err != nil {
					t.Error(err)
				}
				store.mu.Unlock()
			}
			store.durable.Add(1)
		}
	})
	for step := range 3000 {
		if rng.IntN(20) == 0 {
			l := &laters{shelf: store}
			c.snapshot(epoch, l)
			queue <- l
			epoch++
			continue
		}
		k := rng.IntN(12)
		one, err := c.touch(k)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(one.s, model[k]) {
			t.Fatalf("step %d epoch %d: key %d has %v, want %v", step, epoch, k, one.s, model[k])
		}
		if rng.IntN(4) == 0 {
			c.clear(one)
			delete(model, k)
			continue
		}
		if one.s == nil {
			one.s, model[k] = map[int]int{}, map[int]int{}
		}
		one.s[step%5], model[k][step%5] = step, step
	}
	l := &laters{shelf: store}
	c.snapshot(epoch, l)
	queue <- l
	close(queue)
	wg.Wait()
	got := map[int]map[int]int{}
	for key, val := range store.rows {
		k, err := codec.DecodeKey([]byte(key[1:]))
		if err != nil {
			t.Fatal(err)
		}
		m := map[int]int{}
		if err := c.codec.Decode([]byte(val), &m); err != nil {
			t.Fatal(err)
		}
		got[k] = m
	}
	if !maps.EqualFunc(got, model, maps.Equal) {
		t.Fatalf("stored %v, want %v", got, model)
	}
}
