//go:build unix

package examples

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testContext returns a context that ends shortly before go test gives up, so that a test that hangs
// says where. A machine with much else to do may take minutes to build an example.
func testContext(t *testing.T) context.Context {
	t.Helper()
	deadline, bounded := t.Deadline()
	if !bounded {
		return t.Context()
	}
	ctx, cancel := context.WithDeadline(t.Context(), deadline.Add(-10*time.Second))
	t.Cleanup(cancel)
	return ctx
}

// build builds an example and returns the path of the program.
func build(t *testing.T, source string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	out, err := exec.CommandContext(testContext(t), "go", "build", "-o", program, source).CombinedOutput()
	if err != nil {
		t.Fatalf("go build %s: %v\n%s", source, err, out)
	}
	return program
}

// output runs a program, which must end with exit code 0, and returns its output.
func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(testContext(t), program, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s%s", program, args, err, out, &stderr)
	}
	return string(out)
}

// startBroker runs a broker that other processes can reach until the test ends, and returns its URL.
func startBroker(t *testing.T) string {
	t.Helper()
	url, stop, err := brokertest.Listen(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return url
}

// until watches the locks of the broker until good accepts them.
func until(t *testing.T, url string, good func(locks map[string]wire.LockInfo) bool) {
	t.Helper()
	ctx := testContext(t)
	client, err := wsclient.Dial(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	locks := make(map[string]wire.LockInfo)
	for view, err := range client.Watch(ctx, "") {
		if err != nil {
			t.Fatalf("%v; the locks never became as wanted: %+v", err, locks)
		}
		clear(locks)
		for _, lock := range view.Locks() {
			locks[lock.Name] = lock
		}
		if good(locks) {
			return
		}
	}
}
