package broker_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

// A memoryStore is a cluster.Store in memory. Each broker has its own link to it, which can be cut.
type memoryStore struct {
	mu       sync.Mutex
	head     cluster.Head
	sessions map[string]cluster.Session
}

func (s *memoryStore) owner() cluster.Owner {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head.Owner
}

// A storeLink is how one broker reaches the store.
type storeLink struct {
	*memoryStore
	mu      sync.Mutex
	cut     bool
	refuses bool // see refuseWrites
	refused bool
}

var errCut = errors.New("the store cannot be reached")

const storeLatency = 2 * time.Millisecond

func (l *storeLink) pass() error {
	pass(storeLatency)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return errCut
	}
	return nil
}

func (l *storeLink) setCut(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
}

// refuseWrites makes it take no more writes after the next one that makes a broker the owner.
func (l *storeLink) refuseWrites() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuses = true
}

// takeWrites makes it take writes again.
func (l *storeLink) takeWrites() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuses, l.refused = false, false
}

// takes reports whether it takes a write.
func (l *storeLink) takes(w *cluster.Write) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	takes := !l.refused
	l.refused = l.refused || l.refuses && w.Owner != nil
	return takes
}

func (l *storeLink) Head(context.Context) (cluster.Head, error) {
	if err := l.pass(); err != nil {
		return cluster.Head{}, err
	}
	l.memoryStore.mu.Lock()
	defer l.memoryStore.mu.Unlock()
	return l.head, nil
}

func (l *storeLink) Sessions(context.Context) ([]cluster.Session, error) {
	if err := l.pass(); err != nil {
		return nil, err
	}
	l.memoryStore.mu.Lock()
	defer l.memoryStore.mu.Unlock()
	return slices.Collect(maps.Values(l.sessions)), nil
}

func (l *storeLink) Write(_ context.Context, w cluster.Write) (cluster.Head, error) {
	if err := l.pass(); err != nil {
		return cluster.Head{}, fmt.Errorf("%w: %w", cluster.ErrNotApplied, err)
	}
	if !l.takes(&w) {
		return cluster.Head{}, fmt.Errorf("%w: %w", cluster.ErrNotApplied, errCut)
	}
	s := l.memoryStore
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.head.Revision == w.Guard {
		s.head.Beat = w.Beat
		s.head.Revision.Beat++
		if w.Owner != nil {
			s.head.Owner = *w.Owner
			s.head.Revision.Owner++
		}
		for _, session := range w.Put {
			s.sessions[session.ID] = session
		}
		for _, id := range w.Delete {
			delete(s.sessions, id)
		}
	}
	return s.head, nil
}

// A clusterRig is several brokers in memory, in a bubble.
type clusterRig struct {
	t     *testing.T
	store *memoryStore

	mu    sync.Mutex // of rigs: the brokers reach one another while others are added
	rigs  []*rig
	links []*storeLink
	gone  func() (net.Conn, error) // dials the first broker; nil: it is reachable

	tb         testing.TB        // hears of brokers that end with an error
	passes     bool              // standbys pass clients on
	transports []*http.Transport // by which the brokers reach one another
	log        testLog           // of all of them
}

const takeover = 5 * time.Second

// inCluster runs f with brokers of one cluster. The first becomes the owner.
func inCluster(t *testing.T, brokers int, f func(c *clusterRig)) {
	t.Helper()
	inClusterThat(t, false, brokers, f)
}

// inClusterThat is inCluster with standbys that pass clients on, or refuse them.
func inClusterThat(t *testing.T, passes bool, brokers int, f func(c *clusterRig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := &memoryStore{sessions: make(map[string]cluster.Session)}
		c := &clusterRig{t: t, tb: t, passes: passes, store: store}
		for n := range brokers {
			c.add(n)
			pass(time.Second)
		}
		f(c)
		for _, r := range c.rigs {
			r.server.Stop()
		}
		for _, transport := range c.transports {
			transport.CloseIdleConnections()
		}
	})
}

func (c *clusterRig) add(n int) { c.addAt(fmt.Sprintf("ws://b%d.test:27002", n)) }

// addAt adds a broker that says that it is at an address.
func (c *clusterRig) addAt(address string) {
	c.t.Helper()
	c.addThrough(address, c.transport())
}

// addThrough is addAt for a broker that reaches the others through transport.
func (c *clusterRig) addThrough(address string, transport *http.Transport) {
	c.t.Helper()
	link := &storeLink{memoryStore: c.store}
	c.transports = append(c.transports, transport)
	b, err := broker.New(broker.Config{Drain: broker.None, Logger: c.log.logger(), Cluster: &broker.Cluster{
		Store: link, Transport: transport, Address: address,
		Takeover: takeover, Refuse: !c.passes,
	}})
	if err != nil {
		c.t.Fatal(err)
	}
	r := &rig{t: c.t, broker: b}
	b.Rig(func() string { return wiretest.Session(r.next.Load().(string)) })
	r.server = brokertest.Serve(c.tb, b)
	c.links = append(c.links, link)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rigs = append(c.rigs, r)
}

// transport connects brokers with one another.
func (c *clusterRig) transport() *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			var n int
			if _, err := fmt.Sscanf(address, "b%d.test:27002", &n); err != nil {
				return nil, err
			}
			c.mu.Lock()
			to, gone := c.rigs[n].server, c.gone
			c.mu.Unlock()
			if n == 0 && gone != nil {
				return gone()
			}
			return to.Dial(ctx, network, address)
		},
	}
}

// owner waits until one of the brokers is the owner, and returns it.
func (c *clusterRig) owner() *rig {
	c.t.Helper()
	for range 10_000 {
		for _, r := range c.rigs {
			if r.broker.Serves() {
				return r
			}
		}
		pass(time.Millisecond)
	}
	c.t.Fatal("no broker is the owner")
	return nil
}

// When the owner is cut off from the store, another broker takes over. Who is kept goes on there with what it holds.
// Nobody else is granted it.
func TestTakeover(t *testing.T) {
	inCluster(t, 2, func(c *clusterRig) {
		first, second := c.rigs[0], c.rigs[1]
		a := first.connectLasting("a", "kept")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		a.expect() // it is not on record yet
		pass(time.Second)
		token := int(a.grantedToken("aaaaaaaa--0"))
		c.links[0].setCut(true)
		pass(takeover + time.Second)
		<-a.ended // the first broker has closed its connections: it cannot answer any more

		b := second.connectLasting("b", "kept")
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		pass(time.Second)
		b.expect()
		d := second.connectLasting("d", "kept")
		d.resume("a", holdX(token))
		pass(time.Second)
		d.expect(`{"type":"resumed","id":"dddddddd--0","held":[0]}`)
		d.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		d.expect(`{"type":"released","id":"aaaaaaaa--0"}`)
		pass(time.Second)
		if got := int(b.grantedToken("bbbbbbbb--0")); got <= token {
			t.Errorf("token %d after %d", got, token)
		}
		second.left(b, d)
		c.links[0].setCut(false)
		pass(time.Second)
		if first.broker.Serves() {
			t.Error("the first broker has not noticed that another one has taken over")
		}
	})
}
