package datagen_test

import (
	"testing"

	"github.com/weirflow/weir/io/datagen"
	"github.com/weirflow/weir/io/iotest"
)

func TestSource(t *testing.T) {
	for name, config := range map[string]string{
		"Sequence": `{pattern: sequence, max_events: 10, batch_size: 4, events_per_second: 0}`,
		"Orders":   `{pattern: orders, max_events: 1000, batch_size: 300, events_per_second: 0, seed: 7}`,
		"Events":   `{pattern: events, max_events: 9, batch_size: 4, events_per_second: 0, include_sequence: false}`,
		"Changes":  `{pattern: users, cdc_mode: true, max_events: 25000, batch_size: 4000, events_per_second: 0}`,
		"Splits":   `{pattern: metrics, splits: 3, max_events: 1000, batch_size: 100, events_per_second: 0}`,
	} {
		t.Run(name, func(t *testing.T) { iotest.Source(t, datagen.Register, "datagen", config) })
	}
}
