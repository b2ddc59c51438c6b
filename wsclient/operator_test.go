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

// An operator evicts a holder, who learns who did it and why, and then a waiter.
func TestEvict(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, ops := dial(t, b), dial(t, b, wsclient.Options{Label: "ops"})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		next := make(chan *wsclient.Lock, 1)
		go func() { next <- acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{}) }()
		synctest.Wait()

		if err := ops.Evict(t.Context(), wsclient.ID{Session: c.Session()}, "stuck since noon"); err != nil {
			t.Fatal(err)
		}
		<-held.Context().Done()
		want := wsclient.LostError{Reason: wsclient.LostEvicted, By: "ops", Message: "stuck since noon"}
		var lost *wsclient.LostError
		if cause := context.Cause(held.Context()); !errors.As(cause, &lost) ||
			lost.Reason != want.Reason || lost.By != want.By || lost.Message != want.Message {
			t.Errorf("cause: got %v, want %v", cause, &want)
		}
		expectLost(t, held.Release(), wsclient.LostEvicted)

		second := <-next
		waiting := make(chan error, 1)
		go func() {
			_, err := c.Acquire(t.Context(), "a", nil)
			waiting <- err
		}()
		synctest.Wait()
		if err := ops.Evict(t.Context(), wsclient.ID{Session: c.Session(), N: 2}, "no more"); err != nil {
			t.Fatal(err)
		}
		err := <-waiting
		if !errors.Is(err, wsclient.ErrEvicted) || err.Error() != `acquire "a": evicted by ops: no more` {
			t.Errorf("the waiter: got %v", err)
		}
		if err := second.Release(); err != nil {
			t.Error(err)
		}
	})
}

// An eviction needs a request that exists, and a message of at most 256 bytes.
func TestEvictRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		own := c.Session() + "--0"
		_ = held.Release()
		for _, test := range []struct {
			id, message string
			want        error
		}{
			{own, "it is over", wsclient.ErrNotFound},
			{"nobodyat--0", "", wsclient.ErrNotFound},
			{"", "", wsclient.ErrBadRequest},
			{"a", "", wsclient.ErrBadRequest},
			{"k3v9x2mq--01", "", wsclient.ErrBadRequest},
			{own, strings.Repeat("x", 257), wsclient.ErrBadRequest},
		} {
			err := c.Evict(t.Context(), wire.ParseID(test.id), test.message)
			var refusal *wsclient.Error
			if !errors.Is(err, test.want) || !errors.As(err, &refusal) {
				t.Errorf("%q: got %v, want %v", test.id, err, test.want)
			}
		}
		want := `evict a: bad_request: want the id of a request, such as k3v9x2mq--0, not "a"`
		if err := c.Evict(t.Context(), wire.ParseID("a"), ""); err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
}

// Why leads from a waiter to the request that all of them depend on.
func TestWhy(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		report := dial(t, b, wsclient.Options{Author: "report"})
		create := dial(t, b, wsclient.Options{Author: "create_user"})
		r, c := report.Session(), create.Session()

		a := acquire(t.Context(), t, create, "a", wsclient.AcquireOptions{})
		x := acquire(t.Context(), t, report, "x", wsclient.AcquireOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		wait := func(ctx context.Context, client *wsclient.Client, name string) {
			go func() {
				_, err := client.Acquire(ctx, name, nil)
				done <- err
			}()
			synctest.Wait()
		}
		wait(context.WithValue(x.Context(), jobKey{}, nil), report, "a") // it waits for a inside x
		wait(ctx, create, "x")
		wait(ctx, create, "x")

		why := func(id string) string {
			chain, err := create.Why(t.Context(), wire.ParseID(id))
			if err != nil {
				t.Error(err)
			}
			return wsclient.Explain(chain)
		}
		want := "create_user (" + c + "--1) waits for x, held by report (" + r + "--0)" +
			", which waits for a, held by create_user (" + c + "--0)"
		if got := why(c + "--1"); got != want {
			t.Errorf("the first: got\n     %s\nwant %s", got, want)
		}
		if got := why(c + "--0"); got != "" {
			t.Errorf("a holder: got %s", got)
		}
		chain, err := create.WhyLock(t.Context(), "x")
		if got := wsclient.Explain(chain); err != nil || got != want {
			t.Errorf("the lock: got %v,\n     %s\nwant %s", err, got, want)
		}
		if chain, err := create.WhyLock(t.Context(), "free"); err != nil || len(chain) != 0 {
			t.Errorf("a free lock: got %v, %v", chain, err)
		}

		for id, want := range map[string]error{c + "--99": wsclient.ErrNotFound, "x": wsclient.ErrBadRequest} {
			if _, err := create.Why(t.Context(), wire.ParseID(id)); !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", id, err, want)
			}
		}
		if _, err := create.WhyLock(t.Context(), ""); !errors.Is(err, wsclient.ErrBadRequest) {
			t.Errorf("no name: got %v, want ErrBadRequest", err)
		}

		cancel()
		for range 2 {
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		_ = report.Close()
		if err := <-done; !errors.Is(err, wsclient.ErrClosed) {
			t.Error(err)
		}
		_ = a.Release()
	})
}

// A call of an operator ends with its context, and leaves nothing behind.
func TestOperatorGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := stageClient(t)
		for _, call := range []func(context.Context) error{
			func(ctx context.Context) error { return a.client.Evict(ctx, wire.ParseID("bbbbbbbb--1"), "") },
			func(ctx context.Context) error {
				_,
					err := a.client.Why(ctx, wire.ParseID("bbbbbbbb--1"))
				return err
			},
			func(ctx context.Context) error { _, err := a.client.WhyLock(ctx, "a"); return err },
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want DeadlineExceeded", err)
			}
			cancel()
		}
		if open := wsclient.Open(a.client); open != 0 {
			t.Errorf("%d are still open", open)
		}
	})
}
