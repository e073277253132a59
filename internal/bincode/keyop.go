package bincode

import (
	"bytes"
	"encoding/binary"
	"math"
)

// In a key, integers are big endian with the sign bit flipped, floats have
// the sign bit flipped or, if negative, all bits, and text that is not at the
// end has 0x00 written as 0x00 0xFF and is ended by 0x00 0x01: then bytes
// sort like values.
const (
	escape     = 0x00
	escapedNul = 0xFF
	terminator = 0x01
)

func appendKeyOp(dst []byte, o *keyOp, p pointer) []byte {
	be := binary.BigEndian
	switch o.op {
	case opBool, opUint8:
		return append(dst, *as[byte](p))
	case opInt8:
		return append(dst, *as[byte](p)^1<<7)
	case opUint16:
		return be.AppendUint16(dst, *as[uint16](p))
	case opInt16:
		return be.AppendUint16(dst, *as[uint16](p)^1<<15)
	case opUint32:
		return be.AppendUint32(dst, *as[uint32](p))
	case opInt32:
		return be.AppendUint32(dst, *as[uint32](p)^1<<31)
	case opUint64:
		return be.AppendUint64(dst, *as[uint64](p))
	case opInt64:
		return be.AppendUint64(dst, *as[uint64](p)^1<<63)
	case opFloat32:
		return be.AppendUint32(dst, sortable32(*as[float32](p)))
	case opFloat64:
		return be.AppendUint64(dst, sortable64(*as[float64](p)))
	case opBytes:
		return append(dst, bytesAt(p, o.size)...)
	case opTextEnd:
		return append(dst, *as[string](p)...)
	default:
		return appendEscaped(dst, *as[string](p))
	}
}

func appendEscaped(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, s[i])
		if s[i] == escape {
			dst = append(dst, escapedNul)
		}
	}
	return append(dst, escape, terminator)
}

func readKeyOp(b []byte, o *keyOp, p pointer) ([]byte, error) {
	if o.op == opTextEnd {
		*as[string](p) = string(b)
		return nil, nil
	}
	if o.op == opText {
		return readEscaped(b, as[string](p))
	}
	n := o.width()
	if len(b) < n {
		return nil, ErrShort
	}
	be := binary.BigEndian
	switch o.op {
	case opBool:
		if b[0] > 1 {
			return nil, ErrInvalid
		}
		*as[byte](p) = b[0]
	case opUint8:
		*as[byte](p) = b[0]
	case opInt8:
		*as[byte](p) = b[0] ^ 1<<7
	case opUint16:
		*as[uint16](p) = be.Uint16(b)
	case opInt16:
		*as[uint16](p) = be.Uint16(b) ^ 1<<15
	case opUint32:
		*as[uint32](p) = be.Uint32(b)
	case opInt32:
		*as[uint32](p) = be.Uint32(b) ^ 1<<31
	case opUint64:
		*as[uint64](p) = be.Uint64(b)
	case opInt64:
		*as[uint64](p) = be.Uint64(b) ^ 1<<63
	case opFloat32:
		*as[uint32](p) = unsortable32(be.Uint32(b))
	case opFloat64:
		*as[uint64](p) = unsortable64(be.Uint64(b))
	default:
		copy(bytesAt(p, n), b)
	}
	return b[n:], nil
}

// width is the bytes of the encoding of anything but text.
func (o *keyOp) width() int {
	switch o.op {
	case opBool, opInt8, opUint8:
		return 1
	case opInt16, opUint16:
		return 2
	case opInt32, opUint32, opFloat32:
		return 4
	case opInt64, opUint64, opFloat64:
		return 8
	default:
		return o.size
	}
}

func readEscaped(b []byte, s *string) ([]byte, error) {
	var text []byte
	for {
		i := bytes.IndexByte(b, escape)
		if i < 0 || i+1 >= len(b) {
			return nil, ErrShort
		}
		text = append(text, b[:i]...)
		mark := b[i+1]
		b = b[i+2:]
		switch mark {
		case terminator:
			*s = string(text)
			return b, nil
		case escapedNul:
			text = append(text, escape)
		default:
			return nil, ErrInvalid
		}
	}
}

func hashKeyOp(o *keyOp, p pointer) uint64 {
	switch o.op {
	case opBool, opUint8:
		return HashUint64(uint64(*as[uint8](p)))
	case opInt8:
		return HashUint64(uint64(*as[int8](p)))
	case opUint16:
		return HashUint64(uint64(*as[uint16](p)))
	case opInt16:
		return HashUint64(uint64(*as[int16](p)))
	case opUint32:
		return HashUint64(uint64(*as[uint32](p)))
	case opInt32:
		return HashUint64(uint64(*as[int32](p)))
	case opUint64, opInt64:
		return HashUint64(*as[uint64](p))
	case opFloat32:
		return HashFloat64(float64(*as[float32](p)))
	case opFloat64:
		return HashFloat64(*as[float64](p))
	case opBytes:
		return HashFixed(bytesAt(p, o.size))
	default:
		return HashString(*as[string](p))
	}
}

func sortable64(f float64) uint64 {
	b := math.Float64bits(oneZero(f))
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

func unsortable64(b uint64) uint64 {
	if b>>63 != 0 {
		return b &^ (1 << 63)
	}
	return ^b
}

func sortable32(f float32) uint32 {
	b := math.Float32bits(float32(oneZero(float64(f))))
	if b>>31 != 0 {
		return ^b
	}
	return b | 1<<31
}

func unsortable32(b uint32) uint32 {
	if b>>31 != 0 {
		return b &^ (1 << 31)
	}
	return ^b
}
