package bench

import (
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lockbroker/lockbroker/wsclient"
)

// TestWorkloads runs the short form of each benchmark. Each must count something, see no wrong grant, and leave no
// process, goroutine or socket behind. Its figures mean nothing.
func TestWorkloads(t *testing.T) {
	defer briefly()()
	before := sockets(t)
	for _, c := range []struct {
		name string
		try  func(t *testing.T)
	}{
		{"one caller", func(t *testing.T) { oneCaller(t, 100, nil, nil) }},
		{"shared client", func(t *testing.T) { sharedClient(t, 64, nil, nil) }},
		{"connections", func(t *testing.T) { connections(t, 20, nil, nil) }},
		{"heartbeats", func(t *testing.T) { heartbeats(t, 20) }},
		{"one processor and two", func(t *testing.T) { oneAndTwo(t, 2, 2) }},
		{"handover among connections", func(t *testing.T) { handover(t, 8, 8, nil) }},
		{"handover without waiting for releases", func(t *testing.T) {
			handover(t, 8, 8, &wsclient.AcquireOptions{AsyncRelease: true})
		}},
		{"handover among callers", func(t *testing.T) { handover(t, 1, 8, nil) }},
		{"handovers of several locks", func(t *testing.T) { handovers(t, 3, 4, nil) }},
		{"handover in a crowd", func(t *testing.T) { handoverCrowd(t, 1, 2, small.callers) }},
		{"watched", func(t *testing.T) { watched(t, 2) }},
		{"mixed", func(t *testing.T) { mixed(t, 4, 40) }},
		{"a shared client with TLS", func(t *testing.T) { secure(t, 1, 8) }},
		{"connections with TLS", func(t *testing.T) { secure(t, 4, 4) }},
		{"memory of idle connections", func(t *testing.T) { memoryIdle(t, small) }},
		{"memory of held locks", func(t *testing.T) { memoryHeld(t, small) }},
		{"memory of waiters", func(t *testing.T) { memoryWaiters(t, small) }},
		{"resident memory of idle connections", func(t *testing.T) { residentIdle(t, small) }},
		{"resident memory of held locks", func(t *testing.T) { residentHeld(t, small) }},
		{"resident memory of waiters", func(t *testing.T) { residentWaiters(t, small) }},
		{"beside many holders", func(t *testing.T) { besideHolders(t, small) }},
		{"resident memory after a rush", func(t *testing.T) { residentAfterRush(t, small) }},
	} {
		t.Run(c.name, c.try)
	}
	for _, c := range tailCases {
		t.Run("tail, "+c.name, func(t *testing.T) { tail(t, small, c, c.name == "grants") })
	}
	for _, c := range floodCases {
		t.Run("tail, "+c.name, func(t *testing.T) { underFlood(t, small, c) })
	}
	if n := running.Load(); n != 0 {
		t.Errorf("%d servers still run", n)
	}
	goleak.VerifyNone(t)
	if after := sockets(t); after != before {
		t.Errorf("got %d open sockets, want %d, as before", after, before)
	}
}

// briefly makes turns short, and pins nothing, until restore is called.
func briefly() (restore func()) {
	n, d, p := *rounds, *turnTime, *wantPinned
	*rounds, *turnTime, *wantPinned = 1, 50*time.Millisecond, false
	return func() { *rounds, *turnTime, *wantPinned = n, d, p }
}

// sockets returns the number of open sockets of this process, or 0 if the system does not show them.
func sockets(t *testing.T) (n int) {
	t.Helper()
	const files = "/proc/self/fd"
	entries, err := os.ReadDir(files)
	if err != nil {
		return 0
	}
	for _, entry := range entries {
		// ReadDir lists its own descriptor, too, but has closed it by now.
		target, err := os.Readlink(files + "/" + entry.Name())
		if err == nil && strings.HasPrefix(target, "socket:") {
			n++
		}
	}
	return n
}
