package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// dialBroker makes clients, which are closed with the test.
func dialBroker(tb testing.TB, broker *process, n int) []*wsclient.Client {
	tb.Helper()
	clients := make([]*wsclient.Client, n)
	for i := range clients {
		client, err := wsclient.Dial(tb.Context(), "ws://"+broker.address, &wsclient.Options{Author: author, NoReconnect: true})
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = client.Close() })
		clients[i] = client
	}
	return clients
}

// ownLocks is so many callers, each with a lock of its own, that share the clients.
func ownLocks(name string, clients []*wsclient.Client, callers int) *contender {
	c := &contender{name: name, flight: callers}
	for i := range callers {
		caller := &caller{client: clients[i%len(clients)], name: lockName(i)}
		c.workers = append(c.workers, &worker{once: caller.pair})
	}
	return c
}

// lockName is that of a lock that only one caller wants. All are of the same length.
func lockName(i int) string { return fmt.Sprintf("orders/%04d", i) }

// A caller takes a lock that nobody else wants.
type caller struct {
	client *wsclient.Client
	name   string
	newest int64 // token
}

// acquire waits for the lock, and says how long that has taken.
func (c *caller) acquire() (*wsclient.Lock, time.Duration, error) {
	start := time.Now()
	lock, err := c.client.Acquire(context.Background(), c.name, nil)
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

// pair acquires the lock and releases it.
func (c *caller) pair() (time.Duration, error) {
	start := time.Now()
	lock, _, err := c.acquire()
	if err != nil {
		return 0, err
	}
	err = lock.Release()
	return time.Since(start), err
}

// handed is a lock that goes round.
type handed struct {
	name    string
	holders atomic.Int64
	newest  atomic.Int64 // token
	given   atomic.Int64 // nanoseconds after start, when it was given back last
	start   time.Time
}

// handRound is one lock that so many callers want, who share the clients.
func handRound(name, lock string, clients []*wsclient.Client, callers int) *contender {
	c := &contender{name: name, flight: 1}
	h := &handed{name: lock, start: time.Now()}
	for i := range callers {
		client := clients[i%len(clients)]
		c.workers = append(c.workers, &worker{once: func() (time.Duration, error) { return h.handOver(client) }})
	}
	return c
}

// handOver waits for the lock and gives it back. It has taken as long as nobody had it.
func (h *handed) handOver(client *wsclient.Client) (time.Duration, error) {
	lock, err := client.Acquire(context.Background(), h.name, nil)
	if err != nil {
		return 0, err
	}
	at := time.Since(h.start)
	took := at - time.Duration(h.given.Load())
	if n := h.holders.Add(1); n != 1 {
		err = fmt.Errorf("%s has %d holders at once", h.name, n)
	}
	if token, newest := lock.Token(), h.newest.Load(); token <= newest {
		err = fmt.Errorf("%s was granted with token %d after one with %d", h.name, token, newest)
	} else {
		h.newest.Store(token)
	}
	h.holders.Add(-1)
	h.given.Store(int64(time.Since(h.start)))
	if released := lock.Release(); err == nil {
		err = released
	}
	return took, err
}
