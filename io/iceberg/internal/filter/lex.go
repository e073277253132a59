// Package filter reads conditions such as
//
//	delay > 10 and (origin in ('JFK', 'LGA') or note is null)
//
// and turns them into expressions that Iceberg prunes files and filters rows
// with.
//
// There are = != <> < <= > >=, between and, in, like with one % at the end,
// is null, is nan, each with not; and, or, not and parentheses. Texts stand in
// single quotes, a quote in them doubled, and so do dates, times and
// timestamps. A column whose name is no plain word stands in double quotes.
// As in SQL a comparison with null is neither true nor false, and only rows
// for which the whole is true pass.
package filter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	end kind = iota
	word
	quoted // a column in double quotes
	number
	text
	symbol
)

type token struct {
	kind kind
	text string // without quotes; of a word as written
	at   int    // in bytes from the start
}

// is reports whether the token is that keyword or symbol.
func (t token) is(s string) bool {
	return t.kind == symbol && t.text == s || t.kind == word && strings.EqualFold(t.text, s)
}

func (t token) String() string {
	if t.kind == end {
		return "the end"
	}
	return fmt.Sprintf("%q", t.text)
}

// SyntaxError is a mistake in the text of a filter.
type SyntaxError struct {
	At  int // in bytes from the start
	Err string
}

// Error says where the mistake is.
func (e *SyntaxError) Error() string { return fmt.Sprintf("filter, at byte %d: %s", e.At+1, e.Err) }

func wrong(t token, format string, args ...any) error {
	return &SyntaxError{t.at, fmt.Sprintf(format, args...)}
}

// lex cuts s into tokens, the last of which is the end.
func lex(s string) ([]token, error) {
	var all []token
	for at := 0; at < len(s); {
		r, size := utf8.DecodeRuneInString(s[at:])
		switch {
		case unicode.IsSpace(r):
			at += size
		case r == '\'' || r == '"':
			t, n, err := lexQuoted(s, at, byte(r))
			if err != nil {
				return nil, err
			}
			all, at = append(all, t), at+n
		case r == '_' || unicode.IsLetter(r):
			n := span(s[at:], func(r rune) bool {
				return r == '_' || r == '.' || unicode.IsLetter(r) || unicode.IsDigit(r)
			})
			all, at = append(all, token{word, s[at : at+n], at}), at+n
		case r >= '0' && r <= '9' || r == '-' || r == '+' || r == '.':
			n := 1 + span(s[at+1:], func(r rune) bool { return r >= '0' && r <= '9' || strings.ContainsRune(".eE+-", r) })
			all, at = append(all, token{number, s[at : at+n], at}), at+n
		default:
			n := symbolLen(s[at:])
			if n == 0 {
				return nil, wrong(token{at: at}, "%q has no meaning here", r)
			}
			all, at = append(all, token{symbol, s[at : at+n], at}), at+n
		}
	}
	return append(all, token{end, "", len(s)}), nil
}

func span(s string, in func(rune) bool) int {
	for i, r := range s {
		if !in(r) {
			return i
		}
	}
	return len(s)
}

func symbolLen(s string) int {
	for _, sym := range []string{"<=", ">=", "!=", "<>", "==", "=", "<", ">", "(", ")", ","} {
		if strings.HasPrefix(s, sym) {
			return len(sym)
		}
	}
	return 0
}

// lexQuoted reads a quoted text; a doubled quote stands for one.
func lexQuoted(s string, at int, quote byte) (token, int, error) {
	var sb strings.Builder
	for i := at + 1; i < len(s); i++ {
		if s[i] != quote {
			sb.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == quote {
			sb.WriteByte(quote)
			i++
			continue
		}
		k := text
		if quote == '"' {
			k = quoted
		}
		return token{k, sb.String(), at}, i + 1 - at, nil
	}
	return token{}, 0, wrong(token{at: at}, "the quote is not closed")
}
