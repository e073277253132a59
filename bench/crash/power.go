package crash

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// powerMutants are the mutants that the power failures of flow's crash test
// must catch.
func powerMutants() []string {
	return []string{"nosync", "earlycommit", "norecovery", "noalign", "nostate", "earlyack", "lateposition"}
}

// power runs flow's crash tests: pipelines on a disk that loses what was not
// synced, each as often as runs says. It returns how often the power failed.
func (b *builder) power(ctx context.Context, mutant string, runs int) (failures int, err error) {
	tags := "power"
	if mutant != "" {
		tags = "mutant_" + mutant
	}
	test, err := b.build(ctx, filepath.Join(b.root, "flow"), ".", "flow.test", tags, "test", "-c")
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, test, "-test.run", "^TestExactlyOnce", "-test.v", "-test.timeout", "20m")
	cmd.Dir = filepath.Join(b.root, "flow")
	cmd.Env = append(os.Environ(), "WEIR_CRASH_RUNS="+strconv.Itoa(runs))
	out, err := cmd.CombinedOutput()
	if exit := (&exec.ExitError{}); errors.As(err, &exit) {
		run, what := failedAt(out)
		return 0, &faultError{job: "power", run: run, dir: cmd.Dir, cause: errors.New(what)}
	}
	if err != nil {
		return 0, err
	}
	for _, found := range regexp.MustCompile(`(\d+) crashes`).FindAllSubmatch(out, -1) {
		n, _ := strconv.Atoi(string(found[1])) // digits
		failures += n
	}
	if failures == 0 {
		return 0, fmt.Errorf("the crash test does not say how often it crashed: %s", tail(out))
	}
	return failures, nil
}

// failedAt is the seed at which the test failed, and what it says about it.
func failedAt(out []byte) (seed int, what string) {
	found := regexp.MustCompile(`seed (\d+).*`).FindSubmatch(out)
	if found == nil {
		return 0, tail(out)
	}
	seed, _ = strconv.Atoi(string(found[1])) // digits
	return seed, string(found[0])
}
