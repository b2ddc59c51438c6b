package wsclient_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// However the callback ends, the lock is released, and the callback's context ends with the cause ErrReleased.
func TestWithLockReleases(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name  string
		leave func() error
		err   error
		panic any
	}{
		{"success", func() error { return nil }, nil, nil},
		{"error", func() error { return boom }, boom, nil},
		{"panic", func() error { panic("boom") }, nil, "boom"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *brokertest.Server) {
				c := dial(t, b)
				var inside context.Context
				var panicked any
				var err error
				func() {
					defer func() { panicked = recover() }()
					err = c.WithLock(t.Context(), "a", nil, func(ctx context.Context) error {
						inside = ctx
						if got := listing(t, c)["a"]; got != [2]int{1, 0} {
							t.Errorf("while the callback runs: got %v, want one holder",
								got)
						}
						return test.leave()
					})
				}()
				if err != test.err || panicked != test.panic { //nolint:errorlint // identity
					t.Errorf("got %v, panic %v; want %v, panic %v", err, panicked, test.err,
						test.panic)
				}
				cause := context.Cause(inside)
				if cause != wsclient.ErrReleased { //nolint:errorlint // identity is promised
					t.Errorf("cause of the callback's context: got %v, want ErrReleased", cause)
				}
				if got := listing(t, c); len(got) != 0 {
					t.Errorf("left behind: %v", got)
				}
			})
		})
	}
}

// The callback does not run if the lock is not granted in time. The error says who holds it, and since when.
func TestWithLockTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		holder := dial(t, b, wsclient.Options{Label: "billing@host7:812", Author: "nightly_report"})
		held := acquire(t.Context(), t, holder, "a", wsclient.AcquireOptions{})
		pass(3 * time.Second)

		c := dial(t, b)
		start := time.Now()
		err := c.WithLock(t.Context(), "a", &wsclient.AcquireOptions{Wait: 2 * time.Second},
			func(context.Context) error {
				t.Error("the callback runs without the lock")
				return nil
			})
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("waited for %v, want 2s", took)
		}
		var refusal *wsclient.Error
		if !errors.Is(err, wsclient.ErrTimeout) || !errors.As(err, &refusal) {
			t.Fatalf("got %v, want ErrTimeout", err)
		}
		want := `acquire "a": timeout: not granted within 2s; held by @nightly_report (#` + holder.Session() +
			`--0, billing@host7:812) for 5s`
		if err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if err := held.Release(); err != nil {
			t.Error(err)
		}
		if got := listing(t, c); len(got) != 0 {
			t.Errorf("left behind: %v", got)
		}
	})
}

func TestTryAcquire(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, other := dial(t, b), dial(t, b)
		held, err := c.TryAcquire(t.Context(), "a", nil)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := other.TryAcquire(t.Context(), "a",
			&wsclient.AcquireOptions{Wait: time.Hour}); !errors.Is(err, wsclient.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("waited for %v", took)
		}
		if err := held.Release(); err != nil {
			t.Error(err)
		}
		if err := held.Release(); err != nil {
			t.Errorf("releasing again: %v", err)
		}
	})
}

// A limit admits that many holders. Several locks are held as one, with one token. Tokens rise.
func TestModes(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		two := wsclient.AcquireOptions{Mode: wsclient.Shared, Limit: 2}
		first := acquire(t.Context(), t, c, "seats", two)
		second := acquire(t.Context(), t, c, "seats", two)
		if _, err := c.TryAcquire(t.Context(), "seats", &two); !errors.Is(err, wsclient.ErrUnavailable) {
			t.Errorf("the third of two: got %v, want ErrUnavailable", err)
		}
		if first.Token() >= second.Token() {
			t.Errorf("tokens do not rise: %d, %d", first.Token(), second.Token())
		}
		_ = first.Release()
		both := acquire(t.Context(), t, c, "seats", wsclient.AcquireOptions{
			Mode: wsclient.Shared,
			Also: []wsclient.LockSpec{{Name: "log", Mode: wsclient.Shared}, {Name: "index"}},
		})
		if got := listing(t, c); got["seats"][0] != 2 || got["log"][0] != 1 || got["index"][0] != 1 {
			t.Errorf("got %v", got)
		}
		_ = second.Release()
		_ = both.Release()
		if got := listing(t, c); len(got) != 0 {
			t.Errorf("left behind: %v", got)
		}
	})
}

// An invalid request fails before it is sent, and costs nothing.
func TestBadRequests(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		for name, o := range map[string]*wsclient.AcquireOptions{
			"":           nil,
			"\xff":       nil,
			"author":     {Author: "\xff"},
			"negative":   {Wait: -1},
			"limit":      {Limit: 3},
			"limit zero": {Mode: wsclient.Shared, Limit: -1},
			"hold":       {Hold: 330*24*time.Hour + 1},
		} {
			if _, err := c.Acquire(t.Context(), name, o); !errors.Is(err, wsclient.ErrBadRequest) {
				t.Errorf("%q, %+v: got %v, want ErrBadRequest", name, o, err)
			}
		}
		for _, err := range c.Info(t.Context(), &wsclient.InfoOptions{Match: "["}) {
			if !errors.Is(err, wsclient.ErrBadRequest) {
				t.Errorf("a bad glob: got %v, want ErrBadRequest", err)
			}
		}
		if c.Err() != nil {
			t.Errorf("the connection has ended: %v", c.Err())
		}
	})
}
