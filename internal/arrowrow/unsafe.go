package arrowrow

import (
	"reflect"
	"unsafe" //nolint:depguard // fields at their offsets: 4 to 12 times as fast as reflection
)

// rows says where n Go values of one type lie: at base, base+stride, ... With
// indirect set, a pointer lies there, and the value is off bytes behind what
// it points to; a nil pointer means that there is no value.
type rows struct {
	base     unsafe.Pointer
	stride   uintptr
	n        int
	indirect bool
	off      uintptr
}

// rowsOf describes the elements of vs.
func rowsOf[T any](vs []T) rows {
	base := unsafe.Pointer(unsafe.SliceData(vs))
	return rows{base: base, stride: reflect.TypeFor[T]().Size(), n: len(vs)}
}

// rowsAt describes the elements of a slice held by v.
func rowsAt(v reflect.Value) rows {
	return rows{base: v.UnsafePointer(), stride: v.Type().Elem().Size(), n: v.Len()}
}

// span is where direct rows lie: little enough to stay in registers.
type span struct {
	base   unsafe.Pointer
	stride uintptr
}

func (r rows) span() span { return span{r.base, r.stride} }

// at returns value i.
func at[V any](s span, i int) *V {
	return (*V)(unsafe.Add(s.base, uintptr(i)*s.stride))
}

// ref returns value i, or nil when there is none.
func ref[V any](r rows, i int) *V {
	p := unsafe.Add(r.base, uintptr(i)*r.stride)
	if r.indirect {
		if p = *(*unsafe.Pointer)(p); p == nil {
			return nil
		}
		p = unsafe.Add(p, r.off)
	}
	return (*V)(p)
}

// field describes the field at offset off of all rows.
func (r rows) field(off uintptr) rows {
	if r.indirect {
		r.off += off
	} else if r.n > 0 {
		r.base = unsafe.Add(r.base, off)
	}
	return r
}

// targets describes what the pointers at r point to.
func (r rows) targets() rows {
	if !r.indirect {
		r.indirect, r.off = true, 0
		return r
	}
	ptrs := make([]unsafe.Pointer, r.n)
	for i := range ptrs {
		if p := ref[unsafe.Pointer](r, i); p != nil {
			ptrs[i] = *p
		}
	}
	return indirect(ptrs)
}

func indirect(ptrs []unsafe.Pointer) rows {
	return rows{
		base: unsafe.Pointer(unsafe.SliceData(ptrs)), stride: unsafe.Sizeof(uintptr(0)),
		n: len(ptrs), indirect: true,
	}
}

// isNil tells whether pointer i of indirect rows is nil.
func (r rows) isNil(i int) bool {
	return *(*unsafe.Pointer)(unsafe.Add(r.base, uintptr(i)*r.stride)) == nil
}

// point makes pointer i of direct rows point to value k of block.
func (r rows) point(i int, block rows, k int) {
	*at[unsafe.Pointer](r.span(), i) = unsafe.Add(block.base, uintptr(k)*block.stride)
}

// unpoint makes pointer i of direct rows nil.
func (r rows) unpoint(i int) { *at[unsafe.Pointer](r.span(), i) = nil }

// slice is how Go lays out a slice.
type slice struct {
	data     unsafe.Pointer
	len, cap int
}

// sliceLen returns the length of the slice that is value i.
func (r rows) sliceLen(i int) int {
	if s := ref[slice](r, i); s != nil {
		return s.len
	}
	return 0
}

// sliceBytes returns the memory of the slice that is value i, whose elements
// have size bytes.
func (r rows) sliceBytes(i, size int) []byte {
	s := ref[slice](r, i)
	if s == nil || s.len == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(s.data), s.len*size)
}

// elements describes all elements of all slices at r, one after the other;
// total is their number.
func (r rows) elements(size uintptr, total int) rows {
	ptrs := make([]unsafe.Pointer, 0, total)
	for i := range r.n {
		s := ref[slice](r, i)
		if s == nil {
			continue
		}
		for k := range s.len {
			ptrs = append(ptrs, unsafe.Add(s.data, uintptr(k)*size))
		}
	}
	return indirect(ptrs)
}

// fixedElements is elements for arrays of n; rows without a value give n
// elements without a value.
func (r rows) fixedElements(size uintptr, n int) rows {
	ptrs := make([]unsafe.Pointer, r.n*n)
	for i := range r.n {
		p := ref[byte](r, i)
		if p == nil {
			continue
		}
		for k := range n {
			ptrs[i*n+k] = unsafe.Add(unsafe.Pointer(p), uintptr(k)*size)
		}
	}
	return indirect(ptrs)
}

// setSlice makes the slice that is value i of direct rows the elements
// [from, to) of block.
func (r rows) setSlice(i int, block rows, from, to int) {
	n := to - from
	if n == 0 {
		*at[slice](r.span(), i) = slice{data: unsafe.Pointer(&struct{}{})}
		return
	}
	data := unsafe.Add(block.base, uintptr(from)*block.stride)
	*at[slice](r.span(), i) = slice{data: data, len: n, cap: n}
}

// clearSlice makes the slice that is value i of direct rows nil.
func (r rows) clearSlice(i int) { *at[slice](r.span(), i) = slice{} }

// bytesOf returns the size bytes of value i, or nil when there is none.
func (r rows) bytesOf(i, size int) []byte {
	p := ref[byte](r, i)
	if p == nil {
		return nil
	}
	return unsafe.Slice(p, size)
}

// value returns value i as a reflect.Value that can be set.
func (r rows) value(t reflect.Type, i int) (reflect.Value, bool) {
	p := ref[byte](r, i)
	if p == nil {
		return reflect.Value{}, false
	}
	return reflect.NewAt(t, unsafe.Pointer(p)).Elem(), true
}

// cast views bytes as values.
func cast[V any](b []byte) []V {
	var v V
	n := len(b) / int(unsafe.Sizeof(v))
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*V)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

// valuesOf views n values of buffer 1 of an array from its offset on.
func valuesOf[V any](b []byte, off, n int) []V {
	if n == 0 {
		return nil
	}
	return cast[V](b)[off : off+n]
}

// text views bytes as a string; the bytes must not change any more.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
