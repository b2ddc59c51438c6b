package etcdtest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
	"github.com/lockbroker/lockbroker/wsclient"
)

// Counters count under a lock: each reads two numbers, waits a moment, and writes the next ones.
type counters struct {
	t        *testing.T
	observed *observed
	cancel   context.CancelFunc
	ended    sync.WaitGroup
	clients  []*wsclient.Client
	inside   atomic.Int32
	guarded  number // protected by the lock alone
	fenced   number // protected by fencing tokens, too

	mu      sync.Mutex
	grants  []int64 // when they were, since the last pauseSince
	turns   []int   // how many grants each client got since the last awaitAll
	waiting chan struct{}
}

// A number is what the clients count. It remembers how many steps were made.
type number struct {
	mu                  sync.Mutex
	value, steps, token int64
}

// read returns the number. From then on, a client with a smaller token cannot write. 0 stands for no token.
func (n *number) read(token int64) int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.token = max(n.token, token)
	return n.value
}

// write writes the number, unless it was read with a greater token.
func (n *number) write(value, token int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if token >= n.token {
		n.value, n.steps = value, n.steps+1
	}
}

func count(t *testing.T, o *observed, brokers []*brokerd) *counters {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c := &counters{
		t: t, observed: o, cancel: cancel,
		turns: make([]int, countClients), waiting: make(chan struct{}, 1),
	}
	for n := range countClients {
		client := dial(t, urlsFrom(brokers, n), n >= *plain, nil)
		c.clients = append(c.clients, client)
		c.ended.Go(func() {
			for ctx.Err() == nil {
				c.once(ctx, client, n)
			}
		})
	}
	return c
}

// once counts once. A client whose lock is lost before it has written does not write: it asks just before.
func (c *counters) once(ctx context.Context, client *wsclient.Client, n int) {
	q := c.observed.call("counter")
	lock, err := client.Acquire(ctx, "counter", nil)
	if err != nil {
		c.observed.end(q, event.Failed, err)
		return
	}
	c.observed.granted(q, lock.Token())
	defer func() {
		if err := lock.Release(); err != nil {
			c.observed.end(q, event.Lost, err)
			return
		}
		c.observed.end(q, event.Released, nil)
	}()
	at := now()
	if !lock.Valid() {
		return
	}
	c.observed.held(q, at)
	if c.inside.Add(1) != 1 {
		c.t.Error("two clients hold the lock")
	}
	defer c.inside.Add(-1)
	if c.count(lock) {
		c.noteGrant(n)
	}
	if at := now(); lock.Valid() {
		c.observed.held(q, at)
	}
}

// count makes a step under the lock. It reports false if the lock was lost.
func (c *counters) count(lock *wsclient.Lock) bool {
	guarded, fenced := c.guarded.read(0), c.fenced.read(lock.Token())
	time.Sleep(time.Millisecond) //nolint:forbidigo // what is done under the lock takes time
	c.fenced.write(fenced+1, lock.Token())
	if !lock.Valid() {
		return false
	}
	c.guarded.write(guarded+1, 0)
	return true
}

func (c *counters) noteGrant(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.grants = append(c.grants, now())
	c.turns[n]++
	select {
	case c.waiting <- struct{}{}:
	default:
	}
}

// awaitAll waits until each client was granted twice from now on: the first grant may have been on its way.
func (c *counters) awaitAll() {
	c.t.Helper()
	c.mu.Lock()
	clear(c.turns)
	c.mu.Unlock()
	limit := time.NewTimer(longest)
	defer limit.Stop()
	for !c.allHad(2) {
		select {
		case <-c.waiting:
		case <-limit.C:
			c.t.Fatalf("not within %v: every client has counted", longest)
		}
	}
}

func (c *counters) allHad(turns int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, had := range c.turns {
		if had < turns {
			return false
		}
	}
	return true
}

// pauseSince returns the longest time without a grant since begin, and after which time it was over.
func (c *counters) pauseSince(begin int64) (pause, until time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := begin
	for _, at := range c.grants {
		if at < begin {
			continue
		}
		if gap := time.Duration(at - last); gap > pause {
			pause, until = gap, time.Duration(at-begin)
		}
		last = at
	}
	c.grants = nil
	return pause, until
}

func (c *counters) finish() {
	c.t.Helper()
	c.cancel()
	c.ended.Wait()
	for _, client := range c.clients {
		_ = client.Close()
	}
	for what, n := range map[string]*number{"the lock": &c.guarded, "the lock and tokens": &c.fenced} {
		if n.value != n.steps {
			c.t.Errorf("under %s, clients have counted to %d in %d steps", what, n.value, n.steps)
		}
	}
	c.t.Logf("counted to %d", c.fenced.value)
}
