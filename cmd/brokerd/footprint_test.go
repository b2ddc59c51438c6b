//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// TestFootprint checks that an idle client costs three goroutines and less than 64 KB, even after a thousand calls
// have waited at once. The broker runs in its own process, so only clients are measured. The runtime counts stacks in
// spans, and one live stack may keep a whole span in use. So the best of a few attempts counts.
func TestFootprint(t *testing.T) {
	const attempts, limit = 4, 64 << 10
	ctx := testContext(t)
	d := startDaemon(t)
	go d.drainLog()
	blocker := dial(ctx, t, d)
	if _, err := blocker.Acquire(ctx, "blocked", nil); err != nil {
		t.Fatal(err)
	}
	// The runtime keeps the memory of a thousand goroutines once they have existed.
	costOfClients(ctx, t, d, blocker, 1)
	for range attempts {
		cost := costOfClients(ctx, t, d, blocker, 40)
		t.Logf("a client takes %d bytes of heap and %d of stacks", cost.heap, cost.stacks)
		if cost.heap+cost.stacks < limit {
			return
		}
	}
	t.Errorf("want less than %d bytes", limit)
}

// costOfClients returns the cost of each idle client.
func costOfClients(ctx context.Context, t *testing.T, d *daemon, blocker *wsclient.Client, clients int) usage {
	t.Helper()
	const waiters = 1000
	before, goroutines := memory(), runtime.NumGoroutine()
	var all []*wsclient.Client
	for range clients {
		all = append(all, dial(ctx, t, d))
	}
	for _, c := range all {
		waitAndGiveUp(ctx, t, blocker, c, waiters)
	}
	after := memory()
	if got := runtime.NumGoroutine() - goroutines; got != 3*clients {
		t.Errorf("%d goroutines for %d clients, want three each", got, clients)
	}
	for _, c := range all {
		_ = c.Close()
	}
	return usage{(after.heap - before.heap) / clients, (after.stacks - before.stacks) / clients}
}

// waitAndGiveUp starts calls that wait at the same time, and then cancels them.
func waitAndGiveUp(ctx context.Context, t *testing.T, observer, c *wsclient.Client, waiters int) {
	t.Helper()
	calls, cancel := context.WithCancel(ctx)
	defer cancel()
	var waiting sync.WaitGroup
	for range waiters {
		waiting.Go(func() {
			if _, err := c.Acquire(calls, "blocked", nil); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
	queue := func(n int) {
		queued := func(l wire.LockInfo) bool { return l.Waiting == n }
		if err := cmdtest.WaitForLock(ctx, observer, "blocked", queued); err != nil {
			t.Fatal(fmt.Errorf("%d waiters: %w", n, err))
		}
	}
	queue(waiters)
	cancel()
	waiting.Wait()
	queue(0)
}

// A usage is the size of the heap and the stacks in bytes.
type usage struct{ heap, stacks int }

func memory() usage {
	for range 6 { // Each collection halves stacks that are too large.
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{int(m.HeapAlloc), int(m.StackInuse)}
}
