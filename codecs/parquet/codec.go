package parquet

import (
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"

	"github.com/weirflow/weir/flow"
)

// compression is Parquet's number of a codec.
type compression int32

const (
	uncompressed compression = 0
	snappyCodec  compression = 1
	zstdCodec    compression = 6
)

// newCompression reads the option.
func newCompression(name string) (compression, error) {
	switch name {
	case "", "zstd":
		return zstdCodec, nil
	case "snappy":
		return snappyCodec, nil
	case "none":
		return uncompressed, nil
	}
	return 0, flow.Markf(flow.BadConfig, "compression %q is not one of zstd, snappy, none", name)
}

// codec compresses pages. It belongs to one goroutine.
type codec struct {
	compression compression
	level       int
	zstd        *zstd.Encoder
}

func newCodec(c compression, level int) (codec, error) {
	if c != zstdCodec {
		return codec{compression: c, level: level}, nil
	}
	speed := zstd.SpeedFastest
	if level != 0 {
		speed = zstd.EncoderLevelFromZstd(level)
	}
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(speed), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(1<<20), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true),
		zstd.WithAllLitEntropyCompression(true))
	if err != nil {
		return codec{}, flow.Mark(flow.BadConfig, err)
	}
	return codec{c, level, e}, nil
}

// append appends src compressed by c.
func (e codec) append(dst, src []byte, c compression) []byte {
	switch c {
	case zstdCodec:
		return e.zstd.EncodeAll(src, dst)
	case snappyCodec:
		at := len(dst)
		dst = grow(dst, snappy.MaxEncodedLen(len(src)))
		return dst[:at+len(snappy.Encode(dst[at:], src))]
	default:
		return append(dst, src...)
	}
}
