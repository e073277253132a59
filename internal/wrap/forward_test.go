package wrap_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/spec"
	"github.com/weirflow/weir/internal/wrap"
)

var errTold = errors.New("told")

// full has every optional method of a source and of splits.
type full struct{ parts }

func (*full) Committed(context.Context, int) error           { return errTold }
func (*full) CommittedSplit(context.Context, int, int) error { return errTold }
func (*full) Replays() (bool, string)                        { return false, "gone when read" }
func (*full) Size(context.Context) (int64, error)            { return 42, nil }
func (*full) SizeOf(int) int64                               { return 14 }
func (*full) Rediscover() time.Duration                      { return time.Minute }

type fullSource struct{ *full }

func (fullSource) Run(context.Context, *int, *flow.Emitter[int, int]) error { return nil }

// Guarantor beside Starter.
type fullSink struct{ memory }

func (*fullSink) Guarantee() (flow.Guarantee, string) { return flow.AtLeastOnce, "because" }

func TestSourceAnswersForTheOneInside(t *testing.T) {
	o := wrap.Options[int]{Settings: wrap.Defaults()}
	for _, c := range []struct {
		s         any
		committed error
		replays   bool
		size      int64
	}{
		{wrap.Source(fullSource{&full{}}, o), errTold, false, 42},
		{wrap.Source(&numbers{}, o), nil, true, 0},
	} {
		if err := c.s.(flow.Committed[int]).Committed(t.Context(), 1); !errors.Is(err, c.committed) {
			t.Errorf("Committed gave %v", err)
		}
		if ok, _ := c.s.(flow.Replayer).Replays(); ok != c.replays {
			t.Errorf("Replays gave %v", ok)
		}
		if n, err := c.s.(flow.Sized).Size(t.Context()); n != c.size || err != nil {
			t.Errorf("Size gave %d, %v", n, err)
		}
	}
}

func TestSplitsAnswerForTheOneInside(t *testing.T) {
	o := wrap.Options[int]{Settings: wrap.Defaults()}
	for _, c := range []struct {
		s            any
		committed    error
		replays      bool
		size, sizeOf int64
		rediscover   time.Duration
	}{
		{wrap.Splits(&full{}, o), errTold, false, 42, 14, time.Minute},
		{wrap.Splits(&parts{}, o), nil, true, 0, 0, 0},
	} {
		if err := c.s.(flow.CommittedSplit[int, int]).CommittedSplit(t.Context(), 1, 1); !errors.Is(err, c.committed) {
			t.Errorf("CommittedSplit gave %v", err)
		}
		if ok, _ := c.s.(flow.Replayer).Replays(); ok != c.replays {
			t.Errorf("Replays gave %v", ok)
		}
		if n, err := c.s.(flow.Sized).Size(t.Context()); n != c.size || err != nil {
			t.Errorf("Size gave %d, %v", n, err)
		}
		if n := c.s.(flow.SizedSplits[int]).SizeOf(1); n != c.sizeOf {
			t.Errorf("SizeOf gave %d", n)
		}
		if d := c.s.(flow.Rediscoverer).Rediscover(); d != c.rediscover {
			t.Errorf("Rediscover gave %v", d)
		}
	}
}

func TestSinkAnswersForTheOneInside(t *testing.T) {
	o := wrap.Options[int]{Settings: wrap.Defaults()}
	g, why := wrap.Sink(&fullSink{}, o).(flow.Guarantor).Guarantee()
	if g != flow.AtLeastOnce || why != "because" {
		t.Errorf("Guarantee gave %v, %s", g, why)
	}
	if g, _ := wrap.Sink(&memory{}, o).(flow.Guarantor).Guarantee(); g != flow.ExactlyOnce {
		t.Errorf("Guarantee gave %v", g)
	}
}

func TestUnwrap(t *testing.T) {
	o := wrap.Options[int]{Settings: wrap.Defaults()}
	n, p, m := &numbers{}, &parts{}, &memory{}
	if wrap.Unwrap(wrap.Source(n, o)) != any(n) || wrap.Unwrap(wrap.Splits(p, o)) != any(p) ||
		wrap.Unwrap(wrap.Sink(m, o)) != any(m) || wrap.Unwrap(n) != any(n) {
		t.Error("Unwrap does not give the one inside")
	}
}

func TestSettingsAreDescribed(t *testing.T) {
	f, err := spec.Of(wrap.Defaults(), wrap.Settings{}.Docs())
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Fields) != 3 || len(f.Fields[2].Fields) != 4 {
		t.Errorf("got %+v", f)
	}
}
