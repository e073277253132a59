// Package partition finds the partition of each row of a batch, by loops over
// its columns.
package partition

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/apache/iceberg-go"
)

// firstID is the id of the first partition field of a table.
const firstID = 1000

// call is the form of a field: name(column), name(n, column) or column.
var call = regexp.MustCompile(`^([a-z]+)(?:\[(\d+)\])?\(\s*(?:(\d+)\s*,\s*)?(.+?)\s*\)$`)

// Parse makes a spec of fields such as month(date), bucket(16, id) and
// country, for tables of the schema s.
func Parse(fields []string, s *iceberg.Schema) (*iceberg.PartitionSpec, error) {
	var made []iceberg.PartitionField
	for i, text := range fields {
		f, err := parse(strings.TrimSpace(text), s)
		if err != nil {
			return nil, fmt.Errorf("partition %q: %w", text, err)
		}
		f.FieldID = firstID + i
		for _, other := range made {
			if other.Name == f.Name {
				return nil, fmt.Errorf("partition %q: there are two fields %s", text, f.Name)
			}
		}
		made = append(made, f)
	}
	spec := iceberg.NewPartitionSpec(made...)
	return &spec, nil
}

// Check reports what is wrong with fields whatever the schema is.
func Check(fields []string) error {
	for _, text := range fields {
		if m := call.FindStringSubmatch(strings.TrimSpace(text)); m != nil {
			if _, _, err := transform(m[1], m[2]+m[3]); err != nil {
				return fmt.Errorf("partition %q: %w", text, err)
			}
		}
	}
	return nil
}

func parse(text string, s *iceberg.Schema) (iceberg.PartitionField, error) {
	name, width, column := "identity", "", text
	if m := call.FindStringSubmatch(text); m != nil {
		name, width, column = m[1], m[2]+m[3], m[4]
	}
	t, suffix, err := transform(name, width)
	if err != nil {
		return iceberg.PartitionField{}, err
	}
	f, ok := s.FindFieldByNameCaseInsensitive(column)
	if !ok {
		return iceberg.PartitionField{}, fmt.Errorf("there is no column %q; the columns are %s", column, names(s))
	}
	if !t.CanTransform(f.Type) {
		return iceberg.PartitionField{}, fmt.Errorf("%s does not take a column of type %s", name, f.Type)
	}
	if suffix != "" {
		suffix = "_" + suffix
	}
	return iceberg.PartitionField{SourceIDs: []int{f.ID}, Name: f.Name + suffix, Transform: t}, nil
}

func transform(name, width string) (t iceberg.Transform, suffix string, err error) {
	n := 0
	if width != "" {
		if n, err = strconv.Atoi(width); err != nil || n < 1 || n > 1<<30 {
			return nil, "", fmt.Errorf("%s wants a number from 1 to %d", name, 1<<30)
		}
	}
	if (n > 0) != (name == "bucket" || name == "truncate") {
		return nil, "", fmt.Errorf("want identity, year, month, day or hour of a column, bucket(n, column) or truncate(n, column)")
	}
	switch name {
	case "identity":
		return iceberg.IdentityTransform{}, "", nil
	case "year":
		return iceberg.YearTransform{}, name, nil
	case "month":
		return iceberg.MonthTransform{}, name, nil
	case "day":
		return iceberg.DayTransform{}, name, nil
	case "hour":
		return iceberg.HourTransform{}, name, nil
	case "bucket":
		return iceberg.BucketTransform{NumBuckets: n}, name, nil
	case "truncate":
		return iceberg.TruncateTransform{Width: n}, "trunc", nil
	}
	return nil, "", fmt.Errorf("there is no transform %s; there are identity, year, month, day, hour, bucket and truncate", name)
}

func names(s *iceberg.Schema) string {
	var all []string
	for _, f := range s.Fields() {
		all = append(all, f.Name)
	}
	return strings.Join(all, ", ")
}
