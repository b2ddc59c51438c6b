//go:build unix

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
	"github.com/lockbroker/lockbroker/wsclient"
)

var cuts = flag.Int("cuts", 50, "how many trials TestCutNetwork makes of each kind; 1000 take a minute")

// The broker of TestCutNetwork: a client gives up after 2s, the broker after 3s.
const (
	cutTimeout   = 3 * time.Second
	cutHeartbeat = 500 * time.Millisecond
	cutLanes     = 50 // trials at the same time
)

// TestCutNetwork takes the network from holders, at any moment. Each stops
// believing before the next holder is granted, however that network fails: here
// it swallows everything, in both directions, or something in the middle resets
// the broker's side only.
func TestCutNetwork(t *testing.T) {
	t.Run("silent", func(t *testing.T) { testCuts(t, (*brokertest.Link).Freeze) })
	t.Run("reset, with lock delay",
		func(t *testing.T) { testCuts(t, (*brokertest.Link).CutBroker, "--lock-delay") })
}

func testCuts(t *testing.T, cut func(*brokertest.Link), args ...string) {
	d := startDaemon(t, append(args, "--timeout", cutTimeout.String(), "--heartbeat", cutHeartbeat.String())...)
	go d.drainLog()
	next := dial(t.Context(), t, d)
	cmdtest.Trials(t, *cuts, cutLanes, func(n int) (time.Duration, error) {
		return cutOnce(t.Context(), d.url, next, fmt.Sprint("trial ", n), cut)
	})
}

// cutOnce takes the network from a holder of the lock of that name, and returns how
// long after that has stopped believing the next is granted.
func cutOnce(ctx context.Context, url string, next *wsclient.Client, name string,
	cut func(*brokertest.Link)) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*cutTimeout)
	defer cancel()
	link := brokertest.NewLink(new(net.Dialer).DialContext)
	defer link.Cut()
	client, err := wsclient.Dial(ctx, url, &wsclient.Options{NetDial: link.Dial, NoReconnect: true})
	if err != nil {
		return 0, err
	}
	defer client.Close()
	held, err := client.Acquire(ctx, name, nil)
	if err != nil {
		return 0, err
	}
	granted := make(chan time.Time, 1)
	failed := make(chan error, 1)
	go func() {
		lock, err := next.Acquire(ctx, name, nil)
		if err != nil {
			failed <- err
			return
		}
		granted <- time.Now()
		_ = lock.Release()
	}()
	pause(ctx, rand.N(2*cutHeartbeat)) // any moment is as good as another
	cut(link)
	<-held.Context().Done()
	stopped := time.Now()
	if lost := new(wsclient.LostError); !errors.As(context.Cause(held.Context()), &lost) || held.Valid() {
		return 0, fmt.Errorf("the context has ended with %w; valid: %t", context.Cause(held.Context()),
			held.Valid())
	}
	select {
	case at := <-granted:
		return at.Sub(stopped), nil
	case err := <-failed:
		return 0, err
	}
}
