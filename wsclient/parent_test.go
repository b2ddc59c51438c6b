package wsclient_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// Goroutines inside one lock compete for another lock, and each of them gets it, because its holder waits for
// nothing. On a semaphore of two, the third waits, too.
func TestGoroutinesInsideOneLock(t *testing.T) {
	for name, options := range map[string]wsclient.AcquireOptions{
		"exclusive": {}, "semaphore": {Mode: wsclient.Shared, Limit: 2},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *brokertest.Server) {
				c := dial(t, b)
				linger := func(ctx context.Context) error {
					time.Sleep(time.Second) //nolint:forbidigo // virtual time; the others wait
					return ctx.Err()
				}
				err := c.WithLock(t.Context(), "outer", nil, func(ctx context.Context) error {
					done := make(chan error)
					for range 4 {
						go func() { done <- c.WithLock(ctx, "inner", &options, linger) }()
					}
					return errors.Join(<-done, <-done, <-done, <-done)
				})
				if err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A call with the outer context looks like another goroutine there. It waits for itself until its Wait is over. With
// the inner context, nothing is sent.
func TestContextFromOutside(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		err := c.WithLock(t.Context(), "outer", nil, func(outside context.Context) error {
			return c.WithLock(outside, "a", nil, func(ctx context.Context) error {
				again := wsclient.AcquireOptions{Wait: time.Minute}
				if _, err := c.Acquire(outside, "a", &again); !errors.Is(err, wsclient.ErrTimeout) {
					t.Errorf("with the context from outside: got %v, want ErrTimeout", err)
				}
				return c.WithLock(ctx, "a", &again, func(context.Context) error { return nil })
			})
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A program that is started under a lock names its parent. Here a starts ab, and b starts ba.
func TestProgramsThatStartOneAnother(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		ab, ba := dial(t, b, wsclient.Options{Author: "ab"}), dial(t, b, wsclient.Options{Author: "ba"})
		inA := acquire(t.Context(), t, dial(t, b, wsclient.Options{Author: "a"}), "a",
			wsclient.AcquireOptions{})
		inB := acquire(t.Context(), t, dial(t, b, wsclient.Options{Author: "b"}), "b",
			wsclient.AcquireOptions{})
		first := make(chan error)
		go func() {
			first <- ab.WithLock(t.Context(), "b", &wsclient.AcquireOptions{Parent: inA.ID()},
				func(context.Context) error {
					return nil
				})
		}()
		synctest.Wait()
		for lock, err := range ab.Info(t.Context(), &wsclient.InfoOptions{Match: "b"}) {
			if err != nil || lock.Waiters[0].Parent != inA.ID() {
				t.Errorf("listed: %+v, %v; want the parent %s", lock, err, inA.ID())
			}
		}
		_, err := ba.Acquire(t.Context(), "a", &wsclient.AcquireOptions{Parent: inB.ID()})
		if !errors.Is(err, wsclient.ErrDeadlock) {
			t.Fatalf("got %v, want ErrDeadlock", err)
		}
		want := `acquire "a": deadlock: waiting for a could never end: ba (` + ba.Session() +
			`--0) waits for a, held by a (` + inA.ID().String() + `), inside which ab (` + ab.Session() +
			`--0) waits for b, held by b (` + inB.ID().String() + `), inside which ba (` + ba.Session() +
			`--0) was made`
		if err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		_ = inB.Release()
		if err := <-first; err != nil {
			t.Error(err)
		}
		_ = inA.Release()
	})
}

// A lock that is acquired again inside itself has the id of the outer lock. But a program that is started there is
// also inside the lock between the two.
func TestParentFrom(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, other := dial(t, b), dial(t, b)
		a := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		inner := acquire(a.Context(), t, c, "b", wsclient.AcquireOptions{})
		again := acquire(inner.Context(), t, c, "a", wsclient.AcquireOptions{})
		if got := again.ID(); got != a.ID() {
			t.Errorf("a again: got the id %s, want %s", got, a.ID())
		}
		inside := wsclient.AcquireOptions{Parent: wsclient.ParentFrom(again.Context()), Wait: time.Minute}
		_, err := other.Acquire(t.Context(), "b", &inside)
		if !errors.Is(err, wsclient.ErrDeadlock) {
			t.Errorf("got %v, want ErrDeadlock", err)
		}
		_, _ = again.Release(), inner.Release()
		if got := wsclient.ParentFrom(inner.Context()); got != a.ID() {
			t.Errorf("b released: got %s, want %s", got, a.ID())
		}
		_ = a.Release()
		for _, ctx := range []context.Context{inner.Context(), t.Context()} {
			if got := wsclient.ParentFrom(ctx); !got.IsZero() {
				t.Errorf("outside all locks: got %s", got)
			}
		}
	})
}

// An id that cannot be a parent is refused. A lock that encloses the call takes precedence over the Parent option.
func TestParentOption(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, other := dial(t, b), dial(t, b)
		outer := acquire(t.Context(), t, other, "outer", wsclient.AcquireOptions{})
		inside := wsclient.AcquireOptions{Parent: outer.ID()}
		held := acquire(t.Context(), t, c, "a", inside)
		inner := acquire(held.Context(), t, c, "b", inside)
		for lock, err := range c.Info(t.Context(), &wsclient.InfoOptions{Match: "[ab]"}) {
			want := map[string]wsclient.ID{"a": outer.ID(), "b": held.ID()}[lock.Name]
			if err != nil || lock.Holders[0].Parent != want {
				t.Errorf("%s: got the parent %s, want %s; %v", lock.Name, lock.Holders[0].Parent, want,
					err)
			}
		}
		_, _, _ = inner.Release(), held.Release(), outer.Release()
		if _, err := c.Acquire(t.Context(), "a", &inside); !errors.Is(err, wsclient.ErrNotFound) {
			t.Errorf("after its release: got %v, want ErrNotFound", err)
		}
		for _, text := range []string{"a lock", "k3v9x2mq--", "k3v9x2mq--01", "\xff--1",
			strings.Repeat("a", 70_000) + "--1"} {
			if id, err := wsclient.ParseID(text); !errors.Is(err, wsclient.ErrBadRequest) || !id.IsZero() {
				t.Errorf("parse %.40q: got %v, %v, want ErrBadRequest", text, id, err)
			}
			parent := wire.ParseID(text)
			if _, err := c.Why(t.Context(), parent); !errors.Is(err, wsclient.ErrBadRequest) {
				t.Errorf("why %.40q: got %v, want ErrBadRequest", text, err)
			}
			_, err := c.Acquire(t.Context(), "a", &wsclient.AcquireOptions{Parent: parent})
			if !errors.Is(err, wsclient.ErrBadRequest) {
				t.Errorf("%.40q: got %v, want ErrBadRequest", text, err)
			}
		}
		_, err := c.Acquire(t.Context(), "a", &wsclient.AcquireOptions{Parent: held.ID(), Steal: true})
		if !errors.Is(err, wsclient.ErrBadRequest) {
			t.Errorf("with Steal: got %v, want ErrBadRequest", err)
		}
	})
}

// A parent in another program may outlive the connection. A request that waits inside it is submitted again with that
// parent.
func TestParentOverReconnect(t *testing.T) {
	onLink(t, func(t *testing.T, b *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		other := dial(t, b)
		outer := acquire(t.Context(), t, other, "outer", wsclient.AcquireOptions{})
		holder := acquire(t.Context(), t, other, "a", wsclient.AcquireOptions{})
		waits := startAcquire(t.Context(), c, "a", &wsclient.AcquireOptions{Parent: outer.ID()})
		link.Cut()
		pass(time.Second)
		for lock, err := range other.Info(t.Context(), &wsclient.InfoOptions{Match: "a"}) {
			if err != nil || len(lock.Waiters) != 1 || lock.Waiters[0].Parent != outer.ID() {
				t.Errorf("got %+v, %v; want a waiter with the parent %s", lock.Waiters, err,
					outer.ID())
			}
		}
		_ = holder.Release()
		<-waits.done
		if waits.err != nil {
			t.Fatal(waits.err)
		}
		_, _ = waits.lock.Release(), outer.Release()
	})
}
