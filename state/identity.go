package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The files of a state directory.
const (
	identityFile = "WEIR"
	markFile     = "EPOCH"
	dbDir        = "db"
	tablesDir    = "tmp"
)

// What a directory is.
const (
	kindState     = "state"
	kindSavepoint = "savepoint"
)

// identity is the text file that says whose directory it is. It is written
// when the directory is made and never changed.
type identity struct {
	Kind        string     `json:"kind"`
	Pipeline    string     `json:"pipeline"`
	Incarnation string     `json:"incarnation"`
	Epoch       uint64     `json:"epoch"` // the epoch the directory starts with
	Ancestors   []Ancestor `json:"ancestors,omitempty"`
	format      int
}

const (
	identityHead = "weir state format "
	identityFoot = "crc32c "
)

func (id identity) encode() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%d\n", identityHead, id.format)
	text, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return nil, err
	}
	b.Write(text)
	fmt.Fprintf(&b, "\n%s%08x\n", identityFoot, castagnoli(b.Bytes()))
	return b.Bytes(), nil
}

// parseIdentity reads an identity file. Every format keeps the first line
// and the last one, so that an old program recognises a newer directory.
func parseIdentity(b []byte) (identity, error) {
	foot := bytes.LastIndex(b, []byte("\n"+identityFoot))
	if foot < 0 || !bytes.HasPrefix(b, []byte(identityHead)) {
		return identity{}, errors.New("it is not an identity file")
	}
	body := b[:foot]
	if string(b[foot:]) != fmt.Sprintf("\n%s%08x\n", identityFoot, castagnoli(body)) {
		return identity{}, errors.New("it does not match its checksum")
	}
	head, text, _ := strings.Cut(string(body), "\n")
	format, err := strconv.Atoi(strings.TrimPrefix(head, identityHead))
	if err == nil && format < 1 {
		err = fmt.Errorf("there is no format %d", format)
	}
	if err != nil {
		return identity{}, fmt.Errorf("format: %w", err)
	}
	id := identity{format: format}
	if format > Format {
		return id, nil
	}
	if err := json.Unmarshal([]byte(text), &id); err != nil {
		return identity{}, err
	}
	return id, nil
}
