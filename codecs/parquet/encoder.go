package parquet

// encoding is Parquet's number of an encoding.
type encoding int32

const (
	encPlain       encoding = 0
	encRLE         encoding = 3
	encDelta       encoding = 5
	encDeltaLength encoding = 6
	encDictionary  encoding = 8
	encByteSplit   encoding = 9
)

// encoder encodes the values of one column. What it keeps between pages is
// the dictionary and the bounds; the values of the open page are in the
// scratch memory of the goroutine at work.
type encoder interface {
	// add appends values to the open page.
	add(s *scratch, v selection) error

	// reset empties the open page.
	reset(s *scratch)

	// count and size are the values of the open page and their plain bytes.
	count(s *scratch) int
	size(s *scratch) int

	// bounds returns the least and the greatest value of the open page,
	// encoded, and counts them in for the chunk. indexed says that s.refs are
	// the dictionary indices of the page.
	bounds(s *scratch, indexed bool) bounds

	// chunkBounds returns those of the chunk and the order of its pages, and
	// forgets them.
	chunkBounds() (bounds, pageOrder)

	// candidates are the encodings worth a try beside the dictionary.
	candidates() []encoding

	// append appends the first n values of the open page to dst; n < 0
	// means all.
	append(s *scratch, dst []byte, e encoding, n int) []byte

	// lookup replaces s.refs by the dictionary indices of the first n values
	// of the open page.
	lookup(s *scratch, n int)

	// dictionary is the state of the dictionary, nil if there can be none.
	dictionary() dictionary

	// hashes calls add with the plain encoding of each value of the open
	// page.
	hashes(s *scratch, add func([]byte))
}

// dictionary holds the distinct values of a column chunk.
type dictionary interface {
	len() int
	size() int // bytes of the dictionary page
	append(dst []byte) []byte
	reset()
}

// bounds are the least and greatest of some values, as statistics hold them.
type bounds struct {
	min, max []byte
	ok       bool // there is a value that counts
	nan      bool // there is a NaN, which bounds never show

	minCut, maxCut bool // shortened: a bound, but not a value
}

// pageOrder is how the bounds of the pages of a chunk go.
type pageOrder int32

const (
	unordered  pageOrder = 0
	ascending  pageOrder = 1
	descending pageOrder = 2
)

// newEncoder returns the encoder for columns of type t.
func newEncoder(t leafType) encoder {
	switch t.physical {
	case physInt32, physFloat:
		if t.kind == kindNull {
			return nulls{}
		}
		return newFixed[int32](t, loadInt32(t), func(s *scratch) *[]int32 { return &s.int32s })
	case physInt64, physDouble:
		return newFixed[int64](t, loadInt64(t), func(s *scratch) *[]int64 { return &s.int64s })
	case physBool:
		return &booleans{}
	default:
		return newByteArrays(t)
	}
}

// order follows the bounds of pages as they come.
type order struct{ up, down bool }

func newOrder() order { return order{up: true, down: true} }

// next takes how the least and the greatest value compare with the page
// before.
func (o *order) next(least, greatest int) {
	if least < 0 || greatest < 0 {
		o.up = false
	}
	if least > 0 || greatest > 0 {
		o.down = false
	}
}

func (o *order) result() pageOrder {
	switch {
	case o.up:
		return ascending
	case o.down:
		return descending
	default:
		return unordered
	}
}
