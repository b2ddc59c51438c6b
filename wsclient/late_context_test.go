package wsclient_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// The context of a lock is made when the caller first asks for it. There is only one. It ends with the lock, whenever
// it was made.
func TestContextMadeLate(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		type key struct{}
		c := dial(t, b)
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		early := acquire(ctx, t, c, "early", wsclient.AcquireOptions{})
		late := acquire(ctx, t, c, "late", wsclient.AcquireOptions{})
		released := acquire(ctx, t, c, "released", wsclient.AcquireOptions{})
		cancel() // it bounds only the wait

		contexts := make([]context.Context, 10)
		var all sync.WaitGroup
		for n := range contexts {
			all.Go(func() { contexts[n] = early.Context() })
		}
		all.Wait()
		for _, ctx := range contexts {
			if ctx != early.Context() || ctx.Err() != nil || ctx.Value(key{}) != "value" {
				t.Fatalf("got %v, want a context that has not ended", ctx)
			}
		}
		if lock, _ := wsclient.LockFrom(early.Context()); lock != early {
			t.Error("the context does not carry the lock")
		}

		if err := released.Release(); err != nil {
			t.Error(err)
		}
		_ = c.Close()
		for _, lock := range []*wsclient.Lock{early, late} {
			expectLost(t, context.Cause(lock.Context()), wsclient.LostClosed)
			if lock.Context().Value(key{}) != "value" {
				t.Error("the context has lost its values")
			}
		}
		if cause := context.Cause(released.Context()); !errors.Is(cause, wsclient.ErrReleased) {
			t.Errorf("released: got %v", cause)
		}
	})
}
