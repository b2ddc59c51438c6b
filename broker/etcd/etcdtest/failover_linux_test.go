package etcdtest

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

var kills = flag.Int("kills", 3, "how often the owner is ended: in turns by SIGKILL, SIGTERM and SIGSTOP")

// TestFailover ends the owner of three brokers again and again, while clients that are kept hold locks, and others
// count under one. No two clients hold a lock, and no increment is lost. After each end, somebody is granted again.
func TestFailover(t *testing.T) {
	m := startMembers(t)
	brokers := startBrokerds(t, 3, m.endpoints())
	urls := urlsOf(brokers)
	owner := awaitOwner(t, brokers)
	h := hold(t, urls, 20)
	c := count(t, urls, 8)
	var pauses []time.Duration
	for n := range *kills {
		c.awaitGrants(5)
		how := []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGSTOP}[n%3]
		before := time.Now()
		if n%3 == 0 && n%2 == 1 {
			if leader := m.leader(); leader >= 0 { // with the owner of the locks, the leader of etcd
				m.stop(leader)
				defer m.start(leader)
			}
		}
		owner.signal(how)
		c.awaitGrants(5)      // those that were on their way come first
		candidates := brokers // a broker that was killed has started again, and may be the next owner
		if how == syscall.SIGSTOP {
			candidates = without(brokers, owner)
		}
		owner = awaitOwner(t, candidates)
		c.awaitGrants(5)
		pauses = append(pauses, time.Since(before))
		for _, b := range brokers {
			b.signal(syscall.SIGCONT)
		}
		if t.Failed() {
			break
		}
	}
	lost := h.finish()
	c.finish()
	slices.Sort(pauses)
	t.Logf("%d ends: %d of %d holders have lost their lock; grants again after %v", *kills, lost, h.total(), pauses)
	if t.Failed() {
		for _, b := range brokers {
			t.Logf("%s:\n%s", b.url, b.logged())
		}
	}
}

func urlsOf(brokers []*brokerd) string {
	var urls []string
	for _, b := range brokers {
		urls = append(urls, b.url)
	}
	return strings.Join(urls, ",")
}

func without(brokers []*brokerd, one *brokerd) []*brokerd {
	return slices.DeleteFunc(slices.Clone(brokers), func(b *brokerd) bool { return b == one })
}

// awaitOwner waits until one of the brokers is the owner.
func awaitOwner(t *testing.T, brokers []*brokerd) *brokerd {
	t.Helper()
	for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
		for _, b := range brokers {
			if b.isOwner() {
				tick.Stop()
				return b
			}
		}
		if t.Context().Err() != nil {
			t.Fatal("no broker is the owner")
		}
	}
}

func dial(t *testing.T, urls string) *wsclient.Client {
	t.Helper()
	client, err := wsclient.Dial(t.Context(), urls, &wsclient.Options{Resume: true, WaitForBroker: true})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Holders hold a lock each, all the time. Who has lost it takes it again.
type holders struct {
	cancel  context.CancelFunc
	ended   sync.WaitGroup
	grants  atomic.Int64
	losses  atomic.Int64
	clients []*wsclient.Client
}

func hold(t *testing.T, urls string, count int) *holders {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	h := &holders{cancel: cancel}
	var held sync.WaitGroup
	for n := range count {
		client := dial(t, urls)
		h.clients = append(h.clients, client)
		held.Add(1)
		first := sync.OnceFunc(held.Done)
		h.ended.Go(func() {
			for ctx.Err() == nil {
				lock, err := client.Acquire(ctx, fmt.Sprintf("held/%d", n), nil)
				if err != nil {
					continue
				}
				h.grants.Add(1)
				first()
				select {
				case <-lock.Context().Done():
					h.losses.Add(1)
				case <-ctx.Done():
					_ = lock.Release()
				}
			}
		})
	}
	held.Wait()
	return h
}

func (h *holders) total() int64 { return h.grants.Load() }

// finish ends the holders, and returns how many locks they have lost.
func (h *holders) finish() int64 {
	lost := h.losses.Load()
	h.cancel()
	h.ended.Wait()
	for _, c := range h.clients {
		_ = c.Close()
	}
	return lost
}

// Counters count under a lock: each reads a number, waits a moment, and writes the next one.
type counters struct {
	t       *testing.T
	cancel  context.CancelFunc
	ended   sync.WaitGroup
	grants  chan struct{}
	inside  atomic.Int32
	number  atomic.Int64 // read and written, never added to: only the lock protects it
	token   atomic.Int64
	done    atomic.Int64
	clients []*wsclient.Client
}

func count(t *testing.T, urls string, clients int) *counters {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c := &counters{t: t, cancel: cancel, grants: make(chan struct{}, 1<<20)}
	for range clients {
		client := dial(t, urls)
		c.clients = append(c.clients, client)
		c.ended.Go(func() {
			for ctx.Err() == nil {
				c.once(ctx, client)
			}
		})
	}
	return c
}

// once counts once. A client whose lock is lost before it has written does not write: it asks just before.
func (c *counters) once(ctx context.Context, client *wsclient.Client) {
	lock, err := client.Acquire(ctx, "counter", nil)
	if err != nil {
		return
	}
	defer func() { _ = lock.Release() }()
	if !lock.Valid() {
		return
	}
	if c.inside.Add(1) != 1 {
		c.t.Error("two clients hold the lock")
	}
	defer c.inside.Add(-1)
	if last := c.token.Load(); lock.Token() <= last {
		c.t.Errorf("token %d after %d", lock.Token(), last)
	}
	c.token.Store(lock.Token())
	next := c.number.Load() + 1
	time.Sleep(time.Millisecond) //nolint:forbidigo // what is done under the lock takes time
	if !lock.Valid() {
		return
	}
	c.number.Store(next)
	c.done.Add(1)
	c.grants <- struct{}{}
}

// awaitGrants waits until the lock was granted n times from now on.
func (c *counters) awaitGrants(n int) {
	for len(c.grants) > 0 {
		<-c.grants
	}
	for range n {
		<-c.grants
	}
}

func (c *counters) finish() {
	c.t.Helper()
	c.cancel()
	go func() {
		for range c.grants { // nobody waits for them any more
		}
	}()
	c.ended.Wait()
	for _, client := range c.clients {
		_ = client.Close()
	}
	if got, want := c.number.Load(), c.done.Load(); got != want {
		c.t.Errorf("counted to %d in %d steps", got, want)
	}
}
