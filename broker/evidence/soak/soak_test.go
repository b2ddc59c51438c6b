//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
)

// TestMain is main for child processes.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role))
	}
	goleak.VerifyTestMain(m)
}

// shortConfig returns the configuration of a short run, with many faults.
func shortConfig(t *testing.T) *config {
	t.Helper()
	c, err := parseFlags([]string{
		"-for", "6s", "-clients", "24", "-per-process", "6", "-node", "0", "-hostile", "8", "-names", "3",
		"-session-timeout", "2s", "-drain", "500ms", "-storm", "3s", "-gust", "120ms", "-think", "30ms",
		"-probes", "50",
		"-report", filepath.Join(t.TempDir(), "report"),
	}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSoak runs a short soak. No promise may be broken.
func TestSoak(t *testing.T) {
	t.Parallel()
	c := shortConfig(t)
	r := mustRun(t, c)
	for _, p := range r.Promises {
		switch p.Name {
		case "P1 exclusion", "P2 rising-tokens", "P5 lease", "P6 fencing", "P7 crash-release",
			"P10 bounded-wait",
			"P12 loss-told", "P17 liveness", "P18 memory":
			if p.Checks == 0 {
				t.Errorf("%s was not checked", p.Name)
			}
		}
	}
	if r.Grants == 0 || len(r.Faults) < 5 {
		t.Errorf("%d grants, faults %v", r.Grants, r.Faults)
	}
	text, err := os.ReadFile(c.reportFile())
	if err != nil {
		t.Fatal(err)
	}
	if r.Ran < c.Duration {
		t.Errorf("the client processes ran for %v, want at least %v", r.Ran, c.Duration)
	}
	for _, want := range []string{"**passed: ", "| P5 lease | ", "| broker heap | 0 | | | | | | too few samples |",
		"-session-timeout 2s"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}

// TestSoakWithNode runs a soak of one storm, with clients in Node.
func TestSoakWithNode(t *testing.T) {
	t.Parallel()
	needs.Program(t, "node")
	c := shortConfig(t)
	c.Duration, c.Clients, c.Node, c.Seed = time.Second, 6, 3, 2
	r := mustRun(t, c)
	granted := int64(0)
	for operation, n := range r.Operations {
		if strings.HasPrefix(operation, "node ") && isGrant(operation) {
			granted += n
		}
	}
	if granted == 0 {
		t.Errorf("the clients in Node did nothing: %v", r.Operations)
	}
}

// mustRun runs a soak, and fails the test unless it passes.
func mustRun(t *testing.T, c *config) *report {
	t.Helper()
	r, err := run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Passed {
		t.Fatalf("%s\n%s", r.verdict(), r.markdown())
	}
	return r
}

// TestInterrupt checks that the end of the context ends a run early, with a report.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	c := shortConfig(t)
	c.Duration, c.Storm = time.Hour, time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.Log = cancelling(cancel)
	r, err := run(ctx, c)
	if err != nil || r == nil || !r.Interrupted || r.Took > 2*patience {
		t.Errorf("%+v, %v", r, err)
	}
}

// A cancelling is a log that ends the run at the first line, which says that all clients have connected.
type cancelling context.CancelFunc

func (c cancelling) Write(text []byte) (int, error) {
	c()
	return len(text), nil
}
