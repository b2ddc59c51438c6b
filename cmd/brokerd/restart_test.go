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

// The broker of TestKilledBroker. So long may clients believe that hear nothing.
const (
	killedTimeout   = 600 * time.Millisecond
	killedHeartbeat = 100 * time.Millisecond
)

// TestKilledBroker kills a broker with a state directory again and again while
// clients take and release locks, each over one client that connects again by
// itself. Whatever they hear of its end, no two of them believe at once that they
// hold the same lock, and the tokens of each lock rise. Nobody who waits is told.
func TestKilledBroker(t *testing.T) {
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
		// Some are killed while there may be stale holders, others later.
		pause(ctx, killedTimeout/2+rand.N(killedTimeout))
		d.signal(t, syscall.SIGKILL)
		_ = d.wait() // killed
		d = startDaemon(t, args...)
	}
	go d.drainLog()
	past.waitFor(t, time.Now()) // the last one serves
	stop()
	clients.Wait()
	past.check(t, *restarts)
}

// drainLog lets the broker write on.
func (d *daemon) drainLog() {
	for d.log.Scan() {
	}
}

// keepLocking takes and releases locks until ctx ends. A deaf client is one whose
// network does not tell it that the other side has ended.
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

// lockOnce takes a lock for a while, or until it is lost.
func lockOnce(ctx context.Context, client *wsclient.Client, past *history, name string) error {
	lock := fmt.Sprint("lock ", rand.N(3))
	held, err := client.Acquire(ctx, lock, nil)
	if err != nil {
		return err
	}
	hold := rand.N(20 * time.Millisecond)
	if rand.N(8) == 0 {
		hold = killedTimeout // many of these are lost
	}
	b := belief{lock: lock, who: name, token: held.Token(), begin: time.Now()}
	select {
	case <-held.Context().Done():
	case <-time.After(hold):
	case <-ctx.Done():
	}
	b.end = time.Now()
	past.add(b)
	_ = held.Release() // it may be lost
	return nil
}

// pause lets time pass: which moment comes next does not matter.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// A belief is that somebody holds a lock, from its grant until it is to be
// released or its context has ended.
type belief struct {
	lock, who  string
	token      int64
	begin, end time.Time
}

// A history is all that was ever believed.
type history struct {
	mu      sync.Mutex
	beliefs []belief
	begins  map[chan struct{}]time.Time // who waits for a belief that begins later
}

func (h *history) add(b belief) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.beliefs = append(h.beliefs, b)
	for waiter, since := range h.begins {
		if b.begin.After(since) {
			close(waiter)
			delete(h.begins, waiter)
		}
	}
}

// waitFor waits until somebody has believed after that time.
func (h *history) waitFor(t *testing.T, since time.Time) {
	t.Helper()
	believed := make(chan struct{})
	h.mu.Lock()
	h.begins = map[chan struct{}]time.Time{believed: since}
	h.mu.Unlock()
	select {
	case <-believed:
	case <-time.After(2 * time.Minute):
		t.Fatal("nothing is granted any more")
	}
}

// check looks at every lock's beliefs one after another.
func (h *history) check(t *testing.T, atLeast int) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.beliefs) < atLeast {
		t.Errorf("only %d locks were held, want %d", len(h.beliefs), atLeast)
	}
	t.Logf("%d locks were held", len(h.beliefs))
	slices.SortFunc(h.beliefs, func(a, b belief) int { return a.begin.Compare(b.begin) })
	last := make(map[string]belief)
	for _, b := range h.beliefs {
		before := last[b.lock]
		if b.begin.Before(before.end) {
			t.Errorf("%s: %s believed from %v on, %v before %s had stopped (tokens %d, then %d)",
				b.lock, b.who, b.begin, before.end.Sub(b.begin), before.who, before.token, b.token)
		}
		if b.token <= before.token {
			t.Errorf("%s: token %d of %s comes after %d of %s", b.lock, b.token, b.who, before.token,
				before.who)
		}
		last[b.lock] = b
	}
}

// dialDeaf makes a connection that never tells that it has ended.
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

// Read waits for ever when nothing comes any more.
func (c *deafConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n == 0 && err != nil {
		<-c.closed
	}
	return n, err
}

// Write takes what cannot be sent.
func (c *deafConn) Write(p []byte) (int, error) {
	if n, err := c.Conn.Write(p); err == nil {
		return n, nil
	}
	return len(p), nil
}

// Close lets Read end.
func (c *deafConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}
