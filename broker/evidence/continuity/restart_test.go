package continuity

import (
	"context"
	"errors"
	"flag"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

var (
	restarts = flag.Int("restarts", 5, "how often the broker is restarted")
	holders  = flag.Int("holders", 60, "how many requests hold during the restarts, in all languages together")
	waiters  = flag.Int("waiters", 600, "how many requests wait during the restarts, in all languages together")
)

// TestRestarts restarts a broker while requests hold and wait, and others come and go. No holder notices. No waiter
// loses its place. Tokens rise.
func TestRestarts(t *testing.T) {
	b := startBrokerd(t, build(t))
	crowds := []crowd{newGoCrowd(t, b, *holders/2, *waiters/2), newNodeCrowd(t, b, *holders/2, *waiters/2)}
	w := startTraffic(t, b)
	w.awaitGrants()
	var pauses []time.Duration
	for n := range *restarts {
		w.mark()
		b.restart()
		w.forgetGrants() // those before the restart
		pauses = append(pauses, w.awaitGrants()...)
		if t.Failed() {
			t.Fatalf("after restart %d:\n%s", n+1, b.logged.text())
		}
	}
	w.stop()
	for _, c := range crowds {
		c.finish()
	}
	slices.Sort(pauses)
	t.Logf("%d restarts, %d holders, %d waiters: a grant pauses for %v at p50, %v at p99, %v at most (%d pauses)",
		*restarts, *holders, *waiters,
		pauses[len(pauses)/2], pauses[len(pauses)*99/100], pauses[len(pauses)-1], len(pauses))
}

// A crowd holds and waits during the restarts.
type crowd interface {
	// finish releases the locks, and checks that the waiters were granted in their order, with rising tokens.
	finish()
}

// A goCrowd is a crowd of clients in Go. Each lock has one holder, and the waiters are spread over the locks.
type goCrowd struct {
	t       *testing.T
	clients []*wsclient.Client
	held    []*wsclient.Lock
	granted chan goGrant
	waiters int
}

type goGrant struct {
	lock, place int
	token       int64
	err         error
}

// requestsPerClient is how many requests a client of a crowd makes.
const requestsPerClient = 100

func newGoCrowd(t *testing.T, b *brokerd, holders, waiters int) *goCrowd {
	t.Helper()
	c := &goCrowd{t: t, granted: make(chan goGrant, waiters), waiters: waiters}
	for range (holders+waiters)/requestsPerClient + 1 {
		client, err := wsclient.Dial(t.Context(), b.url(), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		c.clients = append(c.clients, client)
	}
	for n := range holders {
		lock, err := c.client(n).Acquire(t.Context(), lockName("go", n), nil)
		if err != nil {
			t.Fatal(err)
		}
		c.held = append(c.held, lock)
		context.AfterFunc(lock.Context(), func() {
			if !lock.Valid() && !errors.Is(context.Cause(lock.Context()), wsclient.ErrReleased) {
				t.Errorf("go holder %d: %v", n, context.Cause(lock.Context()))
			}
		})
	}
	for n := range waiters {
		c.wait(n, holders)
	}
	return c
}

func (c *goCrowd) client(n int) *wsclient.Client { return c.clients[n%len(c.clients)] }

// wait makes waiter n wait, and returns when it is in the queue.
func (c *goCrowd) wait(n, holders int) {
	at, place := n%holders, n/holders
	client := c.client(n)
	go func() {
		lock, err := client.Acquire(c.t.Context(), lockName("go", at), nil)
		if err != nil {
			c.granted <- goGrant{lock: at, place: place, err: err}
			return
		}
		c.granted <- goGrant{lock: at, place: place, token: lock.Token()}
		_ = lock.Release()
	}()
	for {
		only := wsclient.InfoOptions{Match: lockName("go", at), Queue: 1}
		for lock, err := range c.clients[0].Info(c.t.Context(), &only) {
			if err != nil {
				c.t.Fatal(err)
			}
			if lock.Waiting > place {
				return
			}
		}
	}
}

func (c *goCrowd) finish() {
	c.t.Helper()
	last := make([]int64, len(c.held))
	for n, lock := range c.held {
		if !lock.Valid() {
			c.t.Errorf("go holder %d has lost its lock: %v", n, context.Cause(lock.Context()))
		}
		last[n] = lock.Token()
		if err := lock.Release(); err != nil {
			c.t.Errorf("go holder %d: %v", n, err)
		}
	}
	next := make([]int, len(c.held))
	for range c.waiters {
		g := <-c.granted
		switch {
		case g.err != nil:
			c.t.Errorf("go waiter for lock %d: %v", g.lock, g.err)
		case g.place != next[g.lock]:
			c.t.Errorf("go lock %d: waiter %d was granted, want %d", g.lock, g.place, next[g.lock])
		case g.token <= last[g.lock]:
			c.t.Errorf("go lock %d: token %d after %d", g.lock, g.token, last[g.lock])
		}
		next[g.lock]++
		last[g.lock] = g.token
	}
}

// traffic acquires and releases locks all the time, and measures how long grants pause.
type traffic struct {
	cancel context.CancelFunc
	lanes  []*lane
	ended  sync.WaitGroup
	grants atomic.Int64
	more   chan struct{}
}

// A lane is a lock for which several clients take turns.
type lane struct {
	mu      sync.Mutex
	last    time.Time     // of a grant
	longest time.Duration // between two grants since the mark
	grants  int           // since the mark
	token   int64
	holding bool
}

const (
	trafficLanes   = 20
	trafficClients = 4 // for each lane
)

func startTraffic(t *testing.T, b *brokerd) *traffic {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &traffic{cancel: cancel, more: make(chan struct{}, 1)}
	for n := range trafficLanes {
		l := &lane{}
		w.lanes = append(w.lanes, l)
		for range trafficClients {
			client, err := wsclient.Dial(ctx, b.url(), nil)
			if err != nil {
				t.Fatal(err)
			}
			w.ended.Go(func() {
				defer func() { _ = client.Close() }()
				for ctx.Err() == nil {
					lock, err := client.Acquire(ctx, lockName("traffic", n), nil)
					if err == nil {
						w.granted(t, l, lock.Token())
						err = lock.Release()
					}
					if err != nil && ctx.Err() == nil {
						t.Errorf("traffic: %v", err)
						return
					}
				}
			})
		}
	}
	return w
}

// granted notes a grant. While it runs, the lock is held.
func (w *traffic) granted(t *testing.T, l *lane, token int64) {
	l.mu.Lock()
	if l.holding || token <= l.token {
		t.Errorf("traffic: two hold a lock: %t; token %d after %d", l.holding, token, l.token)
	}
	now := time.Now()
	l.longest = max(l.longest, now.Sub(l.last))
	l.last, l.token, l.holding = now, token, true
	l.grants++
	l.mu.Unlock()
	w.grants.Add(1)
	select {
	case w.more <- struct{}{}:
	default:
	}
	l.mu.Lock()
	l.holding = false
	l.mu.Unlock()
}

// mark begins to count grants, and to measure the pauses between them.
func (w *traffic) mark() {
	for _, l := range w.lanes {
		l.mu.Lock()
		l.longest, l.grants, l.last = 0, 0, time.Now()
		l.mu.Unlock()
	}
}

// forgetGrants begins to count grants again. The pauses go on.
func (w *traffic) forgetGrants() {
	for _, l := range w.lanes {
		l.mu.Lock()
		l.grants = 0
		l.mu.Unlock()
	}
}

// awaitGrants waits until each lane has been granted some times since the mark, and returns the longest pause of each.
func (w *traffic) awaitGrants() (pauses []time.Duration) {
	for !w.allGranted() {
		<-w.more
	}
	for _, l := range w.lanes {
		l.mu.Lock()
		pauses = append(pauses, l.longest)
		l.mu.Unlock()
	}
	return pauses
}

func (w *traffic) allGranted() bool {
	for _, l := range w.lanes {
		l.mu.Lock()
		enough := l.grants > trafficClients
		l.mu.Unlock()
		if !enough {
			return false
		}
	}
	return true
}

// stop ends the traffic.
func (w *traffic) stop() {
	w.cancel()
	w.ended.Wait()
}
