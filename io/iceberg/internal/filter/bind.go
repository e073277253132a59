package filter

import (
	"fmt"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
)

// Bind gives the condition the types of the columns of s.
func (f *Filter) Bind(s *iceberg.Schema) (iceberg.BooleanExpression, error) { return bind(f.root, s) }

func bind(n node, s *iceberg.Schema) (iceberg.BooleanExpression, error) {
	switch n := n.(type) {
	case logic:
		sides := make([]iceberg.BooleanExpression, len(n.sides))
		for i, side := range n.sides {
			var err error
			if sides[i], err = bind(side, s); err != nil {
				return nil, err
			}
		}
		switch n.op {
		case "not":
			return iceberg.NewNot(sides[0]), nil
		case "or":
			return iceberg.NewOr(sides[0], sides[1], sides[2:]...), nil
		}
		return iceberg.NewAnd(sides[0], sides[1], sides[2:]...), nil
	case test:
		return n.bind(s)
	}
	return nil, fmt.Errorf("no such condition: %T", n)
}

func (t test) bind(s *iceberg.Schema) (iceberg.BooleanExpression, error) {
	f, ok := s.FindFieldByName(t.column.text)
	if !ok {
		if f, ok = s.FindFieldByNameCaseInsensitive(t.column.text); !ok {
			return nil, wrong(t.column, "there is no column %s", t.column)
		}
	}
	name, _ := s.FindColumnName(f.ID)
	ref := iceberg.Reference(name)
	values := make([]iceberg.Literal, len(t.values))
	for i, v := range t.values {
		if t.op == "like" {
			continue
		}
		var err error
		if values[i], err = literal(v, f.Type); err != nil {
			return nil, wrong(v, "column %s is %s: %v", t.column.text, f.Type, err)
		}
	}
	ops := map[string]iceberg.Operation{
		"=": iceberg.OpEQ, "!=": iceberg.OpNEQ, "<": iceberg.OpLT, "<=": iceberg.OpLTEQ, ">": iceberg.OpGT, ">=": iceberg.OpGTEQ,
	}
	switch t.op {
	case "null":
		return negate(iceberg.IsNull(ref), t.not), nil
	case "nan":
		return negate(iceberg.IsNaN(ref), t.not), nil
	case "in":
		if t.not {
			return notNull(ref, iceberg.SetPredicate(iceberg.OpNotIn, ref, values)), nil
		}
		return iceberg.SetPredicate(iceberg.OpIn, ref, values), nil
	case "like":
		return t.like(ref, f.Type)
	case "!=":
		return notNull(ref, iceberg.LiteralPredicate(iceberg.OpNEQ, ref, values[0])), nil
	}
	return iceberg.LiteralPredicate(ops[t.op], ref, values[0]), nil
}

func negate(p iceberg.UnboundPredicate, not bool) iceberg.BooleanExpression {
	if not {
		return p.Negate()
	}
	return p
}

// notNull keeps rows where a comparison is not null: as in SQL, null is not
// different from anything.
func notNull(ref iceberg.Reference, e iceberg.BooleanExpression) iceberg.BooleanExpression {
	return iceberg.NewAnd(iceberg.NotNull(ref), e)
}

func (t test) like(ref iceberg.Reference, typ iceberg.Type) (iceberg.BooleanExpression, error) {
	pattern := t.values[0]
	prefix, ok := strings.CutSuffix(pattern.text, "%")
	if _, isText := typ.(iceberg.StringType); !isText || pattern.kind != text || !ok || strings.ContainsAny(prefix, "%_") {
		return nil, wrong(pattern, "like takes a text column and a pattern with one %% at its end, as in 'abc%%'")
	}
	if t.not {
		return notNull(ref, iceberg.NotStartsWith(ref, prefix)), nil
	}
	return iceberg.StartsWith(ref, prefix), nil
}

// literal is the value of v in the type of its column.
func literal(v token, typ iceberg.Type) (iceberg.Literal, error) {
	_, isText := typ.(iceberg.StringType)
	_, isBool := typ.(iceberg.BooleanType)
	if isText != (v.kind == text) && isText || isBool != (v.kind == word) {
		return nil, fmt.Errorf("%s is no value for it", v)
	}
	written := v.text
	switch typ.(type) {
	case iceberg.TimestampType, iceberg.TimestampTzType:
		return timestamp(written)
	case iceberg.BinaryType, iceberg.FixedType:
		return nil, fmt.Errorf("filters take no bytes; filter behind the source")
	case iceberg.PrimitiveType:
	default:
		return nil, fmt.Errorf("only columns with plain values can be compared")
	}
	return iceberg.StringLiteral(written).To(typ)
}

// timestamp reads a date with or without a time and a zone, which is UTC when
// it is not said.
func timestamp(s string) (iceberg.Literal, error) {
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
		"2006-01-02 15:04:05.999999999", "2006-01-02 15:04", time.DateOnly,
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return iceberg.TimestampLiteral(t.UnixMicro()), nil
		}
	}
	return nil, fmt.Errorf("%q is no time; write it as '2024-01-31 12:00:00'", s)
}
