package file

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// maxWindow bounds what a zstd frame may make its reader keep in memory.
const maxWindow = 128 << 20

// decompress reads what is compressed in r, as a stream: memory does not
// depend on how large it turns out to be. Close frees the reader, not r.
func decompress(r io.Reader, compression string) (io.ReadCloser, error) {
	switch compression {
	case none:
		return io.NopCloser(r), nil
	case "gzip":
		z, err := gzip.NewReader(bufio.NewReaderSize(r, 256<<10))
		if errors.Is(err, io.EOF) {
			return io.NopCloser(eof{}), nil // an empty file: no member at all
		}
		return z, err
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	case "lz4":
		return io.NopCloser(lz4.NewReader(r)), nil
	case "snappy":
		return io.NopCloser(snappy.NewReader(r)), nil
	default:
		return nil, fmt.Errorf("compression %q is not known", compression)
	}
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// compress writes compressed to w. Close ends the stream, and leaves w open.
func compress(w io.Writer, compression string, level int) (io.WriteCloser, error) {
	switch compression {
	case none:
		return keepOpen{w}, nil
	case "gzip":
		if level == 0 {
			level = gzip.DefaultCompression
		}
		return gzip.NewWriterLevel(w, min(level, gzip.BestCompression))
	case "zstd":
		opts := []zstd.EOption{zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1 << 20)}
		if level > 0 {
			opts = append(opts, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)))
		}
		return zstd.NewWriter(w, opts...)
	case "lz4":
		return lz4.NewWriter(w), nil
	case "snappy":
		return snappy.NewBufferedWriter(w), nil
	default:
		return nil, fmt.Errorf("compression %q is not known", compression)
	}
}

type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }
