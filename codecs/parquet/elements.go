package parquet

// Converted types: what readers knew before logical types.
const (
	convUTF8            = 0
	convMap             = 1
	convList            = 3
	convDecimal         = 5
	convDate            = 6
	convTimeMillis      = 7
	convTimeMicros      = 8
	convTimestampMillis = 9
	convTimestampMicros = 10
	convUint8           = 11
	convInt8            = 15
	convJSON            = 19
)

// encode writes the element as a line of the file's schema.
func (e *element) encode(t *compact) {
	t.open()
	if e.children == 0 {
		t.i32(1, int32(e.leaf.physical))
		if e.leaf.physical == physFixed {
			t.i32(2, int32(e.leaf.width))
		}
	}
	t.i32(3, e.repetition)
	t.string(4, e.name)
	if e.children > 0 {
		t.i32(5, int32(e.children))
	}
	if c, ok := e.converted(); ok {
		t.i32(6, c)
	}
	if e.children == 0 && e.leaf.logical == logicalDecimal {
		t.i32(7, e.leaf.scale)
		t.i32(8, e.leaf.precision)
	}
	if e.fieldID >= 0 {
		t.i32(9, e.fieldID)
	}
	e.logicalType(t)
	t.end()
}

func (e *element) converted() (int32, bool) {
	if e.children > 0 {
		switch e.group {
		case groupList:
			return convList, true
		case groupMap:
			return convMap, true
		default:
			return 0, false
		}
	}
	switch e.leaf.logical {
	case logicalString:
		return convUTF8, true
	case logicalDecimal:
		return convDecimal, true
	case logicalDate:
		return convDate, true
	case logicalTimeMilli:
		return convTimeMillis, true
	case logicalTimeMicro:
		return convTimeMicros, true
	case logicalTimestampMilli:
		return convTimestampMillis, true
	case logicalTimestampMicro:
		return convTimestampMicros, true
	case logicalJSON:
		return convJSON, true
	case logicalInt:
		size := map[int]int32{8: 0, 16: 1, 32: 2, 64: 3}[e.leaf.width]
		if e.leaf.signed {
			return convInt8 + size, true
		}
		return convUint8 + size, true
	default:
		return 0, false
	}
}

// logicalType writes the field of that name, a union.
func (e *element) logicalType(t *compact) {
	if e.children > 0 {
		switch e.group {
		case groupList:
			e.union(t, 3, nil)
		case groupMap:
			e.union(t, 2, nil)
		case groupPlain:
		}
		return
	}
	switch e.leaf.logical {
	case logicalNone:
	case logicalString:
		e.union(t, 1, nil)
	case logicalDecimal:
		e.union(t, 5, func() {
			t.i32(1, e.leaf.scale)
			t.i32(2, e.leaf.precision)
		})
	case logicalDate:
		e.union(t, 6, nil)
	case logicalTimeMilli, logicalTimeMicro, logicalTimeNano:
		e.union(t, 7, func() { timeUnit(t, false, int16(e.leaf.logical-logicalTimeMilli)+1) })
	case logicalTimestampMilli, logicalTimestampMicro, logicalTimestampNano:
		e.union(t, 8, func() { timeUnit(t, e.leaf.utc, int16(e.leaf.logical-logicalTimestampMilli)+1) })
	case logicalInt:
		e.union(t, 10, func() {
			t.i8(1, int8(e.leaf.width))
			t.bool(2, e.leaf.signed)
		})
	case logicalNull:
		e.union(t, 11, nil)
	case logicalJSON:
		e.union(t, 12, nil)
	case logicalUUID:
		e.union(t, 14, nil)
	case logicalFloat16:
		e.union(t, 15, nil)
	}
}

func (e *element) union(t *compact, id int16, fields func()) {
	t.begin(10)
	t.begin(id)
	if fields != nil {
		fields()
	}
	t.end()
	t.end()
}

// timeUnit writes the fields of a time: unit 1 is milliseconds, 2 micro, 3
// nano.
func timeUnit(t *compact, utc bool, unit int16) {
	t.bool(1, utc)
	t.begin(2)
	t.empty(unit)
	t.end()
}
