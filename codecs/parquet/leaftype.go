package parquet

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// leafKind is how the Arrow array of a column is read.
type leafKind uint8

const (
	kindNull leafKind = iota
	kindBool
	kindInt8
	kindInt16
	kindInt32
	kindInt64
	kindUint8
	kindUint16
	kindUint32
	kindUint64
	kindFloat16
	kindFloat32
	kindFloat64
	kindDecimal32 // decimal128 stored as INT32
	kindDecimal64 // decimal128 stored as INT64
	kindDecimal   // decimal128 stored as bytes
	kindBytes     // utf8 and binary
	kindLargeBytes
	kindDictBytes // dictionary of utf8 or binary
	kindFixedBytes
)

// logical is what the values of a column mean.
type logical uint8

const (
	logicalNone logical = iota
	logicalString
	logicalDecimal
	logicalDate
	logicalTimeMilli
	logicalTimeMicro
	logicalTimeNano
	logicalTimestampMilli
	logicalTimestampMicro
	logicalTimestampNano
	logicalInt
	logicalNull
	logicalJSON
	logicalUUID
	logicalFloat16
)

// leafType is the type of a column, on both sides.
type leafType struct {
	kind      leafKind
	physical  physical
	logical   logical
	width     int   // bytes of a value of physFixed; bits of logicalInt
	signed    bool  // logicalInt
	utc       bool  // timestamps
	precision int32 // decimals
	scale     int32
	factor    int64 // what values are multiplied by: seconds become milliseconds
}

// unsigned reports whether values are ordered as unsigned integers.
func (t leafType) unsigned() bool { return t.logical == logicalInt && !t.signed }

// newLeafType maps an Arrow type that has no columns inside.
func newLeafType(dt arrow.DataType) (leafType, error) {
	if t, ok := simpleTypes(dt.ID()); ok {
		return t, nil
	}
	switch t := dt.(type) {
	case *arrow.FixedSizeBinaryType:
		if t.ByteWidth <= 0 {
			return leafType{}, fmt.Errorf("width %d of %s", t.ByteWidth, dt)
		}
		return leafType{kind: kindFixedBytes, physical: physFixed, width: t.ByteWidth}, nil
	case *arrow.Time32Type:
		lt := leafType{kind: kindInt32, physical: physInt32, logical: logicalTimeMilli}
		if t.Unit == arrow.Second {
			lt.factor = 1000
		}
		return lt, nil
	case *arrow.Time64Type:
		if t.Unit == arrow.Nanosecond {
			return leafType{kind: kindInt64, physical: physInt64, logical: logicalTimeNano}, nil
		}
		return leafType{kind: kindInt64, physical: physInt64, logical: logicalTimeMicro}, nil
	case *arrow.TimestampType:
		return timestampType(t), nil
	case *arrow.Decimal128Type:
		return decimalType(t)
	case *arrow.DictionaryType:
		lt, ok := simpleTypes(t.ValueType.ID())
		if !ok || lt.physical != physBytes {
			return leafType{}, fmt.Errorf("%s cannot be stored in Parquet; use the type of its values", dt)
		}
		lt.kind = kindDictBytes
		return lt, nil
	case arrow.ExtensionType:
		return extensionType(t)
	}
	return leafType{}, fmt.Errorf("%s cannot be stored in Parquet", dt)
}

// simpleTypes maps the types without parameters.
func simpleTypes(id arrow.Type) (leafType, bool) {
	integer := func(k leafKind, p physical, bits int, signed bool) leafType {
		return leafType{kind: k, physical: p, logical: logicalInt, width: bits, signed: signed}
	}
	switch id {
	case arrow.NULL:
		return leafType{kind: kindNull, physical: physInt32, logical: logicalNull}, true
	case arrow.BOOL:
		return leafType{kind: kindBool, physical: physBool}, true
	case arrow.INT8:
		return integer(kindInt8, physInt32, 8, true), true
	case arrow.INT16:
		return integer(kindInt16, physInt32, 16, true), true
	case arrow.INT32:
		return integer(kindInt32, physInt32, 32, true), true
	case arrow.INT64:
		return integer(kindInt64, physInt64, 64, true), true
	case arrow.UINT8:
		return integer(kindUint8, physInt32, 8, false), true
	case arrow.UINT16:
		return integer(kindUint16, physInt32, 16, false), true
	case arrow.UINT32:
		return integer(kindUint32, physInt32, 32, false), true
	case arrow.UINT64:
		return integer(kindUint64, physInt64, 64, false), true
	case arrow.FLOAT16:
		return leafType{kind: kindFloat16, physical: physFixed, logical: logicalFloat16, width: 2}, true
	case arrow.FLOAT32:
		return leafType{kind: kindFloat32, physical: physFloat}, true
	case arrow.FLOAT64:
		return leafType{kind: kindFloat64, physical: physDouble}, true
	case arrow.DATE32:
		return leafType{kind: kindInt32, physical: physInt32, logical: logicalDate}, true
	case arrow.STRING:
		return leafType{kind: kindBytes, physical: physBytes, logical: logicalString}, true
	case arrow.LARGE_STRING:
		return leafType{kind: kindLargeBytes, physical: physBytes, logical: logicalString}, true
	case arrow.BINARY:
		return leafType{kind: kindBytes, physical: physBytes}, true
	case arrow.LARGE_BINARY:
		return leafType{kind: kindLargeBytes, physical: physBytes}, true
	default:
		return leafType{}, false
	}
}

func timestampType(t *arrow.TimestampType) leafType {
	lt := leafType{kind: kindInt64, physical: physInt64, utc: t.TimeZone != ""}
	switch t.Unit {
	case arrow.Second:
		lt.logical, lt.factor = logicalTimestampMilli, 1000
	case arrow.Millisecond:
		lt.logical = logicalTimestampMilli
	case arrow.Microsecond:
		lt.logical = logicalTimestampMicro
	case arrow.Nanosecond:
		lt.logical = logicalTimestampNano
	}
	return lt
}

// decimalType stores decimals as integers where the precision allows.
func decimalType(t *arrow.Decimal128Type) (leafType, error) {
	if t.Precision < 1 || t.Precision > 38 || t.Scale < 0 || t.Scale > t.Precision {
		return leafType{}, fmt.Errorf("%s: Parquet takes precision 1 to 38 and scale 0 to the precision", t)
	}
	lt := leafType{logical: logicalDecimal, precision: t.Precision, scale: t.Scale}
	switch {
	case t.Precision <= 9:
		lt.kind, lt.physical = kindDecimal32, physInt32
	case t.Precision <= 18:
		lt.kind, lt.physical = kindDecimal64, physInt64
	default:
		lt.kind, lt.physical, lt.width = kindDecimal, physFixed, int(pqarrow.DecimalSize(t.Precision))
	}
	return lt, nil
}

// extensionType stores an extension as its storage; uuid and json keep their
// meaning, others live on in ARROW:schema only.
func extensionType(t arrow.ExtensionType) (leafType, error) {
	lt, err := newLeafType(t.StorageType())
	if err != nil {
		return leafType{}, err
	}
	switch t.ExtensionName() {
	case "arrow.uuid":
		lt.logical = logicalUUID
	case "arrow.json":
		lt.logical = logicalJSON
	}
	return lt, nil
}
