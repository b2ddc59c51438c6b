package jstest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Program returns the path of the first of these programs that is in PATH. If none is, the test is skipped, and
// fails with CI=true.
func Program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Missing(t, "no "+names[0]+" in PATH: .ci/run installs it")
	return ""
}

// Missing skips the test because something is not installed. With CI=true it fails the test.
func Missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Node returns a command that runs Node, with a WebSocket and these arguments. Node finds the packages that .ci/run
// installs. The test is skipped if Node is too old for the client.
func Node(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path := Program(t, "node")
	version, err := exec.CommandContext(t.Context(), path, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	var major int
	if _, err := fmt.Sscanf(string(version), "v%d.", &major); err != nil {
		t.Fatalf("node --version says %q", version)
	}
	if major < 20 {
		Missing(t, fmt.Sprintf("Node in PATH is %s: want 20 or later", strings.TrimSpace(string(version))))
	}
	flags := []string{"--no-warnings"}
	if major < 22 {
		flags = append(flags, "--experimental-websocket")
	}
	cmd := exec.CommandContext(t.Context(), path, append(flags, args...)...)
	// The paths of the caller's environment come first.
	cmd.Env = append(os.Environ(), "NODE_PATH="+os.Getenv("NODE_PATH")+string(os.PathListSeparator)+modules(t))
	return cmd
}
