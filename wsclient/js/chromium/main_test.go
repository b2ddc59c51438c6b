// Package chromium_test runs the JavaScript client in headless Chromium. It checks the behaviours of
// test/weblocks on the browser's own lock manager, and on the client in Chromium and in Node.
package chromium_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testContext returns a context that ends long before go test gives up, and before the cleanups of the test.
func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
