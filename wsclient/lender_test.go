package wsclient_test

import (
	"context"
	"errors"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A call that waits for one lock and borrows another does not hold both if the other is lost meanwhile.
func TestLenderIsLostMeanwhile(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, other := dial(t, b), dial(t, b)
		first := acquire(t.Context(), t, other, "b", wsclient.AcquireOptions{})
		outer := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		inside := context.WithoutCancel(outer.Context())
		waits := startAcquire(inside, c, "b", &wsclient.AcquireOptions{Also: []wsclient.LockSpec{{Name: "a"}}})
		if err := other.Evict(t.Context(), outer.ID(), "away"); err != nil {
			t.Fatal(err)
		}
		if err := first.Release(); err != nil {
			t.Fatal(err)
		}
		<-waits.done
		if !errors.Is(waits.err, wsclient.ErrLost) {
			t.Errorf("got %v and %v, want ErrLost", waits.lock, waits.err)
		}
		if got := listing(t, c); got["b"] != [2]int{} {
			t.Errorf("left behind: %v", got)
		}
	})
}
