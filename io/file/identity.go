package file

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"
)

// edge is how much of each end of a file goes into its fingerprint.
const edge = 4 << 10

// identity says which content a file has: its size and a hash of its first
// and last 4 KiB. Times are left out on purpose: a copy, a backup or a
// checkout of the same data is the same data.
type identity struct {
	size int64
	hash uint64
}

func (id identity) String() string { return fmt.Sprintf("%d-%016x", id.size, id.hash) }

// identify reads the ends of the file.
func identify(in input) (_ identity, err error) {
	f, err := in.open()
	if err != nil {
		return identity{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return identity{}, err
	}
	size := info.Size()
	buf := make([]byte, min(size, 2*edge))
	head := buf[:min(int64(len(buf)), edge)]
	tail := buf[len(head):]
	if size == 0 {
		return identity{0, xxh3.Hash(nil)}, nil
	}
	for _, part := range []struct {
		b  []byte
		at int64
	}{{head, 0}, {tail, size - int64(len(tail))}} {
		if _, err := f.ReadAt(part.b, part.at); err != nil {
			return identity{}, fmt.Errorf("identify %s: %w", in.name, err)
		}
	}
	return identity{size, xxh3.Hash(buf)}, nil
}

// splitID is the name of a split for ever:
//
//	NAME @ SIZE - HASH                      a whole file
//	NAME @ SIZE - HASH # GRID : INDEX       a part; GRID is the split size
//
// NAME is the path as the settings write it, with slashes.
func splitID(name string, id identity, grid int64, index int) string {
	if grid == 0 {
		return name + "@" + id.String()
	}
	return fmt.Sprintf("%s@%s#%d:%d", name, id, grid, index)
}

// parseSplitID takes an ID apart.
func parseSplitID(text string) (name string, id identity, grid int64, index int, err error) {
	m := regexp.MustCompile(`(?s)^(.*)@([0-9]+)-([0-9a-f]{16})(?:#([0-9]+):([0-9]+))?$`).FindStringSubmatch(text)
	if m == nil {
		return "", id, 0, 0, fmt.Errorf("%q is not the name of a part of a file", text)
	}
	name = m[1]
	var errs [4]error
	id.size, errs[0] = strconv.ParseInt(m[2], 10, 64)
	id.hash, errs[1] = strconv.ParseUint(m[3], 16, 64)
	if m[4] != "" {
		grid, errs[2] = strconv.ParseInt(m[4], 10, 64)
		index, errs[3] = strconv.Atoi(m[5])
	}
	if err := errors.Join(errs[:]...); err != nil {
		return "", id, 0, 0, fmt.Errorf("%q is not the name of a part of a file: %w", text, err)
	}
	if name == "" || strings.HasPrefix(m[2], "0") && m[2] != "0" {
		return "", id, 0, 0, fmt.Errorf("%q is not the name of a part of a file", text)
	}
	return name, id, grid, index, nil
}
