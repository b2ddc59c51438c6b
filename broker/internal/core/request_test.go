package core

import (
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// An acquire beyond the limit of waiting requests may be one of those that every session may have. What the call has
// ended on the way can be described afterwards.
func TestEventsOfAnAcquireCanBeDescribed(t *testing.T) {
	config := Config{MaxRequests: 100, TokenRange: 100, Table: locktable.Config{MaxRequests: 100}}
	m := New(config, Beginning{First: 1})
	if _, wants := m.WantsTokens(0); !wants {
		t.Fatal("no tokens are wanted")
	}
	m.TokensReserved(101)
	m.Allow(0, nil)
	m.SetQuota(Quota{Requests: 100, Waiting: 1})
	m.Open("a", wire.Peer{}, new(locktable.Account))
	for n, a := range []*wire.Acquire{
		{Locks: []wire.LockSpec{{Name: "x"}}, HoldMS: wire.Some(int64(3))},
		{Locks: []wire.LockSpec{{Name: "y"}}},
		{Locks: []wire.LockSpec{{Name: "y"}}},
		{Locks: []wire.LockSpec{{Name: "y"}}},
	} {
		a.ID = wire.ID{Session: "a", N: int64(n)}
		events, over := m.Acquire(time.Duration(n)*time.Millisecond, AcquireOf(a, wire.Peer{}), nil)
		if over != NoLimit {
			t.Errorf("request %d is over limit %d", n, over)
		}
		for i := range events {
			if events[i].Locks() != 1 {
				t.Errorf("%+v", events[i])
			}
		}
	}
}
