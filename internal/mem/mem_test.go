package mem_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"unsafe" //nolint:depguard // the alignment of a buffer is to be seen

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/internal/mem"
)

func TestPoolSizesAndAlignment(t *testing.T) {
	p := mem.NewPool(mem.Options{})
	for _, size := range []int{1, 63, 64, 65, 128, 129, 256, 257, 320, 1000, 4096, 4097, 1 << 16, 3<<16 + 1, 1 << 20, 1<<28 + 1} {
		b := p.Allocate(size)
		if len(b) != size {
			t.Fatalf("Allocate(%d) returned %d bytes", size, len(b))
		}
		if waste := cap(b) - size; size > 256 && waste > size/4+64 {
			t.Errorf("Allocate(%d) has capacity %d", size, cap(b))
		}
		if a := uintptr(unsafe.Pointer(&b[0])) % 64; a != 0 {
			t.Errorf("Allocate(%d) is %d bytes off its alignment", size, a)
		}
		if got := p.InUse(); got != int64(cap(b)) {
			t.Errorf("InUse after Allocate(%d) = %d, want %d", size, got, cap(b))
		}
		p.Free(b)
		if p.InUse() != 0 {
			t.Errorf("InUse after Free = %d", p.InUse())
		}
	}
	if p.Peak() < 1<<28 {
		t.Errorf("Peak = %d", p.Peak())
	}
}

func TestPoolUsesBuffersAgain(t *testing.T) {
	p := mem.NewPool(mem.Options{})
	a := p.Allocate(1000)
	p.Free(a)
	if b := p.Allocate(1010); &a[0] != &b[0] {
		t.Error("a buffer of the same class was made anew")
	}
}

func TestPoolBoundsIdleBytes(t *testing.T) {
	const most = 1 << 20
	p := mem.NewPool(mem.Options{MaxIdle: most})
	for size := 1 << 10; size <= 1<<18; size *= 2 { // sizes of the past
		var all [][]byte
		for n := 0; n < 2*most; n += size {
			all = append(all, p.Allocate(size))
		}
		for _, b := range all {
			p.Free(b)
		}
		if p.Idle() > most {
			t.Fatalf("Idle = %d, want at most %d", p.Idle(), most)
		}
	}
	// A size that is wanted now finds room after a while.
	b := p.Allocate(300 << 10)
	for range 1000 {
		first := &b[0]
		p.Free(b)
		if b = p.Allocate(300 << 10); &b[0] == first {
			return
		}
	}
	t.Error("buffers of old sizes keep a new size out for ever")
}

func TestPoolReallocate(t *testing.T) {
	p := mem.NewPool(mem.Options{})
	b := p.Allocate(100)
	for i := range b {
		b[i] = byte(i)
	}
	for _, size := range []int{90, 1000, 100_000, 2000, 100} {
		b = p.Reallocate(size, b)
		if len(b) != size || int64(cap(b)) != p.InUse() {
			t.Fatalf("Reallocate(%d): len %d cap %d in use %d", size, len(b), cap(b), p.InUse())
		}
		for i := range 90 {
			if b[i] != byte(i) {
				t.Fatalf("Reallocate(%d) lost byte %d", size, i)
			}
		}
	}
	p.Reallocate(0, b)
	if p.InUse() != 0 {
		t.Errorf("InUse = %d after everything was freed", p.InUse())
	}
}

func TestPoolManyGoroutines(t *testing.T) {
	check := mem.Checked(mem.NewPool(mem.Options{MaxIdle: 1 << 20}))
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(g)))
			var held [][]byte
			for range 2000 {
				b := check.Allocate(1 + r.IntN(20_000))
				b[0], b[len(b)-1] = byte(g), byte(g)
				held = append(held, b)
				if k := r.IntN(len(held)); r.IntN(8) > 0 {
					x := held[k]
					if x[0] != byte(g) || x[len(x)-1] != byte(g) {
						t.Errorf("two goroutines share a buffer")
					}
					held[k] = held[len(held)-1]
					held = held[:len(held)-1]
					check.Free(x)
				}
			}
			for _, b := range held {
				check.Free(b)
			}
		})
	}
	wg.Wait()
	check.AssertEmpty(t)
}

// Builders of all common types give the same arrays over dirty memory as
// over zeroed memory.
func TestBuildersDoNotNeedZeros(t *testing.T) {
	dt := arrow.StructOf(
		arrow.Field{Name: "b", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
		arrow.Field{Name: "i", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		arrow.Field{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true},
		arrow.Field{Name: "v", Type: arrow.BinaryTypes.StringView, Nullable: true},
		arrow.Field{Name: "f", Type: &arrow.FixedSizeBinaryType{ByteWidth: 3}, Nullable: true},
		arrow.Field{Name: "d", Type: &arrow.Decimal128Type{Precision: 20, Scale: 2}, Nullable: true},
		arrow.Field{Name: "l", Type: arrow.ListOf(arrow.FixedWidthTypes.Boolean), Nullable: true},
		arrow.Field{Name: "m", Type: arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Float64), Nullable: true},
		arrow.Field{Name: "dict", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}, Nullable: true},
		arrow.Field{Name: "fl", Type: arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Int8), Nullable: true},
	)
	var rows strings.Builder
	rows.WriteString("[")
	for i := range 300 {
		if i > 0 {
			rows.WriteString(",")
		}
		if i%7 == 3 {
			rows.WriteString("null")
			continue
		}
		fmt.Fprintf(&rows, `{"b":%v,"i":%d,"s":"s%d","v":"a view that is long %d","f":"AAEC","d":"1.5","l":[true,null,false],"dict":"k%d"`, i%3 == 0, i, i, i, i%5)
		if i%4 == 0 {
			rows.WriteString(`,"m":[{"key":"a","value":1}],"fl":[1,null]`)
		}
		rows.WriteString("}")
	}
	rows.WriteString("]")
	build := func(m memory.Allocator) arrow.Array {
		a, _, err := array.FromJSON(m, dt, strings.NewReader(rows.String()))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	want := build(memory.NewGoAllocator())
	dirty := mem.Poison(mem.NewPool(mem.Options{}))
	check := mem.Checked(dirty)
	got := build(check)
	if !array.Equal(want, got) {
		t.Errorf("over dirty memory: %v\nover zeroed memory: %v", got, want)
	}
	got.Release()
	check.AssertEmpty(t)
	dirty.AssertClean(t)
}

// seen is a TB that keeps what it is told.
type seen []string

func (s *seen) Helper()                        {}
func (s *seen) Errorf(format string, a ...any) { *s = append(*s, fmt.Sprintf(format, a...)) }

func leakOne(m memory.Allocator) []byte { return m.Allocate(77) }

func TestCheckedNamesTheLeak(t *testing.T) {
	c := mem.Checked(memory.NewGoAllocator())
	leaked := leakOne(c)
	if c.InUse() != 77 {
		t.Errorf("InUse = %d", c.InUse())
	}
	var s seen
	c.AssertEmpty(&s)
	if len(s) != 1 || !strings.Contains(s[0], "77 bytes") || !strings.Contains(s[0], "mem_test.leakOne") {
		t.Errorf("report: %q", s)
	}
	c.Free(leaked)
	c.AssertEmpty(t)
}

func TestDoubleFreeIsFound(t *testing.T) {
	for _, m := range []interface {
		memory.Allocator
	}{mem.Checked(memory.NewGoAllocator()), mem.Poison(memory.NewGoAllocator())} {
		b := m.Allocate(10)
		m.Free(b)
		m.Free(b)
		var s seen
		switch m := m.(type) {
		case *mem.CheckedAllocator:
			m.AssertEmpty(&s)
		case *mem.PoisonAllocator:
			m.AssertClean(&s)
		}
		if len(s) != 1 || !strings.Contains(s[0], "freed twice") || !strings.Contains(s[0], "TestDoubleFreeIsFound") {
			t.Errorf("%T: %q", m, s)
		}
	}
}

func TestPoisonShowsUseAfterFree(t *testing.T) {
	p := mem.Poison(mem.NewPool(mem.Options{}))
	b := p.Allocate(100)
	if b[7] != 0xDD {
		t.Errorf("fresh byte is %#x", b[7])
	}
	b[7] = 1
	p.Free(b)
	if b[7] != 0xDD {
		t.Errorf("freed byte is %#x", b[7])
	}
	b[50] = 1 // the fault
	var s seen
	p.AssertClean(&s)
	if len(s) != 1 || !strings.Contains(s[0], "byte 50 of") {
		t.Errorf("report: %q", s)
	}
	x := p.Allocate(10)
	y := p.Reallocate(20, x)
	if &x[0] == &y[0] || x[0] != 0xDD {
		t.Error("Reallocate left the old buffer usable")
	}
}

func BenchmarkAllocateFree(b *testing.B) {
	for _, c := range []struct {
		name string
		m    memory.Allocator
	}{{"pool", mem.NewPool(mem.Options{})}, {"go", memory.NewGoAllocator()}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.m.Free(c.m.Allocate(64 << 10))
			}
		})
	}
}
