package wsclient

import (
	"context"
	"errors"
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

// A process may be frozen while it holds a lock. If the lease is over when it makes a call inside the lock, the call
// must not borrow that lock.
func TestFrozenBeforeABorrow(t *testing.T) {
	l := fixture(t, 0)
	l.client.clock.pass(20 * time.Second)
	inner := &Lock{client: l.client, base: context.Background()}
	inner.request = core.Request{Owner: inner, Outer: &l.request}
	inner.request.What.Locks = []wire.LockSpec{{Name: "a"}}
	if held, err := inner.submit(); held || !errors.Is(err, ErrLost) {
		t.Errorf("held: %t, %v; want ErrLost", held, err)
	}
}
