package datagen

import (
	"errors"
	"time"

	"github.com/weirflow/weir/flow/spec"
)

// Config is the settings of the datagen source.
type Config struct {
	// The shape of the rows.
	Pattern string `json:"pattern" weir:"oneof=random|sequence|users|orders|events|metrics|key_value"`

	// How many rows to make in a second. 0 means as fast as they are taken.
	EventsPerSecond int64 `json:"events_per_second" weir:"min=0,alias=rows_per_second"`

	// How many rows to make in all. 0 means without end.
	MaxEvents int64 `json:"max_events" weir:"min=0,alias=rows"`

	// The stream that the rows belong to.
	StreamName string `json:"stream_name"`

	// What comes before the stream's name: namespace.stream.
	Namespace string `json:"namespace"`

	// Whether rows have a column _sequence, the number of the row or change,
	// from 0.
	IncludeSequence bool `json:"include_sequence"`

	// Whether rows have a column _timestamp: start_time and as many steps of
	// time_step as _sequence says.
	IncludeTimestamp bool `json:"include_timestamp"`

	// Columns to add, by name. A value is a constant, or says how to make one:
	// {type: int64, min: 1, max: 6}. The types are string (with oneof, a list,
	// or 16 random hex digits), int64 (min, max), float64 (min, max), bool and
	// timestamp. nulls, from 0 to 1, is the share of nulls.
	CustomFields map[string]any `json:"custom_fields"`

	// The same seed gives the same rows.
	Seed uint64 `json:"seed"`

	// Whether to make changes to a table instead of rows.
	CDCMode bool `json:"cdc_mode"`

	// How many rows go into one batch, at most. A slow source makes smaller
	// batches, so that a row waits no longer than 100ms for the next.
	BatchSize int64 `json:"batch_size" weir:"min=1,max=1000000,alias=batch_rows"`

	// The time of the first row.
	StartTime time.Time `json:"start_time"`

	// How much later each row is than the one before, in whole microseconds.
	TimeStep spec.Duration `json:"time_step"`

	// How many parts to make side by side. The rows are the same for any
	// number. Changing it makes a resumed pipeline begin again.
	Splits int `json:"splits" weir:"min=1,max=1024"`
}

// defaults are the settings that a file leaves out.
func defaults() Config {
	return Config{
		Pattern:          "random",
		EventsPerSecond:  10,
		StreamName:       "datagen",
		IncludeSequence:  true,
		IncludeTimestamp: true,
		BatchSize:        100,
		StartTime:        time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC),
		TimeStep:         spec.Duration(time.Millisecond),
		Splits:           1,
	}
}

// Validate refuses settings that do not go together.
func (c Config) Validate() error {
	var errs []error
	if c.CDCMode && c.Splits > 1 {
		errs = append(errs, spec.At("splits",
			errors.New("changes have an order; with cdc_mode leave splits at 1")))
	}
	if c.EventsPerSecond > 0 && c.EventsPerSecond < int64(c.Splits) {
		errs = append(errs, spec.At("splits",
			errors.New("each split makes at least one row a second; want splits <= events_per_second")))
	}
	if time.Duration(c.TimeStep)%time.Microsecond != 0 {
		errs = append(errs, spec.At("time_step", errors.New("want whole microseconds")))
	}
	if year := c.StartTime.Year(); year < 1 || year > 9999 {
		errs = append(errs, spec.At("start_time", errors.New("want a year from 1 to 9999")))
	}
	if _, err := customColumns(c.CustomFields); err != nil {
		errs = append(errs, spec.At("custom_fields", err))
	}
	return errors.Join(errs...)
}
