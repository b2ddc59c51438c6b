package wsclient

import (
	"testing"
	"testing/synctest"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A page that was requested before the view began again does not complete it, even if it arrives just before the new
// request is sent.
func TestWatchIgnoresStalePage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		id := func(n int64) wire.ID { return wire.ID{Session: "s", N: n} }
		c := testConn(t)
		for range 2 {
			c.client.core.OpenID()
		}
		w := &watch{conn: c, id: id(0), page: id(1), wake: make(chan struct{}, 1)}
		w.queue = []received{{reply: &wire.Lagged{ID: id(0)}}, {reply: &wire.InfoPage{ID: id(1)}}}
		views := make(chan *View, 1)
		go func() {
			view, err := w.next(t.Context())
			if err != nil {
				t.Error(err)
			}
			views <- view
		}()
		synctest.Wait()
		if len(views) > 0 {
			t.Fatal("the stale page completes the view")
		}
		c.client.mu.Lock()
		c.inquiries.Get(2)(&wire.InfoPage{ID: id(2), Locks: []wire.LockInfo{{Name: "new", Holding: 1}}})
		c.client.mu.Unlock()
		if _, known := (<-views).Lock("new"); !known {
			t.Error("the new page is not in the view")
		}
	})
}
