// Package gen makes the input of the ingestion figures: the same bytes for
// the same count of rows, on every machine. Nothing in it looks at a clock or
// walks a map.
package gen

import (
	"bufio"
	"crypto/md5" //nolint:gosec // a check of files against what they should be, not of secrets
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// Input is a file that can be made.
type Input struct {
	Name string // of the file, without its count of rows
	Ext  string
	Rows int // of the full size, which the targets are for
	MD5  string
	Make func(w io.Writer, rows int) error
}

// Events are JSON objects of 13 fields, with an object and a list in them.
func Events() Input {
	return Input{
		Name: "events", Ext: ".jsonl", Rows: 2_000_000, MD5: "bf74a9886a2ed40285d524e181beefa6",
		Make: func(w io.Writer, rows int) error { return buffered(w, rows, writeEvents) },
	}
}

// Lineitem is CSV with a header: the 16 columns of TPC-H's table.
func Lineitem() Input {
	return Input{
		Name: "lineitem", Ext: ".csv", Rows: 6_000_000, MD5: "ca48f273796ae04f229708047d410afd",
		Make: func(w io.Writer, rows int) error { return buffered(w, rows, writeLineitem) },
	}
}

// File makes the input with so many rows in dir, unless it is there, and
// returns its path. A file of full size is checked while it is made.
func (in Input) File(dir string, rows int) (path string, err error) {
	path = filepath.Join(dir, in.Name+"-"+strconv.Itoa(rows)+in.Ext)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make folder of inputs: %w", err)
	}
	f, err := os.CreateTemp(dir, in.Name)
	if err != nil {
		return "", fmt.Errorf("make input: %w", err)
	}
	sum := md5.New() //nolint:gosec // as above
	err = errors.Join(in.Make(io.MultiWriter(f, sum), rows), f.Close())
	if got := hex.EncodeToString(sum.Sum(nil)); err == nil && rows == in.Rows && got != in.MD5 {
		err = fmt.Errorf("its md5 is %s, not %s: the generator has changed", got, in.MD5)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("make %s: %w", path, err), os.Remove(f.Name()))
	}
	return path, nil
}

func buffered(w io.Writer, rows int, write func(*bufio.Writer, int)) error {
	b := bufio.NewWriterSize(w, 1<<20)
	write(b, rows) // an error sticks to b
	return b.Flush()
}

func random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(0x5eed^stream, 0xda7a)) }

// pick returns one of vs.
func pick(r *rand.Rand, vs []string) string { return vs[r.IntN(len(vs))] }

func appendHex(b []byte, v uint64, digits int) []byte {
	for i := digits - 1; i >= 0; i-- {
		b = append(b, "0123456789abcdef"[(v>>(uint(i)*4))&15])
	}
	return b
}

func appendPadded(b []byte, v, width int) []byte {
	s := strconv.Itoa(v)
	for range width - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}

// appendCents writes v hundredths.
func appendCents(b []byte, v int64) []byte {
	b = strconv.AppendInt(b, v/100, 10)
	return appendPadded(append(b, '.'), int(v%100), 2)
}
