package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// In these tests a real broker takes up sessions.

// onKept runs f with a broker, and a client with Resume whose network can be cut.
func onKept(t *testing.T, f func(t *testing.T, b *brokertest.Server, link *brokertest.Link, c *wsclient.Client)) {
	t.Helper()
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		link := b.NewLink()
		f(t, b, link, dial(t, b, wsclient.Options{Resume: true, NetDial: link.Dial}))
	})
}

// A holder holds on, a waiter keeps its place before others that come meanwhile, and the broker frees what was
// released without a connection.
func TestBrokerTakesUpASession(t *testing.T) {
	onKept(t, func(t *testing.T, b *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		other := dial(t, b)
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		given := acquire(t.Context(), t, c, "b", wsclient.AcquireOptions{AsyncRelease: true})
		blocker := acquire(t.Context(), t, other, "c", wsclient.AcquireOptions{})
		waits := startAcquire(t.Context(), c, "c", nil)
		link.Cut()
		_ = given.Release()
		later := startAcquire(t.Context(), other, "c", nil)
		pass(time.Second)
		if _, err := other.TryAcquire(t.Context(), "a", nil); !errors.Is(err, wsclient.ErrUnavailable) {
			t.Errorf("a is free: %v", err)
		}
		if _, err := other.TryAcquire(t.Context(), "b", nil); err != nil {
			t.Errorf("b is not free: %v", err)
		}
		_ = blocker.Release()
		<-waits.done
		if waits.err != nil || later.isDone() || !held.Valid() {
			t.Errorf("the waiter: %v; one that came later is done: %t; a is valid: %t", waits.err,
				later.isDone(), held.Valid())
		}
		_ = waits.lock.Release()
		<-later.done
		if err := held.Release(); err != nil {
			t.Error(err)
		}
	})
}

// What an operator does while there is no connection is told when the session is taken up.
func TestEvictedWithoutAConnection(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		var away atomic.Bool
		link, other := b.NewLink(), dial(t, b)
		c := dial(t, b, wsclient.Options{Resume: true, NetDial: gated(&away, link.Dial)})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		_ = acquire(t.Context(), t, other, "b", wsclient.AcquireOptions{})
		waits := startAcquire(t.Context(), c, "b", nil)
		away.Store(true)
		link.Cut()
		pass(time.Second)
		if err := other.Evict(t.Context(), held.ID(), "stuck"); err != nil {
			t.Fatal(err)
		}
		if err := other.Evict(t.Context(), wsclient.ID{Session: held.ID().Session, N: 1}, ""); err != nil {
			t.Fatal(err)
		}
		away.Store(false)
		<-waits.done
		if !errors.Is(waits.err, wsclient.ErrEvicted) {
			t.Errorf("the waiter: %v", waits.err)
		}
		expectLost(t, context.Cause(held.Context()), wsclient.LostEvicted)
	})
}

// A statement of very many requests takes several messages.
func TestLongStatement(t *testing.T) {
	onKept(t, func(t *testing.T, b *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		const many = 2000
		var locks []*wsclient.Lock
		for n := range many {
			name := fmt.Sprintf("%0100d", n)
			locks = append(locks, acquire(t.Context(), t, c, name, wsclient.AcquireOptions{}))
		}
		session := c.Session()
		link.Cut()
		pass(time.Second)
		if c.Session() != session {
			t.Fatalf("session %q, want %q", c.Session(), session)
		}
		for _, lock := range locks {
			if !lock.Valid() || lock.Release() != nil {
				t.Fatalf("%v is lost", lock.ID())
			}
		}
		if left := listing(t, dial(t, b)); len(left) != 0 {
			t.Errorf("%d locks are left on the broker", len(left))
		}
	})
}

type netDialer func(ctx context.Context, network, address string) (net.Conn, error)

// gated refuses connections while away is set.
func gated(away *atomic.Bool, dial netDialer) netDialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if away.Load() {
			return nil, errors.New("connection refused")
		}
		return dial(ctx, network, address)
	}
}

// Whatever the network does, nobody is inside a lock at the same time as somebody else, no lock is lost while the
// client finds the broker in time, and in the end nothing is left.
func TestTurnsWhileConnectionsBreak(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *brokertest.Server) {
				dice := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // reproducible
				(&turns{t: t, dice: dice}).run(b)
				if left := listing(t, dial(t, b)); len(left) != 0 {
					t.Errorf("left: %v", left)
				}
			})
		})
	}
}

// turns are clients that take turns while their connections break.
type turns struct {
	t      *testing.T
	mu     sync.Mutex
	dice   *rand.Rand
	inside [3]atomic.Int32 // how many are inside each lock
	lost   atomic.Int32
	done   atomic.Int32
}

func (s *turns) below(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dice.IntN(n)
}

func (s *turns) run(b *brokertest.Server) {
	var workers, breakers sync.WaitGroup
	ctx, stop := context.WithCancel(s.t.Context())
	var clients []*wsclient.Client
	for range 4 {
		link := b.NewLink()
		c := dial(s.t, b, wsclient.Options{Resume: true, NetDial: link.Dial})
		clients = append(clients, c)
		for range 3 {
			workers.Go(func() { s.work(c) })
		}
		breakers.Go(func() {
			for ctx.Err() == nil {
				linger(ctx, time.Duration(s.below(3000))*time.Millisecond)
				link.Cut()
			}
		})
	}
	workers.Wait()
	stop()
	breakers.Wait()
	for _, c := range clients {
		if err := c.Drain(s.t.Context()); err != nil {
			s.t.Error(err)
		}
	}
	if s.lost.Load() > 0 || s.done.Load() < 300 {
		s.t.Errorf("%d locks were lost, in %d turns", s.lost.Load(), s.done.Load())
	}
}

func (s *turns) work(c *wsclient.Client) {
	for range 30 {
		n := s.below(len(s.inside))
		o := &wsclient.AcquireOptions{AsyncRelease: s.below(2) == 0}
		err := c.WithLock(s.t.Context(), fmt.Sprint("lock", n), o, func(ctx context.Context) error {
			if s.inside[n].Add(1) > 1 {
				s.t.Error("two are inside one lock")
			}
			linger(ctx, time.Duration(s.below(500))*time.Millisecond)
			s.inside[n].Add(-1)
			return nil
		})
		switch {
		case errors.Is(err, wsclient.ErrLost):
			s.lost.Add(1)
		case err != nil:
			s.t.Error(err)
		}
		s.done.Add(1)
	}
}

// linger lets virtual time pass, until ctx ends.
func linger(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// A broker with a state directory leaves its sessions to the next one. No option is needed for that.
func TestBrokerMoves(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		config := broker.Config{StateDir: dir}
		b := brokertest.Start(t, config)
		var current atomic.Pointer[brokertest.Server]
		current.Store(b)
		c := dial(t, b, wsclient.Options{NetDial: func(
			ctx context.Context, network, address string,
		) (net.Conn, error) {
			if now := current.Load(); now != nil {
				return now.Dial(ctx, network, address)
			}
			return nil, errors.New("connection refused")
		}})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		waits := startAcquire(t.Context(), c, "a", nil)
		current.Store(nil)
		b.Stop()
		pass(2 * time.Second)
		if !held.Valid() || waits.isDone() {
			t.Errorf("without a broker: valid %t, the waiter %v", held.Valid(), waits.err)
		}
		next := brokertest.Start(t, config)
		defer next.Stop()
		current.Store(next)
		pass(3 * time.Second)
		if c.State() != wsclient.Connected || !held.Valid() {
			t.Fatalf("%v, valid %t", c.State(), held.Valid())
		}
		if err := held.Release(); err != nil {
			t.Error(err)
		}
		<-waits.done
		if waits.err != nil || waits.lock.Token() <= held.Token() {
			t.Errorf("the waiter: %v", waits.err)
		}
		_ = c.Close()
	})
}
