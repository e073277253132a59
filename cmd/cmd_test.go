package cmd_test

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/weirflow/weir/cmd"
	"github.com/weirflow/weir/io/all"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"weir": func() { cmd.Main(all.Connectors()) },
	})
}

// TestScripts runs the sessions in testdata/script. ROOT is the
// repository, PORT a free port. Rewrite what they expect
// with: WEIR_REWRITE=1 go test ./cmd.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("WEIR_REWRITE") != "",
		Setup: func(env *testscript.Env) error {
			var lc net.ListenConfig
			l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			root, err := filepath.Abs("..")
			if err != nil {
				return err
			}
			env.Setenv("ROOT", root)
			env.Setenv("PORT", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
			return l.Close()
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"eventually": eventually,
		},
	})
}

// eventually runs a command again and again until its output matches a
// pattern: eventually PATTERN COMMAND [ARG...].
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually PATTERN COMMAND [ARG...]")
	}
	pattern := regexp.MustCompile(args[0])
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 400 {
		err := ts.Exec(args[1], args[2:]...)
		if out := ts.ReadFile("stdout") + ts.ReadFile("stderr"); err == nil && pattern.MatchString(out) {
			return
		}
		<-tick.C
	}
	ts.Fatalf("%s never printed %s; last:\n%s%s", strings.Join(args[1:], " "), args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
}

// TestExamples checks the files in examples and the examples of connectors.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../io/*/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(files, more...) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		checkText(t, path, string(text))
	}
}
