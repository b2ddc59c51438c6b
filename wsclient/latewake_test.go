package wsclient

import (
	"testing"
	"time"
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
