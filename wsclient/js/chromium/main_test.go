// Package chromium_test runs the JavaScript client in headless Chromium, and proves the
// behaviours of test/weblocks there: on the browser's own lock manager and on the client,
// which has to show them in Node too.
package chromium_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testContext ends long before go test gives up, and before the test's cleanups.
func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// program returns the path of the first of these programs that is there. Without any
// the test is skipped, and with CI=true it fails.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, "no "+names[0]+" in PATH: .ci/run installs it")
	return ""
}

// missing skips the test, and fails it where nothing may be missing.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// node returns the path of Node, which has to be 20 or later.
func node(t *testing.T) string {
	t.Helper()
	path := program(t, "node")
	version, err := exec.CommandContext(t.Context(), path, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	var major int
	if _, err := fmt.Sscanf(string(version), "v%d.", &major); err != nil {
		t.Fatalf("node --version says %q", version)
	}
	if major < 20 {
		missing(t, fmt.Sprintf("Node in PATH is %s: want 20 or later", strings.TrimSpace(string(version))))
	}
	return path
}

// needClient skips the test where the client is not there.
func needClient(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(files + "/client.js"); err != nil {
		t.Skip(err)
	}
}
