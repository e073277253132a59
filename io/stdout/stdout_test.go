package stdout_test

import (
	"testing"

	"github.com/weirflow/weir/io/iotest"
	"github.com/weirflow/weir/io/stdout"
)

func TestSink(t *testing.T) {
	iotest.Sink(t, stdout.Register, "stdout", func(*testing.T) iotest.Place {
		return iotest.Place{Config: `{limit: 2}`}
	})
}
