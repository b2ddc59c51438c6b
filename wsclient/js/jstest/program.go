package jstest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Program returns the path of the first of these programs that is there. Without any
// the test is skipped, and with CI=true it fails.
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

// Missing skips the test, and fails it where nothing may be missing.
func Missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Node is a command that runs Node with these arguments, in a version that can run
// the client, and with a WebSocket. It finds the packages that .ci/run installs.
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
	// A list, of which what the caller's environment says comes first.
	cmd.Env = append(os.Environ(), "NODE_PATH="+os.Getenv("NODE_PATH")+string(os.PathListSeparator)+modules(t))
	return cmd
}
