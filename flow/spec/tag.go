package spec

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
)

func (f *Field) readTag(tag string) error {
	for word := range strings.SplitSeq(tag, ",") {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "":
		case "required":
			f.Required = true
		case "secret":
			f.Secret = true
		case "oneof":
			f.OneOf = strings.Split(value, "|")
		case "alias":
			f.Aliases = strings.Split(value, "|")
		case "min":
			f.Min = value
		case "max":
			f.Max = value
		default:
			return fmt.Errorf("unknown word %q in weir tag", key)
		}
	}
	return nil
}

// checkTag refuses words that mean nothing on a scalar of f's type.
func (f *Field) checkTag() error {
	if f.OneOf != nil && f.Type != "string" {
		return errors.New("oneof is for strings")
	}
	for _, bound := range []string{f.Min, f.Max} {
		if bound == "" {
			continue
		}
		if _, err := f.amount(bound); err != nil {
			return fmt.Errorf("bound %q: %w", bound, err)
		}
	}
	return nil
}

// amount is the size of text as a number, in ns of a duration and bytes of a
// size.
func (f *Field) amount(text string) (*big.Rat, error) {
	switch {
	case f.Format == formatDuration:
		var d Duration
		err := d.UnmarshalText([]byte(text))
		return new(big.Rat).SetInt64(int64(d)), err
	case f.Format == formatSize:
		var s Size
		err := s.UnmarshalText([]byte(text))
		return new(big.Rat).SetInt64(int64(s)), err
	case f.Type != "integer" && f.Type != "number":
		return nil, errors.New("min and max are for numbers, durations and sizes")
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, errors.New("not a number")
	}
	return r, nil
}
