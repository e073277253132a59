package bincode_test

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/internal/bincode"
)

type node struct {
	Name string
	Next *node
	Kids []node
	By   map[string]*node
}

type all struct {
	B    bool
	I8   int8
	I16  int16
	I32  int32
	I64  int64
	I    int
	U8   uint8
	U16  uint16
	U32  uint32
	U64  uint64
	U    uint
	F32  float32
	F64  float64
	S    string
	Raw  []byte
	Arr  [3]int16
	ID   [16]byte
	List []string
	Map  map[string]int64
	Set  map[int32]struct{}
	Ptr  *int64
	Deep map[string][]*[2]string
	Sub  struct{ X, Y float64 }
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestRoundTripRandom(t *testing.T) {
	c := must(bincode.Of[all]())
	same := func(v all) bool {
		b := c.Append([]byte("x"), &v)
		var got all
		if err := c.Decode(b[1:], &got); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(v, got); diff != "" {
			t.Fatal(diff)
		}
		if again := c.Append(nil, &got); !bytes.Equal(again, b[1:]) {
			t.Fatal("an equal value has another encoding")
		}
		for cut := 0; cut < len(b)-1; cut += 1 + len(b)/100 {
			if err := c.Decode(b[1:1+cut], &got); err == nil {
				t.Fatalf("%d of %d bytes decode", cut, len(b)-1)
			}
		}
		if err := c.Decode(append(b[1:], 0), &got); !errors.Is(err, bincode.ErrTrailing) {
			t.Fatalf("a byte too many: %v", err)
		}
		return true
	}
	if err := quick.Check(same, &quick.Config{MaxCount: 100}); err != nil {
		t.Fatal(err)
	}
}

// The bytes are what state directories hold: they never change.
func TestEncodingIsFixed(t *testing.T) {
	type inner struct {
		A int16
		S string
	}
	type value struct {
		B bool
		N int32
		F float64
		L []inner
		M map[string]uint8
		P *inner
		T time.Time
		U []byte
	}
	v := value{
		true, -2, 1,
		[]inner{{1, "a"}},
		map[string]uint8{"z": 1, "a": 2, "bb": 3},
		&inner{2, ""},
		time.Unix(1, 5).UTC(), nil,
	}
	c := must(bincode.Of[value]())
	const want = "01" + "feffffff" + "000000000000f03f" + "02" + "01000161" +
		"04" + "016102" + "017a01" + "02626203" + "01" + "020000" + "0100000000000000" + "05000000" + "00" + "00"
	if got := hex.EncodeToString(c.Append(nil, &v)); got != want {
		t.Errorf("encoding\n%s, want\n%s", got, want)
	}
	const schema = "{B:bool N:int32 F:float64 L:[]{A:int16 S:string} M:map[string]uint8 P:*{A:int16 S:string} T:time U:[]uint8}"
	if c.Schema() != schema {
		t.Errorf("schema\n%s, want\n%s", c.Schema(), schema)
	}
}

func TestRecursiveTypes(t *testing.T) {
	c := must(bincode.Of[node]())
	if want := "{Name:string Next:*^1 Kids:[]^1 By:map[string]*^2}"; c.Schema() != want {
		t.Errorf("schema %s, want %s", c.Schema(), want)
	}
	v := node{"a", &node{Name: "b"}, []node{{Name: "c", Kids: []node{{}}}}, map[string]*node{"d": {}, "nil": nil}}
	var got node
	if err := c.Decode(c.Append(nil, &v), &got); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(v, got); diff != "" {
		t.Error(diff)
	}
	v.Next.Next = &v // a cycle
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "cycle") {
			t.Errorf("a cyclic value: %v", r)
		}
	}()
	c.Append(nil, &v)
}

func TestDeepInputIsRefused(t *testing.T) {
	type list struct{ Next *list }
	c := must(bincode.Of[list]())
	var v list
	if err := c.Decode(bytes.Repeat([]byte{1}, 100_000), &v); !errors.Is(err, bincode.ErrInvalid) {
		t.Errorf("100,000 levels: %v", err)
	}
}

func TestLengthsAreBoundedByTheInput(t *testing.T) {
	type wide struct{ A, B, C, D [64]int64 }
	c := must(bincode.Of[[]wide]())
	var v []wide
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0x0f}
	allocs := testing.AllocsPerRun(10, func() {
		if err := c.Decode(huge, &v); !errors.Is(err, bincode.ErrShort) {
			t.Errorf("a length of 4 billion: %v", err)
		}
	})
	if allocs > 20 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestTimes(t *testing.T) {
	c := must(bincode.Of[time.Time]())
	for _, want := range []time.Time{
		{},
		time.Unix(0, 0).UTC(), time.Date(9999, 1, 2, 3, 4, 5, 6, time.UTC),
		time.Date(2024, 5, 6, 7, 8, 9, 10, time.FixedZone("x", -3600)), time.Now(),
	} {
		var got time.Time
		if err := c.Decode(c.Append(nil, &want), &got); err != nil {
			t.Fatal(err)
		}
		_, o1 := want.Zone()
		_, o2 := got.Zone()
		if !got.Equal(want) || o1 != o2 || got.IsZero() != want.IsZero() {
			t.Errorf("%v became %v", want, got)
		}
	}
}

func TestMarshalers(t *testing.T) {
	if _, err := bincode.Of[big.Int](); err == nil || !strings.Contains(err.Error(), "field neg of big.Int is not exported") {
		t.Errorf("big.Int, which has no MarshalBinary: %v", err)
	}
	type stamp struct{ At binaryStamp }
	c := must(bincode.Of[stamp]())
	v := stamp{At: binaryStamp{"abc"}}
	var got stamp
	if err := c.Decode(c.Append(nil, &v), &got); err != nil || got != v {
		t.Errorf("%v became %v: %v", v, got, err)
	}
	if want := "{At:binary(bincode_test.binaryStamp)}"; c.Schema() != want {
		t.Errorf("schema %s", c.Schema())
	}
}

type binaryStamp struct{ secret string }

func (s binaryStamp) MarshalBinary() ([]byte, error) { return []byte("<" + s.secret + ">"), nil }
func (s *binaryStamp) UnmarshalBinary(b []byte) error {
	if len(b) < 2 {
		return errors.New("too short")
	}
	s.secret = string(b[1 : len(b)-1])
	return nil
}

func TestUnsupportedTypesAreNamed(t *testing.T) {
	type hidden struct{ Good, bad int } //nolint:unused // bad is what is named
	type deep struct{ A []map[string]hidden }
	type iface struct{ V any }
	type empties struct{ E []struct{} }
	for _, c := range []struct {
		err  error
		want string
	}{
		{second(bincode.Of[deep]()), "field A: value: field bad of bincode_test.hidden is not exported"},
		{second(bincode.Of[iface]()), "field V: interface {} has no encoding"},
		{second(bincode.Of[func()]()), "func() has no encoding"},
		{second(bincode.Of[complex128]()), "complex128 has no encoding"},
		{second(bincode.Of[empties]()), "field E: []struct {} has no encoding: its elements are empty"},
		{second(bincode.KeyOf[*int]()), "*int has no key encoding"},
		{second(bincode.KeyOf[struct{ T time.Time }]()), "field T: equal times may differ"},
		{second(bincode.KeyOf[struct{ A [2]any }]()), "field A: interface {} has no key encoding"},
		{second(bincode.KeyOf[hidden]()), "field bad is not exported"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("error %v, want %q", c.err, c.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

type compound struct {
	Tenant string
	N      int32
	F      float64
	B      bool
	ID     [3]byte
	U      uint16
	Last   string
}

func (a compound) less(b compound) int {
	return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.N, b.N), cmp.Compare(a.F, b.F),
		cmp.Compare(fmt.Sprint(a.B), fmt.Sprint(b.B)), bytes.Compare(a.ID[:], b.ID[:]),
		cmp.Compare(a.U, b.U), cmp.Compare(a.Last, b.Last))
}

func TestKeysSortLikeValues(t *testing.T) {
	checkOrder(t, []int8{-128, -1, 0, 1, 127}, cmp.Compare[int8])
	checkOrder(t, []int64{math.MinInt64, -256, -1, 0, 1, 255, 256, math.MaxInt64}, cmp.Compare[int64])
	checkOrder(t, []uint32{0, 1, 255, 256, math.MaxUint32}, cmp.Compare[uint32])
	checkOrder(t, []string{"", "\x00", "\x00\x01", "\x00\xff", "a", "a\x00", "ab", "b", "\xff"}, cmp.Compare[string])
	checkOrder(t, []float64{math.Inf(-1), -1e300, -1, -1e-300, 0, 1e-300, 1, math.Inf(1)}, cmp.Compare[float64])
	checkOrder(t, []float32{-2, -1, 0, 1, 2}, cmp.Compare[float32])
	var many []compound
	r := rand.New(rand.NewPCG(3, 4))
	texts := []string{"", "\x00", "\x00\x00", "\x00\xff", "a", "a\x00", "a\x00b", "ab", "\x01"}
	for range 60 {
		many = append(many, compound{
			texts[r.IntN(len(texts))], int32(r.IntN(3) - 1), float64(r.IntN(3) - 1), r.IntN(2) == 0,
			[3]byte{byte(r.IntN(2))},
			uint16(r.IntN(2)), texts[r.IntN(len(texts))],
		})
	}
	checkOrder(t, many, compound.less)
}

func checkOrder[K comparable](t *testing.T, ks []K, compare func(a, b K) int) {
	t.Helper()
	c := must(bincode.KeyOf[K]())
	for _, a := range ks {
		ka := c.AppendKey(nil, a)
		back, err := c.DecodeKey(ka)
		if err != nil || back != a {
			t.Fatalf("%#v became %#v: %v", a, back, err)
		}
		for _, b := range ks {
			if got := bytes.Compare(ka, c.AppendKey(nil, b)); got != compare(a, b) {
				t.Errorf("%#v and %#v: keys compare %d, values %d", a, b, got, compare(a, b))
			}
			if a == b && c.Hash(a) != c.Hash(b) {
				t.Errorf("%#v has two hashes", a)
			}
		}
	}
}

// Hashes decide where state lies on disk: they never change.
func TestHashIsFixed(t *testing.T) {
	type user string
	got := []uint64{
		must(bincode.KeyOf[uint64]()).Hash(42), must(bincode.KeyOf[int]()).Hash(-1),
		must(bincode.KeyOf[string]()).Hash("weir"), must(bincode.KeyOf[[16]byte]()).Hash([16]byte{1, 2, 15: 3}),
		must(bincode.KeyOf[compound]()).Hash(compound{Tenant: "t", N: -1, F: 0.5, Last: "l"}),
		must(bincode.KeyOf[struct{}]()).Hash(struct{}{}), must(bincode.KeyOf[float64]()).Hash(1.5),
	}
	want := []uint64{
		0x63eb4d090e3c46f3, 0x448e29ced4103459, 0x9831dc741817118, 0x4656c6f90969782,
		0x68dfbec98f463780, 0x0, 0x17af14cfd2582833,
	}
	if !slices.Equal(got, want) {
		t.Errorf("hashes %#x, want %#x", got, want)
	}
	if must(bincode.KeyOf[user]()).Hash("weir") != got[2] || must(bincode.KeyOf[int8]()).Hash(-1) != got[1] {
		t.Error("the name or the width of a type is part of the hash")
	}
	f := must(bincode.KeyOf[float64]())
	if zero := math.Copysign(0, -1); f.Hash(zero) != f.Hash(0) || !bytes.Equal(f.AppendKey(nil, zero), f.AppendKey(nil, 0)) {
		t.Error("0 and -0 are equal, but not as keys")
	}
}

func TestHashSpreads(t *testing.T) {
	var groups [256]int
	c := must(bincode.KeyOf[int64]())
	s := must(bincode.KeyOf[compound]())
	for i := range 1 << 16 {
		groups[c.Hash(int64(i))>>56]++
		groups[s.Hash(compound{N: int32(i), Last: "x"})&255]++
	}
	for g, n := range groups {
		if n < 400 || n > 624 { // 512 expected; 5 standard deviations
			t.Errorf("group %d holds %d of 131072 keys", g, n)
		}
	}
}

func TestKeysDoNotAllocate(t *testing.T) {
	s, u, k := must(bincode.KeyOf[string]()), must(bincode.KeyOf[uint64]()), must(bincode.KeyOf[compound]())
	v := compound{Tenant: "a", Last: "b"}
	buf := make([]byte, 0, 100)
	var sum uint64
	if n := testing.AllocsPerRun(100, func() {
		sum += s.Hash("some text") + u.Hash(7) + k.Hash(v)
		buf = k.AppendKey(s.AppendKey(buf[:0], "x"), v)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzDecode(f *testing.F) {
	c, n := must(bincode.Of[all]()), must(bincode.Of[node]())
	f.Add(c.Append(nil, &all{}))
	f.Add(c.Append(nil, &all{Map: map[string]int64{"a": 1, "b": 2}, List: []string{"x"}, Raw: []byte{1}}))
	f.Add(n.Append(nil, &node{Next: &node{}, Kids: []node{{}}, By: map[string]*node{"": nil}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v all
		if c.Decode(b, &v) == nil {
			if again := c.Append(nil, &v); !bytes.Equal(again, b) {
				t.Errorf("%x decodes to what encodes to %x", b, again)
			}
		}
		var x node
		if n.Decode(b, &x) == nil {
			if again := n.Append(nil, &x); !bytes.Equal(again, b) {
				t.Errorf("%x decodes to what encodes to %x", b, again)
			}
		}
	})
}

func FuzzDecodeKey(f *testing.F) {
	c := must(bincode.KeyOf[compound]())
	f.Add(c.AppendKey(nil, compound{Tenant: "a\x00b", N: -1, F: 2, B: true, Last: "z"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := c.DecodeKey(b)
		if err != nil || k.F != k.F || k.F == 0 {
			return // NaN and -0 have one encoding of several
		}
		if again := c.AppendKey(nil, k); !bytes.Equal(again, b) {
			t.Errorf("%x decodes to what encodes to %x", b, again)
		}
	})
}

func ExampleCodec() {
	type Total struct {
		Orders int64
		Items  map[string]int32
	}
	codec, err := bincode.Of[Total]()
	if err != nil {
		fmt.Println(err)
		return
	}
	b := codec.Append(nil, &Total{Orders: 3, Items: map[string]int32{"tea": 2, "cup": 1}})
	var back Total
	fmt.Println(len(b), codec.Decode(b, &back), back, codec.Schema())
	// Output: 25 <nil> {3 map[cup:1 tea:2]} {Orders:int64 Items:map[string]int32}
}
