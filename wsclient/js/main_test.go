package js_test

import (
	"context"
	"os"
	"os/exec"
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
// the test is skipped, and with CI=true it fails: .ci/run installs them.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("no %s in PATH: install it, as .ci/run does", names[0])
	}
	t.Skipf("no %s in PATH", names[0])
	return ""
}

// needClient skips the test where the client is not there.
func needClient(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("client.js"); err != nil {
		t.Skip(err)
	}
}
