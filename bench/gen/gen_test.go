package gen

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// TestSame checks the first rows against sums taken when the generator was
// written: the published figures are for exactly these bytes.
func TestSame(t *testing.T) {
	for _, c := range []struct {
		in  Input
		sum string
	}{{Events(), "b8ba2c100610100483220ae0a9eb2d17"}, {Lineitem(), "9485f47698d26305ac7f8444886bcebb"}} {
		var b bytes.Buffer
		if err := c.in.Make(&b, 1000); err != nil {
			t.Fatal(err)
		}
		sum := md5.Sum(b.Bytes())
		if got := hex.EncodeToString(sum[:]); got != c.sum {
			t.Errorf("%s: md5 of 1000 rows is %s, want %s", c.in.Name, got, c.sum)
		}
	}
}

func TestFileIsKept(t *testing.T) {
	dir := t.TempDir()
	path, err := Events().File(dir, 3)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Count(string(text), "\n") != 3 {
		t.Fatalf("read %s: %v, %d lines", path, err, strings.Count(string(text), "\n"))
	}
	if err := os.WriteFile(path, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Events().File(dir, 3)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(again); err != nil || string(text) != "kept" {
		t.Errorf("it was made again: %q, %v", text, err)
	}
}
