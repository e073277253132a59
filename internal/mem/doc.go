// Package mem has the memory that batches live in: a pool of Arrow buffers
// that are used again instead of being made, zeroed and collected anew for
// every batch, and two allocators for tests, one that finds what was not
// released and one that finds what was used after it was released.
//
// # Buffers of a Pool are not zeroed
//
// A fresh buffer holds what its last user left in it. Code that writes every
// byte it later reads needs nothing more. arrow-go's builders (package array)
// do: they clear validity bitmaps and boolean values themselves; what they
// leave undefined are the values under null slots, which no reader looks at.
// The exception are the builders of string and binary views (arrow-go 18.8.0):
// they expect zeros behind a text shorter than 12 bytes, so use them with
// memory.GoAllocator.
//
// The value slots of nulls and the padding behind the last value are the two
// places where bytes of an older batch can remain; a writer that sends whole
// buffers out of the process (Arrow IPC) therefore has to clear them or use
// another allocator. Own kernels that build bitmaps bit by bit must clear
// them first. Poison fills fresh buffers with 0xDD, so a test that runs under
// it sees code that relies on zeros.
package mem
