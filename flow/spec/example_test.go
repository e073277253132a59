package spec_test

import (
	"fmt"
	"testing/fstest"

	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/flow/spec"
)

// Greeting is a config struct. In a connector its source is embedded.
type Greeting struct {
	// Whom to greet.
	Name string `json:"name" weir:"required"`

	// How many times.
	Times int `json:"times" weir:"min=1,max=10"`

	// How long to wait in between.
	Every spec.Duration `json:"every"`
}

const greetingSource = `
package greet

// Greeting is a config struct.
type Greeting struct {
	// Whom to greet.
	Name string
	// How many times.
	Times int
	// How long to wait in between.
	Every spec.Duration
}`

func Example() {
	docs := fstest.MapFS{"config.go": {Data: []byte(greetingSource)}}
	defaults := Greeting{Times: 1, Every: spec.Duration(1e9)}
	field, err := spec.Of(defaults, docs)
	if err != nil {
		panic(err)
	}
	fmt.Print(field.Markdown())

	var file yaml.Node
	if err := yaml.Unmarshal([]byte("nam: Ada\ntimes: 11\n"), &file); err != nil {
		panic(err)
	}
	cfg := defaults
	fmt.Println(field.Decode(&file, &cfg))
	// Output:
	// | Setting | Type | Default | What it does |
	// |---|---|---|---|
	// | `name` | string | **required** | Whom to greet. |
	// | `times` | integer | `1` | How many times. From 1 to 10. |
	// | `every` | duration | `1s` | How long to wait in between. |
	// line 1, column 1: nam: no such setting; did you mean name?
	// line 1, column 1: name: must be set
	// line 2, column 8: times: 11 is above 10
}
