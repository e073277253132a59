package flow

import (
	"fmt"

	"github.com/weirflow/weir/internal/bincode"
	"github.com/weirflow/weir/internal/engine"
)

// keyGroups is how many groups the keys of a pipeline fall into. A parallel
// operator owns a range of them, and state is kept by group, so that the
// number of lanes may change between runs.
const keyGroups = 256

// Keyed is a flow whose elements have a key: all elements of a key pass the
// same lane, in order.
type Keyed[K comparable, T any] struct {
	in    Flow[T]
	key   func(T) K
	codec *bincode.KeyCodec[K]
}

// KeyBy gives elements a key. Parallel(n) spreads the keys over n lanes;
// without it what follows runs on one. The hash of a key is the same in
// every process.
func KeyBy[K comparable, T any](in Flow[T], key func(T) K, ops ...Op) Keyed[K, T] {
	codec, err := bincode.KeyOf[K]()
	if err != nil {
		in.n.p.fail(fmt.Errorf("key of %s: %w", in.n.name, err))
		codec = nil
	}
	k := Keyed[K, T]{in: in, key: key, codec: codec}
	par := max(1, optsOf(ops).parallel)
	if par == 1 && in.n.par == 1 {
		return k
	}
	name := optsOf(ops).name
	if name == "" {
		name = in.n.name + ".key"
	}
	k.in = shuffle(k, name, par, in)
	return k
}

// shuffle spreads ins over par lanes by key.
func shuffle[K comparable, T any](k Keyed[K, T], name string, par int, ins ...Flow[T]) Flow[T] {
	id := int32(len(ins[0].n.p.nodes)) // of the boundary, whose code the key's function is
	return boundary("shuffle", name, par, func(l *engine.Lane) func(T) int {
		key, codec := k.key, k.codec
		return func(v T) int {
			l.At = id
			return int(uint8(codec.Hash(key(v)))) * par / keyGroups
		}
	}, ins...)
}

// Key returns the key of v.
func (k Keyed[K, T]) Key(v T) K { return k.key(v) }

// groups is the range of key groups that lane sub of par owns: those with
// group*par/keyGroups == sub.
func groups(sub, par int) (first, last int) {
	return (sub*keyGroups + par - 1) / par, ((sub+1)*keyGroups+par-1)/par - 1
}
