package arrowrow_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/array/arreflect"
	"github.com/apache/arrow-go/v18/arrow/decimal"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/internal/arrowrow"
	"github.com/weirflow/weir/internal/mem"
)

type UserID string

type Base struct {
	Created time.Time `arrow:"created,timestamp(ns)"`
	Hidden  string    `arrow:"-"`
}

type Point struct {
	X, Y float64
	Note *string
}

// plain holds what arreflect knows too, with the same types.
type plain struct {
	I8     int8
	I16    int16
	I32    int32
	I64    int64 `arrow:"i64"`
	I      int
	U8     uint8
	U16    uint16
	U32    uint32
	U64    uint64
	U      uint
	F32    float32
	F64    float64
	B      bool
	S      string
	Large  string         `arrow:"large,large"`
	Dec    decimal128.Num `arrow:"dec,decimal(20,2)"`
	D32    decimal.Decimal32
	D64    decimal.Decimal64
	D256   decimal256.Num
	Day    time.Time `arrow:"day,date32"`
	Day64  time.Time `arrow:"day64,date64"`
	Clock  time.Time `arrow:"clock,time32"`
	Clock2 time.Time `arrow:"clock2,time64"`
	Took   time.Duration
	PS     *string
	PI     *int64
	PB     *bool
	PT     *time.Time `arrow:"pt,timestamp(ns)"`
	PDec   *decimal128.Num
	Point  Point
	PPoint *Point
	Ints   []int32
	Texts  []string
	Points []Point
	PInts  []*int64
	Deep   [][]string
	Pair   [2]int16
	Map    map[string]int64
	Base
}

type house struct {
	ID     UserID
	UUID   [16]byte
	Sum    [5]byte
	PSum   *[5]byte
	Raw    []byte
	LRaw   []byte  `arrow:",large"`
	Word   string  `arrow:"word,dict"`
	PWord  *string `arrow:"pword,dict"`
	At     time.Time
	AtS    time.Time  `arrow:",timestamp(s)"`
	AtMs   *time.Time `arrow:",timestamp(ms)"`
	Half   float16.Num
	Pairs  [][2]Point
	PPair  *[2]string
	Big    []string `arrow:",large"`
	Points map[int32]*Point
	Lists  map[string][]int64
	PList  *[]int64
	PMap   *map[string]string
	Nest   *struct {
		A *struct{ B *string }
		C []struct{ D *int64 }
	}
	skipped int //nolint:unused // an unexported field is left out
}

// random fills a value; nil slices and maps are made empty, as they come back.
type random struct{ *rand.Rand }

func (r random) text() string {
	return strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(20)) + "é"[:2*r.IntN(2)]
}

func (r random) when() time.Time {
	return time.Unix(r.Int64N(4e9)-1e9, r.Int64N(1e9)).UTC()
}

func ptr[T any](r random, f func() T) *T {
	if r.IntN(3) == 0 {
		return nil
	}
	return new(f())
}

func list[T any](r random, f func() T) []T {
	s := make([]T, r.IntN(4))
	for i := range s {
		s[i] = f()
	}
	return s
}

func (r random) point() Point { return Point{r.Float64(), -r.Float64(), ptr(r, r.text)} }

func (r random) plain() plain {
	day := r.when().Truncate(24 * time.Hour)
	clock := time.Unix(0, r.Int64N(24*int64(time.Hour))).UTC()
	m := map[string]int64{}
	for range r.IntN(3) {
		m[r.text()] = r.Int64()
	}
	return plain{
		I8: int8(r.Int()), I16: int16(r.Int()), I32: int32(r.Int()), I64: r.Int64() - r.Int64(), I: r.Int(),
		U8: uint8(r.Int()), U16: uint16(r.Int()), U32: r.Uint32(), U64: r.Uint64(), U: uint(r.Uint64()),
		F32: r.Float32(), F64: r.Float64(), B: r.IntN(2) == 0, S: r.text(), Large: r.text(),
		Dec: decimal128.FromI64(r.Int64()), D32: decimal.Decimal32(r.IntN(1e9)), D64: decimal.Decimal64(r.Int64N(1e18)),
		D256: decimal256.FromI64(-r.Int64()),
		Day:  day, Day64: day, Clock: clock.Truncate(time.Millisecond), Clock2: clock, Took: time.Duration(r.Int64()),
		PS: ptr(r, r.text), PI: ptr(r, r.Int64), PB: ptr(r, func() bool { return r.IntN(2) == 0 }),
		PT: ptr(r, r.when), PDec: ptr(r, func() decimal128.Num { return decimal128.FromI64(-r.Int64()) }),
		Point: r.point(), PPoint: ptr(r, r.point), Ints: list(r, r.Int32), Texts: list(r, r.text),
		Points: list(r, r.point), PInts: list(r, func() *int64 { return ptr(r, r.Int64) }),
		Deep: list(r, func() []string { return list(r, r.text) }),
		Pair: [2]int16{int16(r.Int()), 7}, Map: m, Base: Base{Created: r.when()},
	}
}

func (r random) house() house {
	h := house{
		ID: UserID(r.text()), Raw: []byte(r.text()), LRaw: []byte(r.text()), Word: r.text()[:0] + "w", PWord: ptr(r, r.text),
		At: r.when().Truncate(time.Microsecond), AtS: r.when().Truncate(time.Second),
		AtMs:  ptr(r, func() time.Time { return r.when().Truncate(time.Millisecond) }),
		Half:  float16.New(float32(r.IntN(9))),
		PSum:  ptr(r, func() [5]byte { return [5]byte{1, 2, 3, byte(r.Int())} }),
		Pairs: list(r, func() [2]Point { return [2]Point{r.point(), r.point()} }),
		PPair: ptr(r, func() [2]string { return [2]string{r.text(), r.text()} }),
		Big:   list(r, r.text), Points: map[int32]*Point{}, Lists: map[string][]int64{},
		PList: ptr(r, func() []int64 { return list(r, r.Int64) }),
		PMap:  ptr(r, func() map[string]string { return map[string]string{r.text(): r.text()} }),
	}
	for i := range h.UUID {
		h.UUID[i] = byte(r.Int())
	}
	copy(h.Sum[:], h.UUID[:])
	for range r.IntN(3) {
		h.Points[r.Int32()] = ptr(r, r.point)
		h.Lists[r.text()] = list(r, r.Int64)
	}
	if r.IntN(2) == 0 {
		h.Nest = &struct {
			A *struct{ B *string }
			C []struct{ D *int64 }
		}{C: list(r, func() struct{ D *int64 } { return struct{ D *int64 }{ptr(r, r.Int64)} })}
		h.Nest.A = ptr(r, func() struct{ B *string } { return struct{ B *string }{ptr(r, r.text)} })
	}
	return h
}

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, 0))} }

// clean returns an allocator that finds leaks, use after release and trust in
// zeroed memory.
func clean(t *testing.T) *mem.CheckedAllocator {
	t.Helper()
	poison := mem.Poison(mem.NewPool(mem.Options{}))
	check := mem.Checked(poison)
	t.Cleanup(func() { check.AssertEmpty(t); poison.AssertClean(t) })
	return check
}

// roundTrip encodes, decodes a slice of the batch, and compares.
func roundTrip[T any](t *testing.T, vs []T, opts ...cmp.Option) {
	t.Helper()
	alloc := clean(t)
	c, err := arrowrow.Of[T]()
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Encode(alloc, vs)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	for i, col := range b.Columns() {
		if err := array.ValidateFull(col); err != nil {
			t.Fatalf("column %s: %v", b.ColumnName(i), err)
		}
	}
	dec, err := c.Bind(b.Schema())
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range [][2]int{{0, len(vs)}, {len(vs) / 3, len(vs)}, {len(vs) / 4, len(vs) / 2}, {0, 0}} {
		part := b.NewSlice(int64(cut[0]), int64(cut[1]))
		got, err := dec.Decode(part, nil)
		part.Release()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(vs[cut[0]:cut[1]], got, append(opts, cmp.Transformer("empty", func(v []T) []T { return append([]T{}, v...) }))...); diff != "" {
			t.Fatalf("rows %v: -want +got\n%s", cut, diff)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for seed := range uint64(20) {
		r := newRandom(seed)
		n := r.IntN(100)
		ps, hs := make([]plain, n), make([]house, n)
		for i := range n {
			ps[i], hs[i] = r.plain(), r.house()
		}
		roundTrip(t, ps, cmp.AllowUnexported(decimal128.Num{}, decimal256.Num{}))
		roundTrip(t, hs, cmp.AllowUnexported(decimal128.Num{}, house{}, float16.Num{}))
	}
}

// arreflect is the oracle for the types both know.
func TestEqualsArreflect(t *testing.T) {
	alloc := clean(t)
	c, err := arrowrow.Of[plain]()
	if err != nil {
		t.Fatal(err)
	}
	r := newRandom(1)
	vs := make([]plain, 200)
	for i := range vs {
		vs[i] = r.plain()
		for len(vs[i].Map) > 1 { // the order of entries is not defined
			delete(vs[i].Map, slices.Collect(maps.Keys(vs[i].Map))[0])
		}
	}
	b, err := c.Encode(alloc, vs)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	for _, f := range []string{
		"I8", "I16", "I32", "i64", "I", "U8", "U16", "U32", "U64", "U", "F32", "F64", "B", "S",
		"large", "dec", "D32", "D64", "day", "day64", "clock", "clock2", "Took", "PS", "PI", "PB",
		"Point", "PPoint", "Ints", "Texts", "Points", "PInts", "Deep", "Pair", "Map",
	} {
		want := oracle(t, alloc, f, vs)
		got := b.Column(b.Schema().FieldIndices(f)[0])
		if !arrow.TypeEqual(want.DataType(), got.DataType()) {
			t.Errorf("%s: is %v, want %v", f, got.DataType(), want.DataType())
		}
		for i := range vs { // array.Equal would compare what lies under null structs
			if g, w := got.ValueStr(i), want.ValueStr(i); g != w {
				t.Fatalf("%s, row %d: is %s, want %s", f, i, g, w)
			}
		}
		want.Release()
	}
}

// oracle is the column that arreflect makes. Left out are timestamp(ns), which
// it has no option for, and *decimal128.Num and decimal256.Num, which it
// makes an empty struct.
func oracle(t *testing.T, alloc *mem.CheckedAllocator, name string, vs []plain) arrow.Array {
	t.Helper()
	type part struct {
		I8     int8
		I16    int16
		I32    int32
		I64    int64 `arrow:"i64"`
		I      int
		U8     uint8
		U16    uint16
		U32    uint32
		U64    uint64
		U      uint
		F32    float32
		F64    float64
		B      bool
		S      string
		Large  string         `arrow:"large,large"`
		Dec    decimal128.Num `arrow:"dec,decimal(20,2)"`
		D32    decimal.Decimal32
		D64    decimal.Decimal64
		Day    time.Time `arrow:"day,date32"`
		Day64  time.Time `arrow:"day64,date64"`
		Clock  time.Time `arrow:"clock,time32"`
		Clock2 time.Time `arrow:"clock2,time64"`
		Took   time.Duration
		PS     *string
		PI     *int64
		PB     *bool
		Point  Point
		PPoint *Point
		Ints   []int32
		Texts  []string
		Points []Point
		PInts  []*int64
		Deep   [][]string
		Pair   [2]int16
		Map    map[string]int64
	}
	ps := make([]part, len(vs))
	for i, v := range vs {
		ps[i] = part{
			v.I8, v.I16, v.I32, v.I64, v.I, v.U8, v.U16, v.U32, v.U64, v.U, v.F32, v.F64, v.B, v.S, v.Large,
			v.Dec, v.D32, v.D64, v.Day, v.Day64, v.Clock, v.Clock2, v.Took, v.PS, v.PI, v.PB,
			v.Point, v.PPoint, v.Ints, v.Texts, v.Points, v.PInts, v.Deep, v.Pair, v.Map,
		}
	}
	rec, err := arreflect.RecordFromSlice(ps, alloc)
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Release()
	col := rec.Column(rec.Schema().FieldIndices(name)[0])
	col.Retain()
	return col
}

func ExampleCodec() {
	type Order struct {
		ID     int64   `arrow:"id"`
		Item   string  `arrow:"item"`
		Coupon *string `arrow:"coupon"`
	}
	codec, err := arrowrow.Of[Order]()
	if err != nil {
		fmt.Println(err)
		return
	}
	batch, err := codec.Encode(mem.NewPool(mem.Options{}), []Order{{1, "tea", nil}, {2, "cup", new("spring")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer batch.Release()
	decoder, err := codec.Bind(batch.Schema())
	if err != nil {
		fmt.Println(err)
		return
	}
	orders, err := decoder.Decode(batch, nil)
	fmt.Println(orders[0].Item, orders[0].Coupon, *orders[1].Coupon, err)
	// Output: tea <nil> spring <nil>
}
