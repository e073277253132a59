package pipeline_test

import (
	"log/slog"
	"testing"

	"github.com/weirflow/weir/internal/pipeline"
	"github.com/weirflow/weir/io/all"
	"github.com/weirflow/weir/io/connector"
)

// TestDraft: what is drafted for any two connectors passes the static checks.
func TestDraft(t *testing.T) {
	reg := all.Connectors()
	for _, from := range reg.Types() {
		for _, to := range reg.Types() {
			if from.Role != connector.SourceRole || to.Role != connector.SinkRole {
				continue
			}
			t.Run(from.Name+"-"+to.Name, func(t *testing.T) {
				text, err := pipeline.Draft(reg, from.Name, to.Name, "p.yaml")
				if err != nil {
					t.Fatal(err)
				}
				f, err := pipeline.Parse("p.yaml", []byte(text), func(string) (string, bool) { return "", false })
				if err == nil {
					err = pipeline.Builder{File: f, Registry: reg, Log: slog.New(slog.DiscardHandler)}.Static()
				}
				if err != nil {
					t.Errorf("%v\n%s", err, text)
				}
			})
		}
	}
}
