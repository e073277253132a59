package file

import (
	"errors"
	"fmt"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
)

// Config is the settings of the file source. In a program the zero value of
// a setting is its default.
type Config struct {
	// What to read: a file, a folder (every file under it), or a pattern with
	// * ? [a-z] {a,b} and ** for any folders between. Files and folders whose
	// names begin with . or _ are left out unless the pattern says so.
	Path string `json:"path"`

	// More of the same, read after path in the order given. A file that is
	// matched twice is read once.
	Paths []string `json:"paths"`

	// The format of the files; auto goes by the name: .jsonl .ndjson .json
	// .csv .tsv .parquet, followed by the ending of a compression.
	Format string `json:"format" weir:"oneof=auto|jsonl|csv|parquet"`

	// How the files are compressed; auto goes by the name: .gz .zst .lz4
	// .sz or .snappy (framed).
	Compression string `json:"compression" weir:"oneof=auto|none|gzip|zstd|lz4|snappy"`

	// The columns with their exact types. Without it Parquet files bring
	// their own and those of text files are inferred from a sample.
	Schema []Column `json:"schema"`

	// The columns to read, in this order; all when left out.
	Columns []string `json:"columns"`

	// How much of each of the first 16 files is read to infer the columns of
	// text files.
	SampleBytes spec.Size `json:"sample_bytes" weir:"min=1KiB,max=1GiB"`

	// What to do with a row that does not fit: stop (fail), leave it out and
	// count it (skip), or emit it in a stream of its own named _rejected
	// (dead_letter).
	OnError string `json:"on_error" weir:"oneof=fail|skip|dead_letter"`

	// What to do with a field of a JSON row, or a column of a CSV file, that
	// schema does not have: read over it (ignore), or treat it as an error of
	// the row or file (fail).
	Unknown string `json:"unknown" weir:"oneof=ignore|fail"`

	// Settings of CSV files.
	CSV CSV `json:"csv"`

	// Large files that are not compressed are read in parts of about this
	// size, by several tasks and with a position of their own; CSV only when
	// on_error is fail. A file that was begun keeps the size it was begun with.
	SplitSize spec.Size `json:"split_size" weir:"min=1KiB"`

	// The longest row, as text. A longer one is an error of that row.
	MaxRow spec.Size `json:"max_row" weir:"min=1KiB,max=1GiB"`

	// How often to look for new files while running. Without it the source
	// ends when the files found at the start are read.
	Watch spec.Duration `json:"watch"`
}

// CSV is the settings of CSV files, read or written.
type CSV struct {
	// The character between two fields; a comma, or a tab for .tsv files,
	// when left out.
	Delimiter string `json:"delimiter"`

	// The files have no line with the names of the columns: they are
	// column_1, column_2 and so on, or those of schema in its order.
	NoHeader bool `json:"no_header"`

	// The text that means null. An empty field without quotes is null when
	// this is left out.
	Null string `json:"null"`
}

// Column is one column of an exact schema.
type Column struct {
	// The name, as in the files.
	Name string `json:"name" weir:"required"`

	// bool, int8 to int64, uint8 to uint64, float32, float64, string, binary,
	// date, time, timestamp[us], timestamp[us, UTC], decimal(12,2), uuid,
	// fixed(16), list<T>, map<K, V> or struct<a: T, b: T>.
	Type string `json:"type" weir:"required"`

	// A row without a value in this column does not fit.
	Required bool `json:"required"`
}

// SinkConfig is the settings of the file sink. In a program the zero value
// of a setting is its default.
type SinkConfig struct {
	// The folder to write to; it is made if it is not there.
	Dir string `json:"dir" weir:"required"`

	// The format of the files.
	Format string `json:"format" weir:"oneof=parquet|jsonl|csv"`

	// How the files are compressed. auto is zstd inside Parquet and none for
	// text; gzip and lz4 are for text only.
	Compression string `json:"compression" weir:"oneof=auto|none|gzip|zstd|lz4|snappy"`

	// The level of zstd or gzip; 0 leaves the choice to the writer.
	Level int `json:"level" weir:"min=0,max=22"`

	// What the folders under dir are made of: columns (origin gives
	// origin=SFO), or year(c), month(c), day(c), hour(c) of a date or
	// timestamp (month(date) gives date_month=2001-03). The columns stay in
	// the files.
	Partition []string `json:"partition"`

	// A file is ended when it has grown to about this size.
	TargetSize spec.Size `json:"target_size" weir:"min=1KiB"`

	// A file is ended when its first row is older than this. Every
	// checkpoint ends all files.
	MaxAge spec.Duration `json:"max_age"`

	// How many files one task keeps open; the one that was written to least
	// recently is ended when there would be more.
	MaxOpen int `json:"max_open" weir:"min=1,max=10000"`

	// Settings of Parquet files.
	Parquet Parquet `json:"parquet"`

	// Settings of CSV files.
	CSV CSV `json:"csv"`

	// What to do when the columns change: begin new files, or stop. auto
	// begins new ones, except for CSV.
	OnSchemaChange string `json:"on_schema_change" weir:"oneof=auto|new_file|fail"`

	// The column that says what each row is: I, B (before), U or D. Without
	// it a batch that holds anything but inserts is an error.
	OpColumn string `json:"op_column"`

	// Write to a folder whose commit log ends with another state directory of
	// this pipeline. What that one wrote stays.
	Takeover bool `json:"takeover"`
}

// Parquet is the settings of Parquet files that are written.
type Parquet struct {
	// The most rows of a row group; 0 leaves the choice to the writer.
	RowGroupRows int64 `json:"row_group_rows" weir:"min=0"`

	// A row group is ended when it holds this much in memory; 0 leaves the
	// choice to the writer.
	RowGroupBytes spec.Size `json:"row_group_bytes"`

	// The encodings: basic is what every reader knows (plain and dictionary);
	// all adds delta and split encodings, for smaller files that are cheaper to
	// write, and of which Spark 3.5 misreads texts.
	Encodings string `json:"encodings" weir:"oneof=basic|all"`

	// The columns that get a bloom filter.
	Bloom []string `json:"bloom"`
}

const (
	auto       = "auto"
	none       = "none"
	jsonlName  = "jsonl"
	csvName    = "csv"
	parqName   = "parquet"
	failName   = "fail"
	ignoreName = "ignore"
	skipName   = "skip"
	deadName   = "dead_letter"
	newFile    = "new_file"
	batchRows  = 64 << 10
	batchBytes = 8 << 20
	sampled    = 16 // files that a schema is inferred from
)

func sourceDefaults() Config {
	return Config{
		Format: auto, Compression: auto, OnError: failName, Unknown: ignoreName,
		SampleBytes: 1 << 20, SplitSize: 64 << 20, MaxRow: 16 << 20,
	}
}

func sinkDefaults() SinkConfig {
	return SinkConfig{
		Format: parqName, Compression: auto, OnSchemaChange: auto,
		TargetSize: 128 << 20, MaxOpen: 64, Parquet: Parquet{Encodings: "basic"},
	}
}

// or sets *v to def when it is the zero value.
func or[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

func (c Config) withDefaults() Config {
	d := sourceDefaults()
	or(&c.Format, d.Format)
	or(&c.Compression, d.Compression)
	or(&c.OnError, d.OnError)
	or(&c.Unknown, d.Unknown)
	or(&c.SampleBytes, d.SampleBytes)
	or(&c.SplitSize, d.SplitSize)
	or(&c.MaxRow, d.MaxRow)
	return c
}

func (c SinkConfig) withDefaults() SinkConfig {
	d := sinkDefaults()
	or(&c.Format, d.Format)
	or(&c.Compression, d.Compression)
	or(&c.OnSchemaChange, d.OnSchemaChange)
	or(&c.TargetSize, d.TargetSize)
	or(&c.MaxOpen, d.MaxOpen)
	or(&c.Parquet.Encodings, d.Parquet.Encodings)
	return c
}

// Validate checks what no single setting can say.
func (c Config) Validate() error {
	var errs []error
	if c.Path == "" && len(c.Paths) == 0 {
		errs = append(errs, errors.New("path: must be set, or paths"))
	}
	if _, err := c.declared(); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.CSV.delimiter(""); err != nil {
		errs = append(errs, err)
	}
	if c.Unknown == failName && len(c.Columns) > 0 {
		errs = append(errs, errors.New("unknown: with columns set the other ones are known, and left out; leave one of the two out"))
	}
	seen := map[string]bool{}
	for _, name := range c.Columns {
		if seen[name] {
			errs = append(errs, fmt.Errorf("columns: %s is there twice", name))
		}
		seen[name] = true
	}
	return flow.Mark(flow.BadConfig, errors.Join(errs...))
}

// Validate checks what no single setting can say.
func (c SinkConfig) Validate() error {
	c = c.withDefaults()
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("dir: must be set"))
	}
	if c.Format == parqName && (c.Compression == "gzip" || c.Compression == "lz4") {
		errs = append(errs, fmt.Errorf("compression: parquet files are zstd, snappy or none, not %s", c.Compression))
	}
	if _, err := parsePartition(c.Partition); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.CSV.delimiter(""); err != nil {
		errs = append(errs, err)
	}
	return flow.Mark(flow.BadConfig, errors.Join(errs...))
}

// delimiter is the character between the fields of the file called name.
func (c CSV) delimiter(name string) (byte, error) {
	switch {
	case c.Delimiter == "" && kindOf(name).tabs:
		return '\t', nil
	case c.Delimiter == "":
		return ',', nil
	case len(c.Delimiter) == 1 && c.Delimiter[0] != '"' && c.Delimiter[0] != '\n' && c.Delimiter[0] != '\r':
		return c.Delimiter[0], nil
	default:
		return 0, fmt.Errorf("csv.delimiter: %q is not one character other than a quote or line end", c.Delimiter)
	}
}
