package jstest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// tools is where .ci/run lets npm install what tests need, in the versions that the lock file beside it says.
const tools = ".ci/node"

// Tool returns the folder of a package of npm that tests need. Where it is not installed the test is
// skipped, and with CI=true it fails.
func Tool(t *testing.T, name string) string {
	t.Helper()
	folder := filepath.Join(modules(t), name)
	if _, err := os.Stat(folder); err != nil {
		Missing(t, "the npm package "+name+" is not installed: npm ci --prefix "+tools)
	}
	return folder
}

// Script is a command that runs the program of a package of npm, which is at that path in it.
func Script(t *testing.T, name, path string, args ...string) *exec.Cmd {
	t.Helper()
	script := filepath.Join(Tool(t, name), path)
	return exec.CommandContext(t.Context(), Program(t, "node"), append([]string{script}, args...)...)
}

// modules is the folder of all that npm has installed.
func modules(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for ; !isFile(filepath.Join(folder, "go.mod")); folder = filepath.Dir(folder) {
		if folder == filepath.Dir(folder) {
			t.Fatal("no go.mod above the folder of the test")
		}
	}
	return filepath.Join(folder, tools, "node_modules")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
