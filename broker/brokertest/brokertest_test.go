package brokertest_test

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A client holds a lock for a virtual hour.
func TestInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		defer b.Stop()
		client, err := wsclient.Dial(t.Context(), b.URL(), &wsclient.Options{NetDial: b.Dial})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		lock, err := client.Acquire(t.Context(), "a", nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour) //nolint:forbidigo // virtual time
		if err := lock.Release(); err != nil {
			t.Error(err)
		}
	})
}

// The broker also works outside a bubble, and stops at the end of the test.
func TestOutsideBubble(t *testing.T) {
	b := brokertest.Start(t, broker.Config{})
	conn, err := b.DialFrom(t.Context(), "192.0.2.9:9")
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	b.Stop()
	if _, err := b.Dial(t.Context(), "", ""); !errors.Is(err, net.ErrClosed) {
		t.Errorf("dial after Stop: got %v, want net.ErrClosed", err)
	}
}

// The default of Drain is None: Stop does not wait for locks that a client holds.
func TestStopDoesNotDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		client, err := wsclient.Dial(t.Context(), b.URL(), &wsclient.Options{NetDial: b.Dial, NoReconnect: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		if _, err := client.Acquire(t.Context(), "a", nil); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		b.Stop()
		if took := time.Since(began); took >= time.Second {
			t.Errorf("Stop took %v", took)
		}
	})
}
