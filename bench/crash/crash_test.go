package crash

import (
	"os"
	"testing"
)

// TestCrash is a small part of the suite. make crash runs all of it.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs")
	}
	report, err := Run(t.Context(), Options{Kills: 10, Short: true, Log: t.Output(), Dir: os.Getenv("WEIR_CRASH_DIR")})
	t.Logf("%+v", report)
	if err != nil {
		t.Fatal(err)
	}
	if report.Kills < 20 || report.Drained < 4 || report.Zombies < 2 {
		t.Errorf("too little was done: %+v", report)
	}
}
