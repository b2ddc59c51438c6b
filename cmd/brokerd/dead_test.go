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

// TestKill9: the locks of a process that is killed are free at once: the system
// closes its connection. On a machine that is busy with other things anything
// may take long once, so the best of a few attempts counts; a broker that waited
// for its timeout would be slow in all of them.
func TestKill9(t *testing.T) {
	const within, attempts = 100 * time.Millisecond, 5
	d := startDaemon(t)
	for i := range attempts {
		took := kill9(t, d.url, fmt.Sprintf("precious-%d", i))
		t.Logf("from kill -9 to the next grant: %v", took)
		if took <= within {
			return
		}
	}
	t.Errorf("the waiter never got the lock within %v", within)
}

// kill9 kills a holder and returns how long it takes until a waiter has the lock.
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

// TestFrozen: a process that is stopped, not ended, keeps its connection. The
// broker gives its locks to others when it has been silent for the timeout, and
// when it goes on it knows at the first look that it has lost them.
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
	if limit := config.Timeout + time.Second; took > limit {
		t.Errorf("the waiter got the lock after %v, want %v at most", took, limit)
	}
	if g.lock.Token() <= h.token {
		t.Errorf("token %d after %d, want a greater one", g.lock.Token(), h.token)
	}

	if _, err := fmt.Fprintln(h.stdin, "is it valid?"); err != nil { // the first that it reads
		t.Fatal(err)
	}
	thawed := time.Now()
	h.signal(t, syscall.SIGCONT)
	said := []string{h.line(), h.line()}
	slices.Sort(said)
	if !strings.Contains(said[0], "lock was lost: lease") || said[1] != "valid: false" {
		t.Errorf("the holder says %q, want that it has lost the lock, and that it is not valid", said)
	}
	t.Logf("from SIGCONT to the holder's saying so: %v", time.Since(thawed))
	if err := g.lock.Context().Err(); err != nil {
		t.Errorf("the new holder has lost the lock: %v", err)
	}
}
