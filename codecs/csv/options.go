package csv

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs/internal/column"
)

// DefaultMaxRowBytes is how long a row may be unless told otherwise.
const DefaultMaxRowBytes = 64 << 20

// Unknown is what to do with a column of the header that the schema does not
// have.
type Unknown uint8

const (
	// UnknownIgnore reads over the column.
	UnknownIgnore Unknown = iota
	// UnknownError refuses the text.
	UnknownError
)

// Options are the settings of a decoder. The zero value is the default.
type Options struct {
	// Alloc is where batches come from. The default is Go's allocator.
	Alloc memory.Allocator
	// BatchRows and BatchBytes are when a batch is full: 65536 rows, or
	// 32 MiB of columns.
	BatchRows  int
	BatchBytes int64
	// MaxRowBytes is how long a row may be, without the newline: 64 MiB. A
	// longer one is a bad row and is not buffered.
	MaxRowBytes int

	// Delimiter is between two fields. The default is a comma.
	Delimiter byte
	// Quote is around fields that hold a delimiter, a newline or a quote,
	// which is doubled in them. The default is ".
	Quote byte
	// NoQuotes says that no byte is a quote.
	NoQuotes bool
	// Comment is what lines begin with that are read over. The default is
	// that there are none.
	Comment byte
	// Null are the unquoted texts that mean null. nil means the empty text.
	Null []string

	// Header says that the first row names the fields. Columns are found by
	// those names.
	Header bool
	// Columns names the fields of text without a header, as of the later
	// splits of a file that has one. Without both the fields are those of
	// the schema, in its order.
	Columns []string
	// Unknown is what to do with fields that the schema does not have.
	Unknown Unknown

	// Split says that the text is a part of a file that was cut at newlines.
	// A newline in quotes, which makes that wrong, is then an error
	// ([ErrSplit]) for good.
	Split bool

	nullEmpty bool // Null has ""
	nullTexts bool // Null has others
}

// check fills in the defaults.
func (o Options) check() (Options, error) {
	if o.Delimiter == 0 {
		o.Delimiter = ','
	}
	if o.Quote == 0 {
		o.Quote = '"'
	}
	if o.NoQuotes {
		o.Quote = '\n' // looked for as the end of the line in front of it
	}
	if o.Null == nil {
		o.Null = []string{""}
	}
	for _, s := range o.Null {
		o.nullEmpty = o.nullEmpty || s == ""
		o.nullTexts = o.nullTexts || s != ""
	}
	if o.MaxRowBytes == 0 {
		o.MaxRowBytes = DefaultMaxRowBytes
	}
	switch {
	case o.MaxRowBytes < 0 || o.MaxRowBytes > column.MaxBytes:
		return o, fmt.Errorf("rows of at most %d bytes: want 1 to %d", o.MaxRowBytes, column.MaxBytes)
	case o.Header && o.Columns != nil:
		return o, fmt.Errorf("columns %q: text with a header names its own", o.Columns)
	case o.Delimiter >= 0x80 || o.Delimiter == '\n' || o.Delimiter == '\r':
		return o, fmt.Errorf("delimiter %q: want an ASCII character that is no newline", o.Delimiter)
	case o.Quote >= 0x80 || o.Quote == '\r' || o.Quote == '\n' && !o.NoQuotes:
		return o, fmt.Errorf("quote %q: want an ASCII character that is no newline", o.Quote)
	case o.Quote == o.Delimiter || o.Comment == o.Delimiter || o.Comment == o.Quote:
		return o, fmt.Errorf("delimiter %q, quote %q, comment %q: want different ones",
			o.Delimiter, o.Quote, o.Comment)
	}
	return o, nil
}

// isNull reports whether a text without quotes means null.
func (o *Options) isNull(text []byte) bool {
	return slices.Contains(o.Null, string(text))
}
