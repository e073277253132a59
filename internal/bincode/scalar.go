package bincode

import (
	"encoding/binary"
	"reflect"
	"time"
)

func boolPlan() *plan {
	return &plan{
		append: func(dst []byte, at pointer, _ int) []byte {
			if *as[bool](at) {
				return append(dst, 1)
			}
			return append(dst, 0)
		},
		read: func(b []byte, at pointer, _ int) (rest []byte, err error) {
			*as[bool](at), rest, err = readBool(b)
			return rest, err
		},
		least: 1, schema: "bool",
	}
}

func readBool(b []byte) (bool, []byte, error) {
	if len(b) == 0 {
		return false, nil, ErrShort
	}
	if b[0] > 1 {
		return false, nil, ErrInvalid
	}
	return b[0] == 1, b[1:], nil
}

// numberPlan is nil for kinds that are not real numbers.
func numberPlan(k reflect.Kind) *plan {
	switch k {
	case reflect.Int8, reflect.Uint8:
		return rawPlan(1, k.String())
	case reflect.Int16, reflect.Uint16:
		return fixedPlan(2, k.String(), append16, read16)
	case reflect.Int32, reflect.Uint32, reflect.Float32:
		return fixedPlan(4, k.String(), append32, read32)
	case reflect.Int64, reflect.Uint64, reflect.Float64:
		return fixedPlan(8, k.String(), append64, read64)
	case reflect.Int:
		if reflect.TypeFor[int]().Size() == 8 {
			return fixedPlan(8, "int64", append64, read64)
		}
		return &plan{append: appendInt, read: readInt, least: 8, schema: "int64"}
	case reflect.Uint:
		if reflect.TypeFor[uint]().Size() == 8 {
			return fixedPlan(8, "uint64", append64, read64)
		}
		return &plan{append: appendUint, read: readUint, least: 8, schema: "uint64"}
	default:
		return nil
	}
}

// fixedPlan is raw where the machine is little endian, too.
func fixedPlan(
	n int, schema string,
	write func([]byte, pointer, int) []byte, read func([]byte, pointer, int) ([]byte, error),
) *plan {
	p := &plan{append: write, read: read, least: n, schema: schema}
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		p.raw = n
	}
	return p
}

func append16(dst []byte, at pointer, _ int) []byte {
	return binary.LittleEndian.AppendUint16(dst, *as[uint16](at))
}

func append32(dst []byte, at pointer, _ int) []byte {
	return binary.LittleEndian.AppendUint32(dst, *as[uint32](at))
}

func append64(dst []byte, at pointer, _ int) []byte {
	return binary.LittleEndian.AppendUint64(dst, *as[uint64](at))
}

func appendInt(dst []byte, at pointer, _ int) []byte {
	return binary.LittleEndian.AppendUint64(dst, uint64(*as[int](at)))
}

func appendUint(dst []byte, at pointer, _ int) []byte {
	return binary.LittleEndian.AppendUint64(dst, uint64(*as[uint](at)))
}

func read16(b []byte, at pointer, _ int) ([]byte, error) {
	if len(b) < 2 {
		return nil, ErrShort
	}
	*as[uint16](at) = binary.LittleEndian.Uint16(b)
	return b[2:], nil
}

func read32(b []byte, at pointer, _ int) ([]byte, error) {
	if len(b) < 4 {
		return nil, ErrShort
	}
	*as[uint32](at) = binary.LittleEndian.Uint32(b)
	return b[4:], nil
}

func read64(b []byte, at pointer, _ int) ([]byte, error) {
	if len(b) < 8 {
		return nil, ErrShort
	}
	*as[uint64](at) = binary.LittleEndian.Uint64(b)
	return b[8:], nil
}

// readInt is for machines of 32 bits, which may meet what those of 64 wrote.
func readInt(b []byte, at pointer, _ int) ([]byte, error) {
	var v int64
	rest, err := read64(b, of(&v), 0)
	if *as[int](at) = int(v); int64(int(v)) != v {
		return nil, ErrInvalid
	}
	return rest, err
}

func readUint(b []byte, at pointer, _ int) ([]byte, error) {
	var v uint64
	rest, err := read64(b, of(&v), 0)
	if *as[uint](at) = uint(v); uint64(uint(v)) != v {
		return nil, ErrInvalid
	}
	return rest, err
}

func stringPlan() *plan {
	return &plan{
		append: func(dst []byte, at pointer, _ int) []byte {
			s := *as[string](at)
			return append(appendLength(dst, len(s)), s...)
		},
		read: func(b []byte, at pointer, _ int) ([]byte, error) {
			n, b, err := readLength(b)
			if err != nil {
				return nil, err
			}
			*as[string](at) = string(b[:n])
			return b[n:], nil
		},
		least: 1, schema: "string",
	}
}

const (
	zoneUTC    = 0
	zoneOffset = 1
)

// timePlan keeps the instant and the offset, not the name of the zone. The
// zero time stays zero.
func timePlan() *plan {
	return &plan{
		append: func(dst []byte, at pointer, _ int) []byte {
			t := as[time.Time](at)
			dst = binary.LittleEndian.AppendUint64(dst, uint64(t.Unix()))
			dst = binary.LittleEndian.AppendUint32(dst, uint32(t.Nanosecond()))
			if t.Location() == time.UTC {
				return append(dst, zoneUTC)
			}
			_, offset := t.Zone()
			return binary.LittleEndian.AppendUint32(append(dst, zoneOffset), uint32(int32(offset)))
		},
		read: readTime, least: 13, schema: "time",
	}
}

func readTime(b []byte, at pointer, _ int) ([]byte, error) {
	if len(b) < 13 {
		return nil, ErrShort
	}
	seconds, nanos := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:])
	zone, b := b[12], b[13:]
	if nanos >= 1e9 || zone > zoneOffset {
		return nil, ErrInvalid
	}
	t := time.Unix(int64(seconds), int64(nanos)).UTC()
	if zone == zoneOffset {
		if len(b) < 4 {
			return nil, ErrShort
		}
		t = t.In(time.FixedZone("", int(int32(binary.LittleEndian.Uint32(b)))))
		b = b[4:]
	}
	*as[time.Time](at) = t
	return b, nil
}
