package wsclient_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// These tests are about what a client does while its session has no connection.

// Without a connection, the lease ends as always. What waits goes on waiting, and is taken up even then.
func TestLeaseEndsWithoutAConnection(t *testing.T) {
	onSteady(t, wsclient.Options{Resume: true}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
		lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		waits := startAcquire(t.Context(), c, "busy", nil)
		left, kept := lock.Lease()
		b.away.Store(true)
		b.cut()
		pass(left - time.Millisecond)
		if !lock.Valid() {
			t.Error("the lock is lost too soon")
		}
		pass(time.Millisecond)
		cause := context.Cause(lock.Context())
		expectLost(t, cause, wsclient.LostLease)
		var lost *wsclient.LostError
		if errors.As(cause, &lost) && lost.Left() != kept-left {
			t.Errorf("left %v, want %v", lost.Left(), kept-left)
		}
		const why = "the broker or the network has closed it, and within 10s there was no other"
		if !strings.HasSuffix(cause.Error(), why) || !errors.Is(cause, wsclient.ErrConnection) {
			t.Errorf("got %v, want ... %s", cause, why)
		}
		b.away.Store(false)
		pass(2 * time.Second)
		said := b.statements()[0]
		if len(said.Held) != 1 || len(said.Waiting) != 1 {
			t.Errorf("the client stated %+v, want the lock of the stale holder, and what waits", said)
		}
		b.expectSent("acquire", "acquire", "resume")
		pass(kept)
		b.expectSent("acquire", "acquire", "resume", "cancel")
		if waits.isDone() {
			t.Errorf("the waiter: %v", waits.err)
		}
	})
}

// A release without a connection returns when the session is taken up, or when its context ends.
func TestReleaseWithoutAConnection(t *testing.T) {
	onSteady(t, wsclient.Options{Resume: true}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
		var locks []*wsclient.Lock
		for _, o := range []wsclient.AcquireOptions{{}, {}, {AsyncRelease: true}} {
			locks = append(locks, acquire(t.Context(), t, c, "a", o))
		}
		b.away.Store(true)
		b.cut()
		synctest.Wait()
		released := make(chan error, 1)
		go func() { released <- locks[0].Release() }()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := locks[1].ReleaseContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ReleaseContext returned %v", err)
		}
		if err := locks[2].Release(); err != nil {
			t.Errorf("an async Release returned %v", err)
		}
		if len(released) != 0 {
			t.Fatal("Release has returned without a confirmation")
		}
		b.away.Store(false)
		pass(2 * time.Second)
		if err := <-released; err != nil {
			t.Errorf("Release returned %v", err)
		}
		if err := locks[1].Release(); err != nil {
			t.Errorf("Release returned %v", err)
		}
		if n := c.LateLosses(); n != 0 {
			t.Errorf("%d late losses", n)
		}
		if said := b.statements()[0]; len(said.Held) != 0 {
			t.Errorf("the client stated %+v", said)
		}
		b.expectSent("acquire", "acquire", "acquire", "resume")
	})
}

// Calls without a connection: one that does not wait fails, and the others are sent with the old session's ids.
func TestCallsWithoutAConnection(t *testing.T) {
	onSteady(t, wsclient.Options{Resume: true}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
		outer := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		b.away.Store(true)
		b.cut()
		synctest.Wait()
		if _, err := c.TryAcquire(t.Context(), "b", nil); !errors.Is(err, wsclient.ErrConnection) {
			t.Errorf("TryAcquire returned %v", err)
		}
		waits := startAcquire(outer.Context(), c, "b", nil)
		again := acquire(outer.Context(), t, c, "a", wsclient.AcquireOptions{})
		if err := again.Release(); err != nil {
			t.Errorf("a lock inside the same lock: %v", err)
		}
		b.away.Store(false)
		<-waits.done
		if waits.err != nil || waits.lock.ID() != (wsclient.ID{Session: "session1", N: 1}) {
			t.Fatalf("got %v, %v", waits.lock, waits.err)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		inner := b.got[2].(*wire.Acquire)
		if inner.Parent != outer.ID() {
			t.Errorf("the parent is %v", inner.Parent)
		}
	})
}

// Close and Drain without a connection end the client. Drain first waits until the broker knows of all releases.
func TestCloseWithoutAConnection(t *testing.T) {
	onSteady(t, wsclient.Options{Resume: true}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
		lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		b.away.Store(true)
		b.cut()
		synctest.Wait()
		_ = c.Close()
		expectLost(t, context.Cause(lock.Context()), wsclient.LostClosed)
	})
	onSteady(t, wsclient.Options{Resume: true}, func(t *testing.T, b *steadyBroker, c *wsclient.Client) {
		lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{AsyncRelease: true})
		b.away.Store(true)
		b.cut()
		synctest.Wait()
		_ = lock.Release()
		drained := make(chan error, 1)
		go func() { drained <- c.Drain(context.Background()) }()
		pass(3 * time.Second)
		if len(drained) != 0 {
			t.Fatal("Drain has returned")
		}
		b.away.Store(false)
		if err := <-drained; err != nil {
			t.Error(err)
		}
		b.expectSent("acquire", "resume")
	})
}
