package engine

import "unsafe" //nolint:depguard // reflection costs 10 times as much, on every element

// textBytes sums the lengths of the strings and byte slices at offsets in a
// T: both begin with a pointer and a length.
func textBytes[T any](offsets []uintptr) func(T) int64 {
	return func(v T) int64 {
		n := int64(0)
		for _, at := range offsets {
			n += int64(len(*(*string)(unsafe.Add(unsafe.Pointer(&v), at))))
		}
		return n
	}
}
