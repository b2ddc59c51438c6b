package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// dialBroker returns n clients. They are closed when the test ends.
func dialBroker(tb testing.TB, broker *process, n int) []*wsclient.Client {
	tb.Helper()
	clients := make([]*wsclient.Client, n)
	for i := range clients {
		options := &wsclient.Options{Author: author, NoReconnect: true}
		if broker.secure {
			options.Token = secureToken
			options.TLS = clientTLS()
		}
		client, err := wsclient.Dial(tb.Context(), broker.url(), options)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = client.Close() })
		clients[i] = client
	}
	return clients
}

// ownLocks returns a contender of callers that share the clients. Each caller has a lock of its own, and acquires it
// with the options.
func ownLocks(name string, clients []*wsclient.Client, callers int, options *wsclient.AcquireOptions) *contender {
	c := &contender{name: name, flight: callers}
	for i := range callers {
		caller := &caller{client: clients[i%len(clients)], name: lockName(i), options: options}
		c.workers = append(c.workers, &worker{once: caller.pair})
	}
	return c
}

// lockName returns the name of the lock that caller i has for itself. All names have the same length.
func lockName(i int) string { return fmt.Sprintf("orders/%04d", i) }

// A caller acquires and releases a lock that nobody else wants.
type caller struct {
	client  *wsclient.Client
	name    string
	options *wsclient.AcquireOptions
	newest  int64 // the greatest token so far
}

// acquire waits for the lock and returns how long that took.
func (c *caller) acquire() (*wsclient.Lock, time.Duration, error) {
	start := time.Now()
	lock, err := c.client.Acquire(context.Background(), c.name, c.options)
	took := time.Since(start)
	if err != nil {
		return nil, took, err
	}
	if token := lock.Token(); token <= c.newest {
		return nil, took, fmt.Errorf("%s was granted with token %d after one with %d", c.name, token, c.newest)
	}
	c.newest = lock.Token()
	return lock, took, nil
}

// pair acquires and releases the lock, and returns how long that took.
func (c *caller) pair() (time.Duration, error) {
	start := time.Now()
	lock, _, err := c.acquire()
	if err != nil {
		return 0, err
	}
	err = lock.Release()
	return time.Since(start), err
}

// A contestedLock is a lock that many callers want.
type contestedLock struct {
	name    string
	options *wsclient.AcquireOptions
	holders atomic.Int64
	newest  atomic.Int64 // the greatest token so far
	freed   atomic.Int64 // nanoseconds from start to the latest release
	start   time.Time
}

// contested returns a contender of callers that share the clients and all want one lock, with the options.
func contested(
	name, lock string, clients []*wsclient.Client, callers int, options *wsclient.AcquireOptions,
) *contender {
	c := &contender{name: name}
	c.contest(lock, clients, callers, options)
	return c
}

// contest adds callers that share the clients and all want one lock.
func (c *contender) contest(
	lock string, clients []*wsclient.Client, callers int, options *wsclient.AcquireOptions,
) {
	h := &contestedLock{name: lock, options: options, start: time.Now()}
	for i := range callers {
		client := clients[i%len(clients)]
		handOver := func() (time.Duration, error) { return h.handOver(client) }
		c.workers = append(c.workers, &worker{once: handOver})
	}
	c.flight++
}

// handOver acquires and releases the lock. It returns how long nobody held the lock before.
func (h *contestedLock) handOver(client *wsclient.Client) (time.Duration, error) {
	lock, err := client.Acquire(context.Background(), h.name, h.options)
	if err != nil {
		return 0, err
	}
	at := time.Since(h.start)
	took := at - time.Duration(h.freed.Load())
	if n := h.holders.Add(1); n != 1 {
		err = fmt.Errorf("%s has %d holders at once", h.name, n)
	}
	if token, newest := lock.Token(), h.newest.Load(); token <= newest {
		err = fmt.Errorf("%s was granted with token %d after one with %d", h.name, token, newest)
	} else {
		h.newest.Store(token)
	}
	h.holders.Add(-1)
	h.freed.Store(int64(time.Since(h.start)))
	if released := lock.Release(); err == nil {
		err = released
	}
	return took, err
}
