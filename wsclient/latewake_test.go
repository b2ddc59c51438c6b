package wsclient

import (
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// A process may be frozen after the client has read a grant and before the caller wakes up. If the lease is over by
// then, the caller does not get the lock.
func TestFrozenBeforeTheCallerWakes(t *testing.T) {
	l := waits(t, 0)
	l.grant(t, 7, at(0))
	l.client.clock.pass(20 * time.Second)
	if settled, err := l.settle(false); settled {
		t.Errorf("the caller gets the lock, or the error %v", err)
	}
}

// A process may be frozen while it holds a lock. If the lease is over by then, a nested call does not get that lock.
func TestFrozenBeforeANestedCall(t *testing.T) {
	l := waits(t, 0)
	l.grant(t, 7, at(0))
	if settled, err := l.settle(false); !settled || err != nil {
		t.Fatalf("settled: %t, %v", settled, err)
	}
	l.client.clock.pass(20 * time.Second)
	b := &Lock{client: l.client, base: t.Context()}
	b.request = core.Request{Owner: b, Outer: &l.request}
	b.request.What.Locks = []wire.LockSpec{{Name: "a"}}
	if held, err := b.submit(); held || err == nil {
		t.Errorf("held: %t, error: %v", held, err)
	}
}
