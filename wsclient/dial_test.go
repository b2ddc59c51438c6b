package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// hello is the hello of a broker on a stage.
func hello(timeout time.Duration) string {
	return fmt.Sprintf(`{"type":"hello","protocol":1,"session":"aaaaaaaa","heartbeat_ms":5000,"timeout_ms":%d,`+
		`"limits":{"message_bytes":65536,"name_bytes":512,"author_bytes":256,`+
		`"locks_per_request":64,"requests":100000}}`,
		timeout.Milliseconds())
}

// Dial gives up if a broker never says hello.
func TestDialGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				buffer := make([]byte, 4096)
				for {
					if _, err := server.Read(buffer); err != nil {
						return
					}
				}
			}()
			return client, nil
		}
		start := time.Now()
		_, err := wsclient.Dial(t.Context(), "ws://silent", &wsclient.Options{NetDial: silent})
		if err == nil || time.Since(start) != 10*time.Second {
			t.Errorf("got %v after %v, want an error after 10s", err, time.Since(start))
		}
	})
}

// The time that the network takes to connect does not shorten the lease: the broker begins to count only afterwards.
func TestSlowNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{Heartbeat: 2 * time.Second, Timeout: 9 * time.Second})
		defer b.Stop()
		c := dial(t, b, wsclient.Options{NetDial: func(
			ctx context.Context, network, address string,
		) (net.Conn, error) {
			pass(8 * time.Second)
			return b.Dial(ctx, network, address)
		}})
		pass(time.Minute)
		if c.Err() != nil {
			t.Error(c.Err())
		}
	})
}

// The lease begins when the network has connected. The first ping is due a heartbeat later, however late the hello
// is.
func TestFirstPingAfterASlowHello(t *testing.T) {
	tests := []struct{ hello, ping time.Duration }{
		{0, 5 * time.Second},
		{3 * time.Second, 5 * time.Second},
		{8 * time.Second, 8 * time.Second}, // at once
	}
	for _, test := range tests {
		t.Run(test.hello.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newStage(t).enter()
				defer a.close()
				pass(test.hello)
				a.say(hello(15 * time.Second))
				if err := <-a.dialed; err != nil {
					t.Fatal(err)
				}
				if early := test.ping - test.hello - time.Millisecond; early > 0 {
					pass(early)
					if sent := a.sent(); len(sent) > 0 {
						t.Errorf("sent too early: %v", sent)
					}
					pass(time.Millisecond)
				}
				a.expect(`{"type":"ping","id":"aaaaaaaa--0"}`)
			})
		})
	}
}

// Dial fails if the hello comes after the end of the lease.
func TestHelloAfterTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newStage(t).enter()
		defer a.close()
		pass(6 * time.Second)
		a.say(hello(9 * time.Second))
		if err := <-a.dialed; err == nil {
			t.Error("no error")
		}
	})
}

// An invalid address is refused. The error shows no secret that the address contains.
func TestBadAddresses(t *testing.T) {
	unreachable := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("unreachable") }
	for _, address := range []string{
		"x",
		"::",
		"ftp://x",
		"ws://",
		"ws://user:secret@host",
		"ws://user:secret@ho st",
		"ws://user:sec ret@host",
		"ws://user:secret/@host",
		"http://user:secret@host",
		"user:secret@host",
		"ws://host/?token=secret",
	} {
		_, err := wsclient.Dial(t.Context(), address, &wsclient.Options{NetDial: unreachable})
		if err == nil || strings.Contains(err.Error(), "sec") {
			t.Errorf("%s: got %v, want an error without the secret", address, err)
		}
	}
}

// A program may have no arguments, not even its own name.
func TestLabelWithoutArguments(t *testing.T) {
	defer func(args []string) { os.Args = args }(os.Args)
	os.Args = nil
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b, wsclient.Options{NetDial: b.Dial})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		for lock, err := range c.Info(t.Context(), nil) {
			if err != nil || !strings.HasPrefix(lock.Holders[0].Client, "unknown@") {
				t.Errorf("got %+v, %v", lock, err)
			}
		}
		_ = held.Release()
	})
}
