// Package chromium_test runs the JavaScript client in headless Chromium, and proves the
// behaviours of test/weblocks there: on the browser's own lock manager and on the client,
// which has to show them in Node too.
package chromium_test

import (
	"context"
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
