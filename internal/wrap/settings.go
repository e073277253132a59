package wrap

import (
	"embed"
	"errors"
	"io/fs"
	"time"

	"github.com/weirflow/weir/flow/spec"
)

//go:embed settings.go
var docs embed.FS

// Settings is what a pipeline file can say about any source or sink, beside
// its config.
type Settings struct {
	// How calls that failed are made again.
	Retry Retry `json:"retry"`

	// How fast rows may pass.
	RateLimit RateLimit `json:"rate_limit"`

	// When to leave a system alone that keeps failing. Without the section
	// there is no breaker.
	CircuitBreaker *CircuitBreaker `json:"circuit_breaker"`
}

// Defaults are the settings that a file leaves out.
func Defaults() Settings { return Settings{Retry: defaultRetry()} }

// Docs is the source of the settings' comments.
func (Settings) Docs() fs.FS { return docs }

// Docs is the source of the settings' comments.
func (Retry) Docs() fs.FS { return docs }

// Docs is the source of the settings' comments.
func (RateLimit) Docs() fs.FS { return docs }

// Docs is the source of the settings' comments.
func (CircuitBreaker) Docs() fs.FS { return docs }

// Retry is how calls that failed are made again. Only errors that may pass are
// tried again: a lost connection, a timeout, a busy server.
type Retry struct {
	// How often a call is made in all before its error stops the pipeline. 0
	// means without end. A source that has made progress begins to count anew.
	MaxAttempts int `json:"max_attempts" weir:"min=0"`

	// The longest wait before the second attempt. A wait is a random part of
	// the longest, so that many do not come back at once.
	InitialBackoff spec.Duration `json:"initial_backoff" weir:"min=1ms"`

	// The longest wait before any attempt.
	MaxBackoff spec.Duration `json:"max_backoff" weir:"min=1ms"`

	// How many times longer each wait may be than the one before.
	BackoffMultiplier float64 `json:"backoff_multiplier" weir:"min=1,max=100"`

	// How long all attempts together may take. 0 means without end.
	MaxElapsed spec.Duration `json:"max_elapsed"`
}

func defaultRetry() Retry {
	return Retry{
		MaxAttempts:       10,
		InitialBackoff:    spec.Duration(100 * time.Millisecond),
		MaxBackoff:        spec.Duration(30 * time.Second),
		BackoffMultiplier: 2,
	}
}

// Validate refuses waits that shrink.
func (r Retry) Validate() error {
	if r.MaxBackoff < r.InitialBackoff {
		return spec.At("max_backoff", errors.New("is below initial_backoff"))
	}
	return nil
}

// RateLimit is how fast rows may pass.
type RateLimit struct {
	// The most rows in a second. 0 means no limit.
	RowsPerSecond int64 `json:"rows_per_second" weir:"min=0,alias=events_per_second"`

	// The most bytes in a second, as Arrow holds them in memory. 0 means no
	// limit.
	BytesPerSecond spec.Size `json:"bytes_per_second"`

	// How many rows may pass at once after a pause, beside the batch that is
	// passing.
	BurstRows int64 `json:"burst_rows" weir:"min=0,alias=burst_size|burst_capacity"`
}

// CircuitBreaker is when to leave a system alone that keeps failing.
type CircuitBreaker struct {
	// Whether there is one.
	Enabled bool `json:"enabled"`

	// How many failures in a row open it: no call is made then.
	FailureThreshold int `json:"failure_threshold" weir:"min=1"`

	// How long it stays open before one call is let through as a trial.
	ResetTimeout spec.Duration `json:"reset_timeout" weir:"min=1ms"`

	// How many trials in a row must succeed to close it again.
	SuccessThreshold int `json:"success_threshold" weir:"min=1"`
}

// Defaults are those of the section, once it is there.
func (CircuitBreaker) Defaults() CircuitBreaker {
	return CircuitBreaker{
		Enabled:          true,
		FailureThreshold: 5,
		ResetTimeout:     spec.Duration(30 * time.Second),
		SuccessThreshold: 2,
	}
}
