//go:build unix

package main

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
)

// TestKill9 checks that the locks of a killed process are free at once, because the system closes its
// connection. The timeout of the broker is much longer than this test.
func TestKill9(t *testing.T) {
	d := startDaemon(t, "--timeout=1h")
	t.Logf("from kill -9 to the next grant: %v", kill9(t, d.url, "precious"))
}

// kill9 kills a holder and returns the time until a waiter is granted the lock.
func kill9(t *testing.T, url, name string) time.Duration {
	t.Helper()
	h := startHolder(t, url, name)
	grants := startWaiter(t, url, name)
	killed := time.Now()
	h.signal(t, syscall.SIGKILL)
	g := <-grants
	took := time.Since(killed)
	if g.err != nil {
		t.Fatal(g.err)
	}
	if g.lock.Token() <= h.token {
		t.Errorf("token %d after %d, want a greater one", g.lock.Token(), h.token)
	}
	return took
}

// TestFrozen checks a process that is stopped and keeps its connection. The broker grants its locks to others after
// the timeout. When the process continues, its first check reports that they are lost.
func TestFrozen(t *testing.T) {
	configs := map[string]broker.Config{"2s": {Timeout: 2 * time.Second, Heartbeat: 500 * time.Millisecond}}
	if *long {
		configs["default"] = broker.Config{Timeout: 15 * time.Second, Heartbeat: 5 * time.Second}
	}
	for name, config := range configs {
		t.Run(name, func(t *testing.T) { testFrozen(t, config) })
	}
}

func testFrozen(t *testing.T, config broker.Config) {
	b, err := cmdtest.StartBroker(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	h := startHolder(t, b.URL(), "precious")
	grants := startWaiter(t, b.URL(), "precious")

	frozen := time.Now()
	h.signal(t, syscall.SIGSTOP)
	g := <-grants
	took := time.Since(frozen)
	if g.err != nil {
		t.Fatal(g.err)
	}
	t.Logf("from SIGSTOP to the next grant, with a timeout of %v: %v", config.Timeout, took)
	if g.lock.Token() <= h.token {
		t.Errorf("token %d after %d, want a greater one", g.lock.Token(), h.token)
	}

	if _, err := fmt.Fprintln(h.stdin, "is it valid?"); err != nil { // the first line that it reads
		t.Fatal(err)
	}
	thawed := time.Now()
	h.signal(t, syscall.SIGCONT)
	said := []string{h.line(), h.line()}
	slices.Sort(said)
	if !strings.Contains(said[0], "has not answered for") || said[1] != "valid: false" {
		t.Errorf("the holder prints %q, want that it has lost the lock, and that the lock is not valid", said)
	}
	t.Logf("from SIGCONT until the holder reports it: %v", time.Since(thawed))
	if err := g.lock.Context().Err(); err != nil {
		t.Errorf("the new holder has lost the lock: %v", err)
	}
}
