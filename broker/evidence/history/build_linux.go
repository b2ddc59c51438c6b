package history

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
)

// Programs are what a recording runs.
type Programs struct {
	Brokerd  string   // the path of the broker
	GoWorker string   // the path of the worker in Go
	Node     []string // Node and its arguments before the script; nil: workers that need Node are left out
	Script   string   // the path of the worker for Node
}

// Build builds the broker and the worker in Go into a directory, with these flags of go build. The current directory
// must be that of this package.
func Build(ctx context.Context, dir string, flags ...string) (Programs, error) {
	args := slices.Concat([]string{"build"}, flags, []string{"-o", dir + "/", "../../../cmd/brokerd", "./worker"})
	cmd := exec.CommandContext(ctx, "go", args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return Programs{}, fmt.Errorf("build brokerd and worker: %w\n%s", err, out)
	}
	script, err := filepath.Abs(filepath.Join("worker", "worker.mjs"))
	if err != nil {
		return Programs{}, err
	}
	return Programs{
		Brokerd: filepath.Join(dir, "brokerd"), GoWorker: filepath.Join(dir, "worker"), Script: script,
	}, nil
}
