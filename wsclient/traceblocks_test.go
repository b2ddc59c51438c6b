package wsclient_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A function of a trace may call the client, and may block: calls, heartbeats and the loss of locks do not wait for it.
// Close does.
func TestTraceThatBlocks(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		resume := make(chan struct{})
		reports := 0
		var c *wsclient.Client
		dialed := make(chan struct{})
		trace := &wsclient.Trace{Granted: func(r wsclient.RequestInfo, _ time.Duration) {
			<-dialed
			_, _ = c.State(), c.Session()
			<-resume
			reports++
		}}
		c = dial(t, b, wsclient.Options{Trace: trace})
		close(dialed)
		operator := dial(t, b)
		for range 3 {
			if err := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{}).Release(); err != nil {
				t.Error(err)
			}
		}
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		pass(time.Hour)
		if !held.Valid() {
			t.Error("the lease has ended")
		}
		_ = operator.Evict(t.Context(), held.ID(), "")
		<-held.Context().Done()
		expectLost(t, context.Cause(held.Context()), wsclient.LostEvicted)

		closed := make(chan struct{})
		go func() {
			defer close(closed)
			_ = c.Close()
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close does not wait")
		default:
		}
		close(resume)
		<-closed
		if reports != 4 {
			t.Errorf("%d reports, want 4", reports)
		}
	})
}
