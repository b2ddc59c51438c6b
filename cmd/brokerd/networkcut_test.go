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

// The settings of the broker in TestCutNetwork. A client treats its locks as lost after 2 s, and the broker grants
// them after 3 s.
const (
	cutTimeout   = 3 * time.Second
	cutHeartbeat = 500 * time.Millisecond
	cutLanes     = 50 // parallel trials
)

// TestCutNetwork cuts the network of holders at random times. Each holder treats its lock as lost before the broker
// grants it to the next one. The network either swallows everything in both directions, or resets only the broker's
// side.
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

// cutOnce cuts the network of a holder. It returns the time from the loss of the lock to the next grant.
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
	pause(ctx, rand.N(2*cutHeartbeat)) // a random time
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
