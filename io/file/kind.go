package file

import (
	"fmt"
	"strings"
)

// kind is what the name of a file says about its content.
type kind struct {
	format      string // "" when the name does not say
	compression string
	tabs        bool // fields are separated by tabs
}

// kindOf goes by the endings of name, in any case of letters.
func kindOf(name string) kind {
	name = strings.ToLower(name)
	k := kind{compression: none}
	for _, e := range []struct{ ending, compression string }{
		{".gz", "gzip"},
		{".gzip", "gzip"},
		{".zst", "zstd"},
		{".zstd", "zstd"},
		{".lz4", "lz4"},
		{".sz", "snappy"},
		{".snappy", "snappy"},
	} {
		if rest, ok := strings.CutSuffix(name, e.ending); ok {
			name, k.compression = rest, e.compression
			break
		}
	}
	for _, e := range []struct {
		ending, format string
		tabs           bool
	}{
		{".jsonl", jsonlName, false},
		{".ndjson", jsonlName, false},
		{".json", jsonlName, false},
		{".csv", csvName, false},
		{".tsv", csvName, true},
		{".parquet", parqName, false},
	} {
		if strings.HasSuffix(name, e.ending) {
			k.format, k.tabs = e.format, e.tabs
			break
		}
	}
	return k
}

// kindOf is the kind of the file called name, as the settings have it. ok is
// false when neither they nor the name say.
func (c Config) kindOf(name string) (k kind, ok bool) {
	k = kindOf(name)
	if c.Format != auto {
		k.format = c.Format
	}
	if c.Compression != auto {
		k.compression = c.Compression
	}
	if k.format == parqName && c.Compression == auto {
		k.compression = none
	}
	return k, k.format != ""
}

// ending is the ending of files that the sink writes.
func (c SinkConfig) ending() string {
	e := "." + c.Format
	if c.Format == parqName {
		return e
	}
	switch c.textCompression() {
	case "gzip":
		return e + ".gz"
	case "zstd":
		return e + ".zst"
	case "lz4":
		return e + ".lz4"
	case "snappy":
		return e + ".sz"
	default:
		return e
	}
}

func (c SinkConfig) textCompression() string {
	if c.Compression == auto {
		return none
	}
	return c.Compression
}

func unknownKind(name string) error {
	return fmt.Errorf("%s: the name does not say what is in it; set format to jsonl, csv or parquet", name)
}
