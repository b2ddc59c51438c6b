package wsclient_test

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A name that repeats in one request counts once, and the strictest repeat counts. The rule is in PROTOCOL.md.
func TestRepeatedNames(t *testing.T) {
	shared := func(limit int) wsclient.LockSpec {
		return wsclient.LockSpec{Name: "a", Mode: wsclient.Shared, Limit: limit}
	}
	exclusive := wsclient.LockSpec{Name: "a"}
	for _, test := range []struct {
		name  string
		specs []wsclient.LockSpec
		mode  wsclient.Mode
		limit int
	}{
		{"exclusive twice", []wsclient.LockSpec{exclusive, exclusive}, wsclient.Exclusive, 0},
		{"exclusive, shared", []wsclient.LockSpec{exclusive, shared(3)}, wsclient.Exclusive, 0},
		{"shared, exclusive", []wsclient.LockSpec{shared(3), exclusive}, wsclient.Exclusive, 0},
		{"limits that fall", []wsclient.LockSpec{shared(5), shared(3)}, wsclient.Shared, 3},
		{"limits that rise", []wsclient.LockSpec{shared(3), shared(5)}, wsclient.Shared, 3},
		{"a limit, and none", []wsclient.LockSpec{shared(3), shared(0)}, wsclient.Shared, 3},
		{"none, and a limit", []wsclient.LockSpec{shared(0), shared(3)}, wsclient.Shared, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *brokertest.Server) {
				c := dial(t, b)
				first := test.specs[0]
				held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{
					Mode: first.Mode, Limit: first.Limit,
					Also: append([]wsclient.LockSpec{{Name: "b"}}, test.specs[1:]...),
				})
				defer func() { _ = held.Release() }()
				names := 0
				for lock, err := range c.Info(t.Context(), nil) {
					if err != nil {
						t.Fatal(err)
					}
					names++
					got := lock.Holders[0]
					isRight := got.Mode == test.mode && got.Limit.Or(0) == test.limit
					if lock.Name == "a" && !isRight {
						t.Errorf("got %v, limit %d; want %v, limit %d", got.Mode,
							got.Limit.Or(0), test.mode, test.limit)
					}
				}
				if names != 2 {
					t.Errorf("got %d locks, want 2", names)
				}
			})
		})
	}
}

// Repeats count once against the limit of locks in a request.
func TestRepeatsDoNotCountAgainstTheLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		many := make([]wsclient.LockSpec, 1000)
		for i := range many {
			many[i].Name = "a"
		}
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{Also: many})
		if err := held.Release(); err != nil {
			t.Error(err)
		}
	})
}
