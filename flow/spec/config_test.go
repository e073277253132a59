package spec_test

import (
	"errors"
	"io/fs"
	"testing/fstest"

	"github.com/weirflow/weir/flow/spec"
)

// Config is one of everything.
type Config struct {
	// Who it is.
	Name string `json:"name" weir:"required"`

	// To get in.
	Password string `json:"password" weir:"secret"`

	// A secret number.
	Pin int `json:"pin" weir:"secret"`

	// How many.
	Count int64 `json:"count" weir:"min=0,alias=rows"`

	// A big one.
	Big uint64 `json:"big"`

	// A small one.
	Small int8 `json:"small"`

	// Between two.
	Level uint16 `json:"level" weir:"min=1,max=10"`

	// How long.
	Wait spec.Duration `json:"wait" weir:"max=1h"`

	// How much.
	Limit spec.Size `json:"limit" weir:"max=1TiB"`

	// How to write.
	Mode string `json:"mode" weir:"oneof=append|upsert"`

	// What part.
	Ratio *float64 `json:"ratio" weir:"min=0,max=1"`

	// The columns | fields.
	Columns []Column `json:"columns"`

	// Words to add.
	Labels map[string]string `json:"labels"`

	// Tokens by name.
	Tokens map[string]string `json:"tokens" weir:"secret"`

	// Where to.
	URLs []string `json:"urls"`

	// Anything.
	Extra any `json:"extra"`

	// How to be safe.
	TLS *TLS `json:"tls"`

	// How to try again.
	Retry Retry `json:"retry"`

	hidden int // not a setting
}

// Validate refuses one pair.
func (c Config) Validate() error {
	if c.Name == "count" && c.Count > 0 {
		return errors.New("a name and a count")
	}
	return nil
}

// Column is one column.
type Column struct {
	// Its name.
	Name string `json:"name" weir:"required"`

	// Its type.
	Type string `json:"type" weir:"oneof=text|bigint"`

	// Whether it may be null.
	Nullable bool `json:"nullable"`
}

// Defaults of a column.
func (Column) Defaults() Column { return Column{Type: "text", Nullable: true} }

// TLS is how to be safe.
type TLS struct {
	// Whether to look.
	Verify bool `json:"verify"`

	// Whom to trust.
	CA string `json:"ca"`
}

// Defaults of TLS.
func (TLS) Defaults() TLS { return TLS{Verify: true} }

// Retry is how to try again.
type Retry struct {
	// How often.
	Attempts int `json:"attempts"`

	// How long between.
	Wait spec.Duration `json:"wait"`
}

// Validate refuses what says nothing.
func (r *Retry) Validate() error {
	if r.Attempts == 0 && r.Wait > spec.Duration(1e9) {
		return spec.At("wait", errors.New("says nothing with attempts 0"))
	}
	return nil
}

func defaults() Config {
	half := 0.5
	return Config{
		Wait: spec.Duration(10e9), Limit: 1 << 20, Mode: "append", Ratio: &half, Level: 1,
		Labels: map[string]string{"team": "lake"},
		Retry:  Retry{Attempts: 3, Wait: spec.Duration(100e6)},
		hidden: 1,
	}
}

// docs hides from the reader of comments that this is a test file.
func docs() fs.FS {
	text, err := source.ReadFile("config_test.go")
	if err != nil {
		panic(err)
	}
	return fstest.MapFS{"config.go": {Data: text}}
}
