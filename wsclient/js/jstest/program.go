package jstest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
)

// Program returns the path of a program. If it is missing, the test is skipped, and fails with CI=true.
func Program(t testing.TB, name string) string {
	t.Helper()
	return needs.Program(t, name)
}

// Missing skips the test because something is not installed. With CI=true it fails the test.
func Missing(t testing.TB, what string) {
	t.Helper()
	needs.Missing(t, what)
}

// Node returns a command that runs Node, with a WebSocket and these arguments. Node finds the packages that .ci/run
// installs. The test is skipped if Node is too old for the client.
func Node(t testing.TB, args ...string) *exec.Cmd {
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
