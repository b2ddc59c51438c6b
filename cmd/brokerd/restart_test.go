//go:build unix

package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

var restarts = flag.Int("restarts", 5, "how often TestKilledBroker kills the broker; 100 take two minutes")

// The settings of the broker in TestKilledBroker. A client that hears nothing treats its locks as lost before
// killedTimeout has passed.
const (
	killedTimeout   = 600 * time.Millisecond
	killedHeartbeat = 100 * time.Millisecond
)

// TestKilledBroker kills a broker with a state directory again and again, while clients that reconnect acquire and
// release locks. No matter how clients learn of the end, two of them never treat the same lock as held at once, and
// the tokens of each lock rise. Waiters get no errors.
func TestKilledBroker(t *testing.T) {
	t.Parallel()
	args := []string{
		"--state-dir", filepath.Join(t.TempDir(), "state"),
		"--timeout", killedTimeout.String(), "--heartbeat", killedHeartbeat.String(),
	}
	d := startDaemon(t, args...)
	_, port, _ := strings.Cut(strings.TrimPrefix(d.url, "ws://"), ":")
	args = append(args, "--port", port)
	var past history
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	defer clients.Wait()
	defer stop()
	for i := range 6 {
		clients.Go(func() { keepLocking(ctx, t, d.url, &past, fmt.Sprint("client ", i), i%2 == 0) })
	}
	for range *restarts {
		go d.drainLog()
		// Some brokers are killed while there may be stale holders, others later.
		pause(ctx, killedTimeout/2+rand.N(killedTimeout))
		d.signal(t, syscall.SIGKILL)
		_ = d.wait() // killed
		d = startDaemon(t, args...)
	}
	go d.drainLog()
	past.waitFor(t, time.Now()) // the last broker grants locks
	stop()
	clients.Wait()
	past.check(t, *restarts)
}

// drainLog reads the log to its end, so that the broker can continue to write.
func (d *daemon) drainLog() {
	for d.log.Scan() {
	}
}

// keepLocking acquires and releases locks until ctx ends. The network of a deaf client does not report the end
// of the other side.
func keepLocking(ctx context.Context, t *testing.T, url string, past *history, name string, deaf bool) {
	options := &wsclient.Options{Label: name, WaitForBroker: true}
	if deaf {
		options.NetDial = dialDeaf
	}
	client, err := wsclient.Dial(ctx, url, options)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	defer client.Close()
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for ctx.Err() == nil {
				if err := lockOnce(ctx, client, past, name); err != nil && ctx.Err() == nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	workers.Wait()
}

// lockOnce holds a lock for a while, or until it is lost.
func lockOnce(ctx context.Context, client *wsclient.Client, past *history, name string) error {
	lock := fmt.Sprint("lock ", rand.N(3))
	held, err := client.Acquire(ctx, lock, nil)
	if err != nil {
		return err
	}
	hold := rand.N(20 * time.Millisecond)
	if rand.N(8) == 0 {
		hold = killedTimeout // Many locks are lost during this time.
	}
	b := tenure{lock: lock, who: name, token: held.Token(), begin: time.Now()}
	select {
	case <-held.Context().Done():
	case <-time.After(hold):
	case <-ctx.Done():
	}
	b.end = time.Now()
	past.add(b)
	_ = held.Release() // The lock may be lost.
	return nil
}

// pause lets real time pass.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// A tenure is the period during which a client treats a lock as held: from the grant until it releases the lock
// or its context ends.
type tenure struct {
	lock, who  string
	token      int64
	begin, end time.Time
}

// A history collects all tenures.
type history struct {
	mu      sync.Mutex
	tenures []tenure
	begins  map[chan struct{}]time.Time // waitFor's channels, closed by a tenure that begins after that time
}

func (h *history) add(b tenure) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tenures = append(h.tenures, b)
	for waiter, since := range h.begins {
		if b.begin.After(since) {
			close(waiter)
			delete(h.begins, waiter)
		}
	}
}

// waitFor waits for a tenure that begins after since.
func (h *history) waitFor(t *testing.T, since time.Time) {
	t.Helper()
	began := make(chan struct{})
	h.mu.Lock()
	h.begins = map[chan struct{}]time.Time{began: since}
	h.mu.Unlock()
	select {
	case <-began:
	case <-time.After(2 * time.Minute):
		t.Fatal("no grants after a restart")
	}
}

// check compares each tenure with the previous one of the same lock.
func (h *history) check(t *testing.T, atLeast int) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.tenures) < atLeast {
		t.Errorf("only %d locks were held, want %d", len(h.tenures), atLeast)
	}
	t.Logf("%d locks were held", len(h.tenures))
	slices.SortFunc(h.tenures, func(a, b tenure) int { return a.begin.Compare(b.begin) })
	last := make(map[string]tenure)
	for _, b := range h.tenures {
		before := last[b.lock]
		if b.begin.Before(before.end) {
			t.Errorf("%s: %s held it from %v, %v before %s had stopped (tokens %d, then %d)",
				b.lock, b.who, b.begin, before.end.Sub(b.begin), before.who, before.token, b.token)
		}
		if b.token <= before.token {
			t.Errorf("%s: token %d of %s comes after %d of %s", b.lock, b.token, b.who, before.token,
				before.who)
		}
		last[b.lock] = b
	}
}

// dialDeaf returns a connection that never reports its end.
func dialDeaf(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &deafConn{Conn: conn, closed: make(chan struct{})}, nil
}

type deafConn struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

// Read blocks at the end of the connection until Close.
func (c *deafConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n == 0 && err != nil {
		<-c.closed
	}
	return n, err
}

// Write discards data that cannot be sent.
func (c *deafConn) Write(p []byte) (int, error) {
	if n, err := c.Conn.Write(p); err == nil {
		return n, nil
	}
	return len(p), nil
}

// Close ends Read.
func (c *deafConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}
