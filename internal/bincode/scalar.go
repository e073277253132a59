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
		read: func(r *input, at pointer, _ int) (err error) {
			*as[bool](at), err = readBool(r)
			return err
		},
		least: 1, schema: "bool",
	}
}

func readBool(r *input) (bool, error) {
	b, err := r.take(1)
	if err != nil {
		return false, err
	}
	if b[0] > 1 {
		return false, ErrInvalid
	}
	return b[0] == 1, nil
}

// numberPlan is nil for kinds that are not real numbers.
func numberPlan(k reflect.Kind) *plan {
	switch k {
	case reflect.Int8, reflect.Uint8:
		return &plan{append: append8, read: read8, least: 1, schema: k.String()}
	case reflect.Int16, reflect.Uint16:
		return &plan{append: append16, read: read16, least: 2, schema: k.String()}
	case reflect.Int32, reflect.Uint32, reflect.Float32:
		return &plan{append: append32, read: read32, least: 4, schema: k.String()}
	case reflect.Int64, reflect.Uint64, reflect.Float64:
		return &plan{append: append64, read: read64, least: 8, schema: k.String()}
	case reflect.Int:
		return &plan{append: appendInt, read: readInt, least: 8, schema: "int64"}
	case reflect.Uint:
		return &plan{append: appendUint, read: readUint, least: 8, schema: "uint64"}
	default:
		return nil
	}
}

func append8(dst []byte, at pointer, _ int) []byte { return append(dst, *as[byte](at)) }

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

func read8(r *input, at pointer, _ int) error {
	b, err := r.take(1)
	if err == nil {
		*as[byte](at) = b[0]
	}
	return err
}

func read16(r *input, at pointer, _ int) error {
	b, err := r.take(2)
	if err == nil {
		*as[uint16](at) = binary.LittleEndian.Uint16(b)
	}
	return err
}

func read32(r *input, at pointer, _ int) error {
	b, err := r.take(4)
	if err == nil {
		*as[uint32](at) = binary.LittleEndian.Uint32(b)
	}
	return err
}

func read64(r *input, at pointer, _ int) error {
	b, err := r.take(8)
	if err == nil {
		*as[uint64](at) = binary.LittleEndian.Uint64(b)
	}
	return err
}

func readInt(r *input, at pointer, _ int) error {
	var v int64
	err := read64(r, of(&v), 0)
	if *as[int](at) = int(v); int64(int(v)) != v {
		return ErrInvalid // written by a machine of 64 bits, read by one of 32
	}
	return err
}

func readUint(r *input, at pointer, _ int) error {
	var v uint64
	err := read64(r, of(&v), 0)
	if *as[uint](at) = uint(v); uint64(uint(v)) != v {
		return ErrInvalid
	}
	return err
}

func appendLength(dst []byte, n int) []byte { return binary.AppendUvarint(dst, uint64(n)) }

func stringPlan() *plan {
	return &plan{
		append: func(dst []byte, at pointer, _ int) []byte {
			s := *as[string](at)
			return append(appendLength(dst, len(s)), s...)
		},
		read: func(r *input, at pointer, _ int) error {
			n, err := r.length(1)
			if err != nil {
				return err
			}
			b, err := r.take(n)
			*as[string](at) = string(b)
			return err
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

func readTime(r *input, at pointer, _ int) error {
	b, err := r.take(13)
	if err != nil {
		return err
	}
	nanos := binary.LittleEndian.Uint32(b[8:])
	t := time.Unix(int64(binary.LittleEndian.Uint64(b)), int64(nanos))
	if nanos >= 1e9 || b[12] > zoneOffset {
		return ErrInvalid
	}
	if b[12] == zoneUTC {
		*as[time.Time](at) = t.UTC()
		return nil
	}
	z, err := r.take(4)
	if err != nil {
		return err
	}
	*as[time.Time](at) = t.In(time.FixedZone("", int(int32(binary.LittleEndian.Uint32(z)))))
	return nil
}
