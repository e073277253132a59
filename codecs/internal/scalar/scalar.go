// Package scalar reads single values from text: what a field of a CSV row, a
// JSON number and a JSON string in a typed column have in common.
//
// Values are exact: a text that the type cannot hold without loss is an
// error, never rounded, with one exception that every reader shares: a
// decimal text in a float column becomes the nearest float. No function here
// allocates unless it fails or the text of a float is longer than 32 bytes.
package scalar

import "errors"

// What can be wrong with a text.
var (
	ErrInt       = errors.New("not a whole number")
	ErrFloat     = errors.New("not a number")
	ErrDecimal   = errors.New("not a decimal number")
	ErrBool      = errors.New("not a boolean: want true or false (or t, f, 1, 0)")
	ErrDate      = errors.New("not a date: want YYYY-MM-DD")
	ErrTime      = errors.New("not a time of day: want hh:mm:ss[.fraction]")
	ErrTimestamp = errors.New("not a timestamp: want RFC 3339, YYYY-MM-DDThh:mm:ss[.fraction][zone]")
	ErrUUID      = errors.New("not a UUID: want 8-4-4-4-12 hexadecimal digits")
	ErrRange     = errors.New("out of range for the column's type")
	ErrScale     = errors.New("more fractional digits than the column's type holds")
	ErrPrecision = errors.New("more digits than the column's type holds")
)

// Bool reads true, false, t, f (in any case), 1 or 0.
func Bool(b []byte) (bool, error) {
	switch len(b) {
	case 1:
		switch b[0] {
		case 't', 'T', '1':
			return true, nil
		case 'f', 'F', '0':
			return false, nil
		}
	case 4:
		if lower(b[0]) == 't' && lower(b[1]) == 'r' && lower(b[2]) == 'u' && lower(b[3]) == 'e' {
			return true, nil
		}
	case 5:
		if lower(b[0]) == 'f' && lower(b[1]) == 'a' && lower(b[2]) == 'l' &&
			lower(b[3]) == 's' && lower(b[4]) == 'e' {
			return false, nil
		}
	}
	return false, ErrBool
}

func lower(c byte) byte { return c | 0x20 }

// UUID reads the 36 characters of a UUID into dst.
func UUID(dst *[16]byte, b []byte) error {
	if len(b) != 36 || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return ErrUUID
	}
	at := 0
	for i := range dst {
		if b[at] == '-' {
			at++
		}
		hi, lo := nibble(b[at]), nibble(b[at+1])
		if hi|lo > 15 {
			return ErrUUID
		}
		dst[i] = hi<<4 | lo
		at += 2
	}
	return nil
}

func nibble(c byte) byte {
	switch {
	case c-'0' <= 9:
		return c - '0'
	case lower(c) >= 'a' && lower(c) <= 'f':
		return lower(c) - 'a' + 10
	}
	return 0xff
}
