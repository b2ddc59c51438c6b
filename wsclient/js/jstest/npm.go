package jstest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// tools is the folder in which .ci/run installs the npm packages for tests, in the versions of its lock file.
const tools = ".ci/node"

// Tool returns the folder of an npm package for tests. If the package is not installed, the test is skipped, and
// fails with CI=true.
func Tool(t testing.TB, name string) string {
	t.Helper()
	folder := filepath.Join(modules(t), name)
	if _, err := os.Stat(folder); err != nil {
		Missing(t, "the npm package "+name+" is not installed: npm ci --prefix "+tools)
	}
	return folder
}

// Script returns a command that runs the script at that path of an npm package.
func Script(t testing.TB, name, path string, args ...string) *exec.Cmd {
	t.Helper()
	script := filepath.Join(Tool(t, name), path)
	return exec.CommandContext(t.Context(), Program(t, "node"), append([]string{script}, args...)...)
}

// modules returns the folder of the installed npm packages.
func modules(t testing.TB) string {
	t.Helper()
	folder, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for ; !isFile(filepath.Join(folder, "go.mod")); folder = filepath.Dir(folder) {
		if folder == filepath.Dir(folder) {
			t.Fatal("there is no go.mod above the folder of the test")
		}
	}
	return filepath.Join(folder, tools, "node_modules")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
