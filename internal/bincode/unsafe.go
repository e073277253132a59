package bincode

import (
	"reflect"
	"unsafe" //nolint:depguard // fields at their offsets: several times as fast as reflection
)

// pointer is where a value lies.
type pointer = unsafe.Pointer

// of returns where v lies.
func of[T any](v *T) pointer { return pointer(v) }

// as views a place as a value of type V.
func as[V any](p pointer) *V { return (*V)(p) }

// add is the place off bytes behind p.
func add(p pointer, off uintptr) pointer { return unsafe.Add(p, off) }

// bytesAt views n bytes at p.
func bytesAt(p pointer, n int) []byte { return unsafe.Slice((*byte)(p), n) }

// slice is how Go lays out a slice.
type slice struct {
	data pointer
	len  int
	_    int // the capacity
}

// valueAt is the value of type t at p.
func valueAt(t reflect.Type, p pointer) reflect.Value { return reflect.NewAt(t, p).Elem() }

// place returns where the addressable value v lies.
func place(v reflect.Value) pointer { return v.Addr().UnsafePointer() }
