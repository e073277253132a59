// Package guess finds the narrowest type that holds all of some texts, for
// reading files that nobody has written a schema for.
package guess

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/weirflow/weir/codecs/internal/scalar"
)

// set is the types that hold all texts so far.
type set uint8

const (
	isInt set = 1 << iota
	isFloat
	isBool
	isDate
	isLocal  // a timestamp, or a date, without a zone
	isUTC    // a timestamp with a zone
	isMicros // a timestamp without digits below a microsecond

	all = isInt | isFloat | isBool | isDate | isLocal | isUTC | isMicros
)

// Texts are the texts of one column. Numbers with leading zeros or a plus,
// as zip codes and phone numbers have, are no numbers, nor are whole numbers
// that a column would have to round.
type Texts struct {
	not     set
	some    bool
	figures bool // some are numbers, not just NaN and Infinity
	clock   bool // some have a time of day
}

// Add takes one text in.
func (t *Texts) Add(b []byte) {
	t.some = true
	if t.not == all {
		return
	}
	fits, figure := number(b)
	t.figures = t.figures || figure
	if fits == 0 {
		switch string(bytes.ToLower(b)) {
		case "true", "false":
			fits = isBool
		default:
			fits = t.stamp(b)
		}
	}
	t.not |= all &^ fits
}

// number returns what a text is that begins as a number does.
func number(b []byte) (fits set, figure bool) {
	digits := bytes.TrimPrefix(b, []byte("-"))
	switch {
	case len(digits) == 0, digits[0] == '+':
		return 0, false
	case digits[0]-'0' > 9 && digits[0] != '.':
		if _, err := scalar.Float64(b); err == nil {
			return isFloat, false // NaN, Infinity
		}
		return 0, false
	case len(digits) > 1 && digits[0] == '0' && digits[1]-'0' <= 9:
		return 0, false
	}
	if _, err := scalar.Float64(b); err != nil {
		return 0, false
	}
	if bytes.ContainsAny(b, ".eE") {
		return isFloat, true
	}
	const exact = 15 // digits that a float64 keeps
	if _, err := scalar.Int64(b); err != nil {
		return 0, true
	}
	if len(digits) > exact {
		return isInt, true
	}
	return isInt | isFloat, true
}

func (t *Texts) stamp(b []byte) set {
	if _, err := scalar.Date(b); err == nil {
		return isDate | isLocal | isMicros
	}
	if _, err := scalar.Timestamp(b, 1e9); err != nil {
		if _, err := scalar.Timestamp(b, 1e6); err != nil {
			return 0
		}
	}
	t.clock = true
	fits := isLocal
	if bytes.ContainsAny(b[10:], "Zz+-") {
		fits = isUTC
	}
	if _, err := scalar.Timestamp(b, 1e6); err == nil {
		return fits | isMicros
	}
	return fits
}

// Type returns the type, and nil if there were no texts.
func (t *Texts) Type() arrow.DataType {
	has := all &^ t.not
	switch {
	case !t.some:
		return nil
	case has&isInt != 0:
		return arrow.PrimitiveTypes.Int64
	case has&isFloat != 0 && t.figures:
		return arrow.PrimitiveTypes.Float64
	case has&isBool != 0:
		return arrow.FixedWidthTypes.Boolean
	case has&isDate != 0 && !t.clock:
		return arrow.FixedWidthTypes.Date32
	case has&(isLocal|isUTC) != 0:
		return t.timestamp(has)
	}
	return arrow.BinaryTypes.String
}

func (t *Texts) timestamp(has set) arrow.DataType {
	typ := &arrow.TimestampType{Unit: arrow.Microsecond}
	if has&isMicros == 0 {
		typ.Unit = arrow.Nanosecond
	}
	if has&isUTC != 0 {
		typ.TimeZone = "UTC"
	}
	return typ
}
