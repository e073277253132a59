package parquet

import "github.com/apache/arrow-go/v18/arrow/memory"

// WriterOptions say how a file is written. The zero value is the default.
type WriterOptions struct {
	// Compression is zstd (the default), snappy or none.
	Compression string

	// Level is the zstd level, 1 to 22; 0 leaves the choice to the writer.
	Level int

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

	// Alloc is where the memory for batches comes from; nil means Go's heap.
	Alloc memory.Allocator
}

// Defaults of [WriterOptions].
const (
	DefaultRowGroupRows  = 122_880
	DefaultRowGroupBytes = 64 << 20
)
