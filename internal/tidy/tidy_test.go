// These tests check the house rules that a compiler does not: who may
// import whom, where goroutines start, how long things are, and what must be
// documented. A rule that is not here is advice.

package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// below lists, for each room, the rooms it may import. A room is the longest
// prefix of the package path found here. A room may always import itself.
var below = map[string][]string{
	"flow":               {"state", "internal/engine", "internal/mem", "internal/arrowrow", "internal/bincode", "internal/columns", "internal/mutant"},
	"flow/spec":          {},
	"state":              {"internal/failpoint", "internal/mutant"},
	"codecs":             {"flow"},
	"ops":                {"flow", "flow/spec", "internal/bincode", "internal/columns"},
	"io/connector":       {"flow", "flow/spec", "internal/wrap"},
	"io/iotest":          {"io/connector", "flow", "flow/spec", "internal/rowtext", "internal/mem"},
	"io":                 {"io/connector", "io/iotest", "flow", "flow/spec", "codecs", "internal/columns", "internal/failpoint", "internal/mem", "internal/mutant", "internal/pace", "internal/rowtext"},
	"io/all":             {"io", "io/connector", "flow/spec"},
	"internal":           {"flow", "flow/spec", "ops", "state", "codecs", "io/connector", "internal", "internal/wrap"},
	"internal/engine":    {"state", "internal/failpoint", "internal/mutant"},
	"internal/mem":       {},
	"internal/arrowrow":  {},
	"internal/bincode":   {},
	"internal/columns":   {"internal/bincode"},
	"internal/failpoint": {},
	"internal/mutant":    {},
	"internal/rowtext":   {"flow"},
	"internal/pace":      {},
	"internal/wrap":      {"flow", "flow/spec", "internal/pace"},
	"internal/tidy":      {},
	"examples":           {"flow", "flow/spec", "ops", "io", "io/connector", "io/all", "state", "codecs"},
	"cmd":                {"flow", "flow/spec", "ops", "io", "io/connector", "io/all", "state", "codecs", "internal"},
	"bench":              {}, // anything
}

// doors gives each heavy dependency its only door into the house.
var doors = map[string]string{
	"github.com/cockroachdb/pebble":    "state",
	"github.com/apache/iceberg-go":     "io/iceberg",
	"github.com/parquet-go/parquet-go": "codecs/parquet",
	"github.com/twmb/avro":             "codecs/avro",
	"github.com/jackc/":                "io/postgres",
	"github.com/go-mysql-org/go-mysql": "io/mysql",
	"github.com/twmb/franz-go":         "io/kafka",
	"go.opentelemetry.io/":             "internal/serve",
	"modernc.org/sqlite":               "io/iceberg",
}

// kernels are the parts of Arrow that weigh much: package flow, and with it
// every program, stays without them.
var kernels = []string{"arrow/compute", "parquet/pqarrow", "arrow/flight"}

// goFiles lists the files that may start goroutines.
var goFiles = []string{
	"internal/engine/run.go", "internal/engine/epoch.go", "internal/engine/async.go",
	"codecs/parquet/pool.go", "io/file/readahead.go", "state/pebble.go",
	"internal/pipeline/run.go", "internal/serve/server.go",
}

const (
	maxFile = 400 // lines
	maxFunc = 70
)

func TestTidy(t *testing.T) {
	root := "../.."
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(p, root+string(filepath.Separator)))
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2) {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(rel, ".go") {
			checkFile(t, p, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkFile(t *testing.T, p, rel string) {
	t.Helper()
	src, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, p, src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	line := func(n ast.Node) int { return fset.Position(n.Pos()).Line }
	untidy := func(n ast.Node, format string, args ...any) {
		t.Helper()
		t.Errorf("%s:%d: "+format, append([]any{rel, line(n)}, args...)...)
	}
	isTest := strings.HasSuffix(rel, "_test.go")

	for _, imp := range file.Imports {
		name, _ := strconv.Unquote(imp.Path.Value)
		checkImport(untidy, imp, path.Dir(rel), name, isTest)
	}
	if isTest {
		return
	}
	if n := strings.Count(string(src), "\n"); n > maxFile {
		untidy(file, "%d lines; split the file by idea, or raise maxFile and say why", n)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if starts(n) && !slices.Contains(goFiles, rel) && !strings.HasPrefix(rel, "bench/") {
			untidy(n, "goroutine started here; only %v may", goFiles)
		}
		return true
	})
	for _, decl := range file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok {
			checkFunc(untidy, fset, fn)
		}
	}
}

// hidden reports whether fn is a method of an unexported type.
func hidden(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return false
	}
	t := fn.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	switch x := t.(type) {
	case *ast.IndexExpr:
		t = x.X
	case *ast.IndexListExpr:
		t = x.X
	}
	id, ok := t.(*ast.Ident)
	return ok && !id.IsExported()
}

// starts reports whether n starts a goroutine: a go statement, or the Go of a
// wait group.
func starts(n ast.Node) bool {
	if _, ok := n.(*ast.GoStmt); ok {
		return true
	}
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Go"
}

func checkFunc(untidy func(ast.Node, string, ...any), fset *token.FileSet, fn *ast.FuncDecl) {
	if n := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1; n > maxFunc {
		untidy(fn, "%s is %d lines; %d is the most", fn.Name.Name, n, maxFunc)
	}
	if fn.Name.Name == "init" {
		untidy(fn, "init runs before anyone asked; register from io/all instead")
	}
	if fn.Name.IsExported() && fn.Doc == nil && !hidden(fn) {
		untidy(fn, "%s has no comment", fn.Name.Name)
	}
}

func checkImport(untidy func(ast.Node, string, ...any), imp ast.Node, dir, name string, isTest bool) {
	if room(dir) == "bench" {
		return // a module of its own, with peers and with readers that are not ours
	}
	if target, ok := strings.CutPrefix(name, "github.com/weirflow/weir/"); ok {
		from, to := room(dir), room(target)
		if from != to && !slices.Contains(below[from], to) && !isTest {
			untidy(imp, "%s may not import %s", from, to)
		}
		return
	}
	for dep, door := range doors {
		if strings.HasPrefix(name, dep) && door != "" && room(dir) != door && !strings.HasPrefix(dir, door) && !isTest {
			untidy(imp, "%s comes in through %s only", dep, door)
		}
	}
	for _, heavy := range kernels {
		if dir == "flow" && strings.Contains(name, heavy) && !isTest {
			untidy(imp, "package flow stays without %s", heavy)
		}
	}
}

// room returns the longest key of below that holds the package.
func room(pkg string) string {
	for p := pkg; p != "." && p != ""; p = path.Dir(p) {
		if _, ok := below[p]; ok {
			return p
		}
	}
	return pkg
}

// TestConnectorFolders checks that every folder under io/ has the same face.
func TestConnectorFolders(t *testing.T) {
	list, err := os.ReadFile("../../io/all/all.go")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("../../io")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if slices.Contains([]string{"all", "connector", "iotest"}, name) {
			continue
		}
		for _, file := range []string{"doc.go", "config.go", "example.yaml", name + "_test.go"} {
			if _, err := os.Stat(filepath.Join("../../io", name, file)); err != nil {
				t.Errorf("io/%s has no %s", name, file)
			}
		}
		if !strings.Contains(string(list), name+".Register(r)") {
			t.Errorf("io/%s is not registered in io/all/all.go", name)
		}
	}
}

// TestOperatorExamples checks that every operator can be seen at work: the
// exported functions of flow and ops that take or give a flow.
func TestOperatorExamples(t *testing.T) {
	for _, dir := range []string{"flow", "ops"} {
		operators, examples := operatorsOf(t, dir)
		for _, op := range operators {
			if !slices.Contains(examples, "Example"+op) {
				t.Errorf("%s.%s has no example", dir, op)
			}
		}
	}
}

func operatorsOf(t *testing.T, dir string) (operators, examples []string) {
	t.Helper()
	files, err := filepath.Glob("../../" + dir + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	for _, p := range files {
		file, err := parser.ParseFile(fset, p, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			switch {
			case !ok || fn.Recv != nil:
			case strings.HasSuffix(p, "_test.go"):
				examples = append(examples, fn.Name.Name)
			case fn.Name.IsExported() && onFlows(fn):
				operators = append(operators, fn.Name.Name)
			}
		}
	}
	return operators, examples
}

// onFlows reports whether a flow is among the parameters or results of fn.
func onFlows(fn *ast.FuncDecl) bool {
	found := false
	look := func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && (id.Name == "Flow" || id.Name == "Keyed") {
			found = true
		}
		return !found
	}
	ast.Inspect(fn.Type, look)
	return found
}
