// Package schema fits Arrow batches to Iceberg tables: which Iceberg type a
// column has, how the schema of a table must change to take a batch, and the
// conversion of the batch itself.
package schema

import (
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// maxPrecision is the most digits of an Iceberg decimal.
const maxPrecision = 38

// New is the schema of a table made for batches of the schema sc. Columns of
// the type null are left out: they have no type yet, and no values either.
func New(sc *arrow.Schema) (*iceberg.Schema, error) {
	if err := caseClash(sc.Fields()); err != nil {
		return nil, err
	}
	id := 0
	fields, err := newFields(sc.Fields(), "", func() int { id++; return id })
	if err != nil {
		return nil, err
	}
	if len(fields) == 0 {
		return nil, fmt.Errorf("no column of the batch has a type that Iceberg has")
	}
	return iceberg.NewSchema(0, fields...), nil
}

func newFields(from []arrow.Field, path string, next func() int) ([]iceberg.NestedField, error) {
	var fields []iceberg.NestedField
	for _, f := range from {
		if isNull(f.Type) {
			continue
		}
		id := next()
		t, err := typeOf(f.Type, join(path, f.Name), next)
		if err != nil {
			return nil, err
		}
		doc, _ := f.Metadata.GetValue(table.ArrowFieldDocKey)
		fields = append(fields, iceberg.NestedField{ID: id, Name: f.Name, Type: t, Required: !f.Nullable, Doc: doc})
	}
	return fields, nil
}

func isNull(t arrow.DataType) bool { return t.ID() == arrow.NULL }

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// typeOf is the Iceberg type for columns of the type t. next gives the ids of
// nested fields.
func typeOf(t arrow.DataType, path string, next func() int) (iceberg.Type, error) {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return typeOf(t.ValueType, path, next)
	case *arrow.RunEndEncodedType:
		return typeOf(t.Encoded(), path, next)
	case *extensions.UUIDType:
		return iceberg.PrimitiveTypes.UUID, nil
	case arrow.ExtensionType:
		return typeOf(t.StorageType(), path, next)
	case *arrow.StructType:
		fields, err := newFields(t.Fields(), path, next)
		if err == nil && len(fields) == 0 {
			err = unsupported(path, t, "a struct needs a field with a type")
		}
		return &iceberg.StructType{FieldList: fields}, err
	case *arrow.MapType:
		key, value := next(), next()
		kt, err := typeOf(t.KeyType(), path+".key", next)
		if err != nil {
			return nil, err
		}
		vt, err := typeOf(t.ItemType(), path+".value", next)
		return &iceberg.MapType{
			KeyID: key, KeyType: kt,
			ValueID: value, ValueType: vt, ValueRequired: !t.ItemField().Nullable,
		}, err
	case *arrow.ListType, *arrow.LargeListType, *arrow.FixedSizeListType:
		elem := t.(arrow.ListLikeType).ElemField()
		id := next()
		et, err := typeOf(elem.Type, path+".element", next)
		return &iceberg.ListType{ElementID: id, Element: et, ElementRequired: !elem.Nullable}, err
	}
	return primitive(t, path)
}

func primitive(t arrow.DataType, path string) (iceberg.Type, error) {
	p := iceberg.PrimitiveTypes
	switch t := t.(type) {
	case *arrow.BooleanType:
		return p.Bool, nil
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Uint8Type, *arrow.Uint16Type:
		return p.Int32, nil
	case *arrow.Int64Type, *arrow.Uint32Type:
		return p.Int64, nil
	case *arrow.Uint64Type:
		return iceberg.DecimalTypeOf(20, 0), nil
	case *arrow.Float16Type, *arrow.Float32Type:
		return p.Float32, nil
	case *arrow.Float64Type:
		return p.Float64, nil
	case arrow.DecimalType:
		if t.GetPrecision() > maxPrecision {
			return nil, unsupported(path, t, "Iceberg's decimals have at most 38 digits; cast it to decimal(38, s) or to string")
		}
		if t.GetScale() < 0 || t.GetScale() > t.GetPrecision() {
			return nil, unsupported(path, t, "Iceberg wants a scale between 0 and the precision")
		}
		return iceberg.DecimalTypeOf(int(t.GetPrecision()), int(t.GetScale())), nil
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return p.String, nil
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType:
		return p.Binary, nil
	case *arrow.FixedSizeBinaryType:
		return iceberg.FixedTypeOf(t.ByteWidth), nil
	case *arrow.Date32Type, *arrow.Date64Type:
		return p.Date, nil
	case *arrow.Time32Type, *arrow.Time64Type:
		return p.Time, nil
	case *arrow.TimestampType:
		if t.TimeZone == "" {
			return p.Timestamp, nil
		}
		return p.TimestampTz, nil
	case *arrow.NullType:
		return nil, unsupported(path, t, "nothing inside a list or map may be without a type")
	case *arrow.DurationType:
		return nil, unsupported(path, t, "cast it to int64")
	}
	return nil, unsupported(path, t, "cast it to string, or leave it out")
}

func unsupported(path string, t arrow.DataType, remedy string) error {
	return fmt.Errorf("column %s: Iceberg has no type for %s: %s", path, t, remedy)
}

// Arrow is the Arrow schema that files of the Iceberg schema s are written
// with; the fields carry their ids.
func Arrow(s *iceberg.Schema) (*arrow.Schema, error) {
	return table.SchemaToArrowSchema(s, nil, true, false)
}

// FieldID is the id that [Arrow] gave to f; ok is false when there is none.
func FieldID(f arrow.Field) (id int, ok bool) {
	text, ok := f.Metadata.GetValue(table.ArrowParquetFieldIDKey)
	if !ok {
		return 0, false
	}
	id, err := strconv.Atoi(text)
	return id, err == nil
}
