package wsclient_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// inBubble runs f with a broker in memory, in virtual time.
func inBubble(t *testing.T, f func(t *testing.T, b *brokertest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		defer b.Stop()
		f(t, b)
	})
}

// dial connects a client that is closed at the end of the test.
func dial(t *testing.T, b *brokertest.Server, options ...wsclient.Options) *wsclient.Client {
	t.Helper()
	o := wsclient.Options{Label: "test"}
	if len(options) > 0 {
		o = options[0]
	}
	if o.NetDial == nil {
		o.NetDial = b.Dial
	}
	c, err := wsclient.Dial(t.Context(), b.URL(), &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// dialInspector connects a client that inspects, and so cannot take up its session. It is closed at the end of the
// test.
func dialInspector(t *testing.T, b *brokertest.Server) *wsclient.Client {
	t.Helper()
	o := &wsclient.Options{NetDial: b.Dial, NoReconnect: true}
	c, err := wsclient.Dial(t.Context(), b.URL()+"/?draining=accept", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// acquire acquires a lock, and fails the test if that fails.
func acquire(ctx context.Context, t *testing.T, c *wsclient.Client, name string,
	o wsclient.AcquireOptions) *wsclient.Lock {
	t.Helper()
	lock, err := c.Acquire(ctx, name, &o)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

// pass lets virtual time pass.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // virtual time
	synctest.Wait()
}

// listing returns what the broker lists: for each name the number of holders and of waiters.
func listing(t *testing.T, c *wsclient.Client) map[string][2]int {
	t.Helper()
	all := map[string][2]int{}
	for lock, err := range c.Info(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		all[lock.Name] = [2]int{lock.Holding, lock.Waiting}
	}
	return all
}
