package bincode

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
)

// maxDepth bounds how deep values may lie in each other through pointers,
// slices and maps, so that neither a cycle nor crafted bytes exhaust the stack.
const maxDepth = 1000

// Errors of Decode. All are wrapped with the type that was being read.
var (
	ErrShort    = errors.New("input ends inside the value")
	ErrTrailing = errors.New("bytes left over behind the value")
	ErrInvalid  = errors.New("bytes are not an encoding of the type")
)

// A Codec converts values of T. It is immutable and safe for concurrent use.
type Codec[T any] struct {
	plan *plan
}

// plans remembers the *plan of each reflect.Type: what planOf computes
// depends on nothing but the type.
var plans sync.Map

// Of returns the codec of T. The error names the field that has no encoding.
func Of[T any]() (*Codec[T], error) {
	p, err := planOf(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	return &Codec[T]{plan: p}, nil
}

func planOf(t reflect.Type) (*plan, error) {
	if p, ok := plans.Load(t); ok {
		return p.(*plan), nil
	}
	pl := &planner{open: map[reflect.Type]*plan{}}
	p, err := pl.plan(t)
	if err != nil {
		return nil, fmt.Errorf("encode %v: %w", t, err)
	}
	plans.Store(t, p)
	return p, nil
}

// Append appends the encoding of *v to dst. It panics when a MarshalBinary
// method returns an error, and when v is nested more than 1000 deep, as a
// cyclic value is.
func (c *Codec[T]) Append(dst []byte, v *T) []byte { return c.plan.append(dst, of(v), 0) }

// Decode reads one value that fills b exactly into *v. Nothing is allocated
// for lengths that b is too short for. After an error *v is undefined. The
// value does not refer to b.
func (c *Codec[T]) Decode(b []byte, v *T) error {
	rest, err := c.plan.read(b, of(v), 0)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%w: %d of %d", ErrTrailing, len(rest), len(b))
	}
	if err != nil {
		return fmt.Errorf("decode %v: %w", reflect.TypeFor[T](), err)
	}
	return nil
}

// Schema returns a text that is the same for types of the same encoding and
// the same names of fields, in every process: "{ID:int64 Tags:[]string}".
func (c *Codec[T]) Schema() string { return c.plan.schema }
