package parquet

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzCut cuts bounds: they stay bounds, and text stays text.
func FuzzCut(f *testing.F) {
	for _, s := range []string{"", "abc", "a\xff\xff\xff", "\xff\xff\xff\xff", "wéir wéir", "\U0010FFFF\U0010FFFF", "a\uD7FFb", strings.Repeat("é", 50)} {
		f.Add([]byte(s), 3, true)
		f.Add([]byte(s), 3, false)
	}
	f.Fuzz(func(t *testing.T, v []byte, n int, text bool) {
		if n < 1 || n > 100 {
			return
		}
		lo, exactLo := cutMin(v, n, text)
		hi, exactHi := cutMax(v, n, text)
		if bytes.Compare(lo, v) > 0 || exactLo != bytes.Equal(lo, v) {
			t.Errorf("min %q of %q, exact %v", lo, v, exactLo)
		}
		if bytes.Compare(hi, v) < 0 || exactHi != bytes.Equal(hi, v) {
			t.Errorf("max %q of %q, exact %v", hi, v, exactHi)
		}
		if !exactHi && len(hi) > n+3 { // the last character may need more bytes
			t.Errorf("max %q of %q is longer than %d", hi, v, n)
		}
		if text && utf8.Valid(v) && (!utf8.Valid(lo) || !utf8.Valid(hi)) {
			t.Errorf("bounds %q and %q of %q are not UTF-8", lo, hi, v)
		}
	})
}
