package parquet

import (
	"cmp"
	"runtime"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/flow"
)

// WriterOptions say how a file is written. The zero value is the default.
type WriterOptions struct {
	// Compression is zstd (the default), snappy or none.
	Compression string

	// Level is the zstd level, 1 (the fastest) to 22; 0 is the same as 1.
	Level int

	// Encodings is all (the default), or basic for readers that know plain
	// and dictionary pages only: files are a few percent larger then.
	Encodings string

	// RowGroupRows is the most rows of a row group; 0 means 122,880.
	RowGroupRows int64

	// RowGroupBytes ends a row group when its batches hold that many bytes
	// in memory; 0 means 64 MiB.
	RowGroupBytes int64

	// Bloom lists the columns that get a bloom filter, by dotted path.
	Bloom []string

	// KeyValue is added to the metadata of the file.
	KeyValue map[string]string

	// Workers is how many goroutines encode columns; 0 means GOMAXPROCS, 1
	// means that Write encodes by itself.
	Workers int

	// Encoders is working memory shared with other writers; nil means that
	// the writer has its own.
	Encoders *Encoders

	// Alloc is where the memory for batches comes from; nil means Go's heap.
	Alloc memory.Allocator
}

// Defaults of [WriterOptions].
const (
	DefaultRowGroupRows  = 122_880
	DefaultRowGroupBytes = 64 << 20
)

const (
	allEncodings   = "all"
	basicEncodings = "basic"
)

func (o WriterOptions) withDefaults() (WriterOptions, error) {
	for _, n := range []struct {
		name string
		v    int64
	}{
		{"row group rows", o.RowGroupRows},
		{"row group bytes", o.RowGroupBytes},
		{"workers", int64(o.Workers)},
		{"compression level", int64(o.Level)},
	} {
		if n.v < 0 {
			return o, flow.Markf(flow.BadConfig, "%s %d is less than 0", n.name, n.v)
		}
	}
	if o.Level > 22 || o.Level > 0 && cmp.Or(o.Compression, "zstd") != "zstd" {
		return o, flow.Markf(flow.BadConfig, "compression level %d: levels are 1 to 22, for zstd", o.Level)
	}
	if e := o.Encodings; e != "" && e != allEncodings && e != basicEncodings {
		return o, flow.Markf(flow.BadConfig, "encodings %q is not one of all, basic", e)
	}
	o.RowGroupRows = cmp.Or(o.RowGroupRows, DefaultRowGroupRows)
	o.RowGroupBytes = cmp.Or(o.RowGroupBytes, DefaultRowGroupBytes)
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	if o.Encoders == nil {
		o.Encoders = &Encoders{}
	}
	if o.Alloc == nil {
		o.Alloc = memory.NewGoAllocator()
	}
	return o, nil
}
