package arrowrow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// options is what a struct tag says beside the name.
type options struct {
	large, dict      bool
	temporal         string // "", timestamp, date32, date64, time32, time64
	unit             arrow.TimeUnit
	decimal          bool
	precision, scale int32
}

// parseTag splits an arrow tag into name and options.
func parseTag(tag string) (name string, o options, err error) {
	o.unit = arrow.Microsecond
	name, rest, _ := strings.Cut(tag, ",")
	for rest != "" {
		var token string
		token, rest = cutToken(rest)
		word, arg, _ := strings.Cut(strings.TrimSuffix(token, ")"), "(")
		switch word {
		case "large":
			o.large = true
		case "dict":
			o.dict = true
		case "date32", "date64", "time32", "time64":
			o.temporal = word
		case "timestamp":
			o.temporal = word
			if arg != "" {
				o.unit, err = parseUnit(arg)
			}
		case "decimal":
			o.decimal = true
			o.precision, o.scale, err = parseDecimal(arg)
		default:
			err = fmt.Errorf("tag %q: option %q is not one of large, dict, timestamp(s|ms|us|ns), "+
				"date32, date64, time32, time64, decimal(precision,scale)", tag, token)
		}
		if err != nil {
			return "", o, err
		}
	}
	return name, o, nil
}

// cutToken splits at the first comma outside of parentheses.
func cutToken(s string) (token, rest string) {
	depth := 0
	for i, c := range s {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			return strings.TrimSpace(s[:i]), s[i+1:]
		}
	}
	return strings.TrimSpace(s), ""
}

func parseUnit(s string) (arrow.TimeUnit, error) {
	for u := arrow.Second; u <= arrow.Nanosecond; u++ {
		if u.String() == s {
			return u, nil
		}
	}
	return 0, fmt.Errorf("timestamp(%s): the unit is not one of s, ms, us, ns", s)
}

func parseDecimal(arg string) (precision, scale int32, err error) {
	p, s, _ := strings.Cut(arg, ",")
	pn, err1 := strconv.ParseInt(strings.TrimSpace(p), 10, 32)
	sn, err2 := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("decimal(%s): want decimal(precision,scale) with two whole numbers", arg)
	}
	return int32(pn), int32(sn), nil
}
