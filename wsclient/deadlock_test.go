package wsclient_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// If two holders want each other's lock, the second is refused at once, and the error says why. The first gets its
// lock when the second has released its own.
func TestDeadlock(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		create := dial(t, b, wsclient.Options{Author: "create_user"})
		report := dial(t, b, wsclient.Options{Author: "report"})
		first := make(chan error, 1)
		err := create.WithLock(t.Context(), "a", nil, func(ctx context.Context) error {
			go func() {
				first <- report.WithLock(t.Context(), "b", nil, func(ctx context.Context) error {
					return report.WithLock(ctx, "a", nil,
						func(context.Context) error { return nil })
				})
			}()
			synctest.Wait()
			start := time.Now()
			err := create.WithLock(ctx, "b", &wsclient.AcquireOptions{Wait: time.Hour},
				func(context.Context) error {
					t.Error("the callback runs without the lock")
					return nil
				})
			if took := time.Since(start); took != 0 {
				t.Errorf("refused after %v, want at once", took)
			}
			if _, err := create.TryAcquire(ctx, "b", nil); !errors.Is(err, wsclient.ErrUnavailable) {
				t.Errorf("TryAcquire, which does not wait: got %v, want ErrUnavailable", err)
			}
			return err
		})
		var refusal *wsclient.Error
		if !errors.Is(err, wsclient.ErrDeadlock) || !errors.As(err, &refusal) || len(refusal.Cycle) != 2 {
			t.Fatalf("got %v, want ErrDeadlock with a cycle of two", err)
		}
		want := `acquire "b": deadlock: ` + refusal.Message +
			`: create_user (` + create.Session() + `--1) waits for b, held by report (` + report.Session() +
			`--0), which waits for a, held by create_user`
		if err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if err := <-first; err != nil {
			t.Errorf("the first: %v", err)
		}
		if got := listing(t, create); len(got) != 0 {
			t.Errorf("left behind: %v", got)
		}
	})
}

// A holder of a shared lock that acquires the same lock exclusively is refused, because it would wait for itself.
func TestDeadlockOfOne(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b, wsclient.Options{Author: "report"})
		shared := wsclient.AcquireOptions{Mode: wsclient.Shared}
		err := c.WithLock(t.Context(), "a", &shared, func(ctx context.Context) error {
			if _, err := c.TryAcquire(ctx, "a", nil); !errors.Is(err, wsclient.ErrUnavailable) {
				t.Errorf("TryAcquire, which does not wait: got %v, want ErrUnavailable", err)
			}
			_, err := c.Acquire(ctx, "a", nil)
			return err
		})
		var refusal *wsclient.Error
		if !errors.Is(err, wsclient.ErrDeadlock) || !errors.As(err, &refusal) {
			t.Fatalf("got %v, want ErrDeadlock", err)
		}
		want := `acquire "a": deadlock: ` + refusal.Message + `: report (` + c.Session() +
			`--2) waits for a, held by report`
		if err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
}
