package filter

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/iceberg-go"
)

// Bind gives the condition the types of the columns of s.
//
// Iceberg's expressions have two values, not three: what is not true there is
// false, and its negation true. So negations are pushed down to the tests
// here, where null passes neither a test nor its negation.
func (f *Filter) Bind(s *iceberg.Schema) (iceberg.BooleanExpression, error) {
	return f.BindFor(s, func(int) bool { return true })
}

// BindFor is Bind without the tests of columns whose ids are not usable: a
// condition that is true for all rows that the whole is true for.
func (f *Filter) BindFor(s *iceberg.Schema, usable func(id int) bool) (iceberg.BooleanExpression, error) {
	return binder{s, usable}.bind(f.root, false)
}

type binder struct {
	schema *iceberg.Schema
	usable func(id int) bool
}

// bind is n, or its negation.
func (b binder) bind(n node, not bool) (iceberg.BooleanExpression, error) {
	switch n := n.(type) {
	case logic:
		if n.op == "not" {
			return b.bind(n.sides[0], !not)
		}
		sides := make([]iceberg.BooleanExpression, len(n.sides))
		for i, side := range n.sides {
			var err error
			if sides[i], err = b.bind(side, not); err != nil {
				return nil, err
			}
		}
		if (n.op == "or") != not {
			return iceberg.NewOr(sides[0], sides[1], sides[2:]...), nil
		}
		return iceberg.NewAnd(sides[0], sides[1], sides[2:]...), nil
	case test:
		return b.test(n, n.not != not)
	}
	return nil, fmt.Errorf("no such condition: %T", n)
}

func (b binder) test(t test, not bool) (iceberg.BooleanExpression, error) {
	s := b.schema
	f, ok := s.FindFieldByName(t.column.text)
	if !ok {
		if f, ok = s.FindFieldByNameCaseInsensitive(t.column.text); !ok {
			return nil, wrong(t.column, "there is no column %s", t.column)
		}
	}
	if !b.usable(f.ID) {
		return iceberg.AlwaysTrue{}, nil
	}
	name, _ := s.FindColumnName(f.ID)
	ref := iceberg.Reference(name)
	switch t.op {
	case "null":
		if not {
			return iceberg.NotNull(ref), nil
		}
		return iceberg.IsNull(ref), nil
	case "nan":
		switch f.Type.(type) {
		case iceberg.Float32Type, iceberg.Float64Type:
		default:
			return nil, wrong(t.column, "column %s is %s, which has no NaN", t.column.text, f.Type)
		}
		if not {
			return notNull(ref, iceberg.IsNaN(ref).Negate()), nil
		}
		return iceberg.IsNaN(ref), nil
	case "like":
		return t.like(ref, f.Type, not)
	}
	var values []iceberg.Literal
	for _, v := range t.values {
		l, err := literal(v, f.Type)
		if err != nil {
			return nil, wrong(v, "column %s is %s: %v", t.column.text, f.Type, err)
		}
		values = append(values, l)
	}
	if t.op == "in" {
		return in(ref, values, not), nil
	}
	return compare(ref, t.op, values[0], not), nil
}

// in leaves out the values that the column can not hold.
func in(ref iceberg.Reference, values []iceberg.Literal, not bool) iceberg.BooleanExpression {
	var within []iceberg.Literal
	for _, v := range values {
		if _, above := v.(iceberg.AboveMaxLiteral); above {
			continue
		}
		if _, below := v.(iceberg.BelowMinLiteral); below {
			continue
		}
		within = append(within, v)
	}
	switch {
	case len(within) == 0 && not:
		return iceberg.NotNull(ref)
	case len(within) == 0:
		return iceberg.AlwaysFalse{}
	case not:
		return notNull(ref, iceberg.SetPredicate(iceberg.OpNotIn, ref, within))
	}
	return iceberg.SetPredicate(iceberg.OpIn, ref, within)
}

// operation is the comparison op, or its negation.
func operation(op string, not bool) iceberg.Operation {
	ops := map[string][2]iceberg.Operation{
		"=": {iceberg.OpEQ, iceberg.OpNEQ}, "!=": {iceberg.OpNEQ, iceberg.OpEQ},
		"<": {iceberg.OpLT, iceberg.OpGTEQ}, ">=": {iceberg.OpGTEQ, iceberg.OpLT},
		">": {iceberg.OpGT, iceberg.OpLTEQ}, "<=": {iceberg.OpLTEQ, iceberg.OpGT},
	}
	if not {
		return ops[op][1]
	}
	return ops[op][0]
}

func compare(ref iceberg.Reference, op string, v iceberg.Literal, not bool) iceberg.BooleanExpression {
	o := operation(op, not)
	_, above := v.(iceberg.AboveMaxLiteral)
	_, below := v.(iceberg.BelowMinLiteral)
	if above || below {
		less := o == iceberg.OpLT || o == iceberg.OpLTEQ
		if o == iceberg.OpNEQ || o != iceberg.OpEQ && less == above {
			return iceberg.NotNull(ref)
		}
		return iceberg.AlwaysFalse{}
	}
	if o == iceberg.OpNEQ {
		return notNull(ref, iceberg.LiteralPredicate(o, ref, v))
	}
	return iceberg.LiteralPredicate(o, ref, v)
}

// notNull keeps rows where a comparison is not null: as in SQL, null is not
// different from anything.
func notNull(ref iceberg.Reference, e iceberg.BooleanExpression) iceberg.BooleanExpression {
	return iceberg.NewAnd(iceberg.NotNull(ref), e)
}

// like is a range of texts: iceberg-go prunes by prefixes, but filters no rows
// by them.
func (t test) like(ref iceberg.Reference, typ iceberg.Type, not bool) (iceberg.BooleanExpression, error) {
	pattern := t.values[0]
	prefix, ok := strings.CutSuffix(pattern.text, "%")
	if _, isText := typ.(iceberg.StringType); !isText || pattern.kind != text || !ok ||
		strings.ContainsAny(prefix, "%_") || !utf8.ValidString(prefix) {
		return nil, wrong(pattern, "like takes a text column and a pattern with one %% at its end, as in 'abc%%'")
	}
	behind := after(prefix)
	switch {
	case behind == "" && prefix == "" && not:
		return iceberg.AlwaysFalse{}, nil
	case behind == "" && prefix == "":
		return iceberg.NotNull(ref), nil
	case behind == "" && not:
		return iceberg.LessThan(ref, prefix), nil
	case behind == "":
		return iceberg.GreaterThanEqual(ref, prefix), nil
	case not:
		return iceberg.NewOr(iceberg.LessThan(ref, prefix), iceberg.GreaterThanEqual(ref, behind)), nil
	}
	return iceberg.NewAnd(iceberg.GreaterThanEqual(ref, prefix), iceberg.LessThan(ref, behind)), nil
}

// after is the least text behind all those that begin with prefix; "" if there
// is none.
func after(prefix string) string {
	for prefix != "" {
		r, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		if r == utf8.MaxRune {
			continue
		}
		if r++; r == 0xd800 {
			r = 0xe000 // there are no texts with halves of characters
		}
		return prefix + string(r)
	}
	return ""
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
