package bincode

import (
	"errors"
	"fmt"
	"reflect"
	"time"
)

// A KeyCodec converts keys of type K. It is immutable and safe for
// concurrent use, and allocates nothing but decoded strings.
type KeyCodec[K comparable] struct {
	ops   []keyOp
	whole op   // the only op, when K is a single value; else opNone
	word  bool // K is one integer of 64 bits
}

// keyOp is one value inside a key.
type keyOp struct {
	op   op
	off  uintptr
	size int // of opBytes
}

type op uint8

const (
	opNone op = iota
	opBool
	opInt8
	opInt16
	opInt32
	opInt64
	opUint8
	opUint16
	opUint32
	opUint64
	opFloat32
	opFloat64
	opBytes
	opText    // followed by more: escaped and terminated
	opTextEnd // the last one: raw
)

// KeyOf returns the codec of K: integers, floats, bool, string, and arrays
// and structs (of exported fields) of them. The error names the field that
// can not be part of a key.
func KeyOf[K comparable]() (*KeyCodec[K], error) {
	t := reflect.TypeFor[K]()
	ops, err := keyOps(nil, t, 0)
	if err != nil {
		return nil, fmt.Errorf("use %v as a key: %w", t, err)
	}
	c := &KeyCodec[K]{ops: ops}
	if n := len(ops); n > 0 && ops[n-1].op == opText {
		ops[n-1].op = opTextEnd
	}
	if len(ops) == 1 && ops[0].off == 0 {
		c.whole = ops[0].op
		c.word = c.whole == opUint64 || c.whole == opInt64
	}
	return c, nil
}

func keyOps(ops []keyOp, t reflect.Type, off uintptr) ([]keyOp, error) {
	if t == reflect.TypeFor[time.Time]() {
		return nil, errors.New("equal times may differ as keys (zone, monotonic clock); use UnixNano")
	}
	switch {
	case t.Kind() == reflect.Struct:
		return structOps(ops, t, off)
	case t.Kind() == reflect.Array && t.Elem().Kind() == reflect.Uint8:
		return append(ops, keyOp{op: opBytes, off: off, size: t.Len()}), nil
	case t.Kind() == reflect.Array:
		var err error
		for i := range t.Len() {
			if ops, err = keyOps(ops, t.Elem(), off+uintptr(i)*t.Elem().Size()); err != nil {
				return nil, err
			}
		}
		return ops, nil
	}
	o := scalarOp(t)
	if o == opNone {
		return nil, fmt.Errorf("%v has no key encoding", t)
	}
	return append(ops, keyOp{op: o, off: off}), nil
}

func structOps(ops []keyOp, t reflect.Type, off uintptr) ([]keyOp, error) {
	var err error
	for f := range t.Fields() {
		if !f.IsExported() {
			return nil, fmt.Errorf("field %s is not exported", f.Name)
		}
		if ops, err = keyOps(ops, f.Type, off+f.Offset); err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return ops, nil
}

func scalarOp(t reflect.Type) op {
	kinds := map[reflect.Kind]op{
		reflect.Bool: opBool, reflect.String: opText,
		reflect.Int8: opInt8, reflect.Int16: opInt16, reflect.Int32: opInt32, reflect.Int64: opInt64,
		reflect.Uint8: opUint8, reflect.Uint16: opUint16, reflect.Uint32: opUint32, reflect.Uint64: opUint64,
		reflect.Float32: opFloat32, reflect.Float64: opFloat64,
	}
	switch {
	case t.Kind() == reflect.Int && t.Size() == 8:
		return opInt64
	case t.Kind() == reflect.Int:
		return opInt32
	case t.Kind() == reflect.Uint && t.Size() == 8:
		return opUint64
	case t.Kind() == reflect.Uint:
		return opUint32
	}
	return kinds[t.Kind()]
}

// AppendKey appends the encoding of k to dst. Encodings sort by bytes as keys
// do by their fields. Nothing marks the end of a key.
func (c *KeyCodec[K]) AppendKey(dst []byte, k K) []byte {
	p := of(&k)
	for i := range c.ops {
		o := &c.ops[i]
		dst = appendKeyOp(dst, o, add(p, o.off))
	}
	return dst
}

// DecodeKey reads a key that fills b exactly.
func (c *KeyCodec[K]) DecodeKey(b []byte) (K, error) {
	var k, zero K
	p := of(&k)
	var err error
	for i := range c.ops {
		o := &c.ops[i]
		if b, err = readKeyOp(b, o, add(p, o.off)); err != nil {
			return zero, fmt.Errorf("decode key %T: %w", zero, err)
		}
	}
	if len(b) > 0 {
		return zero, fmt.Errorf("decode key %T: %w: %d", zero, ErrTrailing, len(b))
	}
	return k, nil
}

// Hash returns the stable hash of k; keys that are equal in Go hash equally.
func (c *KeyCodec[K]) Hash(k K) uint64 {
	if c.word {
		return HashUint64(*as[uint64](of(&k)))
	}
	return c.hashOps(of(&k))
}

func (c *KeyCodec[K]) hashOps(p pointer) uint64 {
	switch c.whole {
	case opNone:
	case opTextEnd:
		return HashString(*as[string](p))
	default:
		return hashKeyOp(&c.ops[0], p)
	}
	var h uint64
	for i := range c.ops {
		o := &c.ops[i]
		x := hashKeyOp(o, add(p, o.off))
		if i == 0 {
			h = x
		} else {
			h = Combine(h, x)
		}
	}
	return h
}
