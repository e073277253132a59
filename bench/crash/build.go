package crash

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// crew is the path of the binary of each program.
type crew map[program]string

// builder builds binaries into a folder, each once.
type builder struct {
	root string // of the module weir
	dir  string
	made map[string]string
}

// build builds a package of module folder with tags, and returns the binary.
func (b *builder) build(ctx context.Context, folder, pkg, name, tags string, args ...string) (string, error) {
	path := filepath.Join(b.dir, name+"-"+strings.ReplaceAll(tags, ",", "-"))
	if b.made[path] != "" {
		return path, nil
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "-tags", tags, "-o", path, pkg)...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s with %s: %w\n%s", pkg, tags, err, out)
	}
	b.made[path] = path
	return path, nil
}

// crew builds the programs of some jobs, with a mutant or without.
func (b *builder) crew(ctx context.Context, mutant string, jobs ...job) (crew, error) {
	tags := "failpoint"
	if mutant != "" {
		tags += ",mutant_" + mutant
	}
	c := crew{}
	for _, j := range jobs {
		if c[j.program] != "" {
			continue
		}
		folder, pkg, name := b.root, "./cmd/weir", "weir"
		if j.program == child {
			folder, pkg, name = filepath.Join(b.root, "bench"), "./cmd/crash/child", "child"
		}
		path, err := b.build(ctx, folder, pkg, name, tags, "build")
		if err != nil {
			return nil, err
		}
		c[j.program] = path
	}
	return c, nil
}

// moduleRoot is the folder of the module weir.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/weirflow/weir").Output()
	if err != nil {
		return "", fmt.Errorf("find the module weir: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
