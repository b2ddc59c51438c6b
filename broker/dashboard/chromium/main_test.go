// Package chromium_test uses the dashboard as a person does, in headless Chromium, with a broker in the test process.
//
// Each test opens the page with openPage, which also fails the test if the page violates its Content-Security-Policy,
// writes an error to the console, or asks another server for anything. The other clients are peers, which write the
// messages of the protocol themselves.
//
// To see what the page looks like in each state:
//
//	go test ./broker/dashboard/chromium -run TestStates -screenshots /tmp
//
// To let the model test find rare faults:
//
//	go test ./broker/dashboard/chromium -run TestModel -operations 10000 -timeout 1h
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
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// patience is for how long a test waits until the page shows something.
const patience = 30 * time.Second
