package main

import (
	"net"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// draining NAME points BROKERCTL_PORT at a broker that drains, because a client still holds the lock.
func draining(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	b, err := cmdtest.StartBroker(broker.Config{Drain: time.Hour})
	ts.Check(err)
	drains := make(chan struct{})
	trace := &wsclient.Trace{State: func(state wsclient.State, _ error) {
		if state == wsclient.Draining {
			close(drains)
		}
	}}
	options := &wsclient.Options{Label: "holder", NoReconnect: true, Trace: trace}
	client, err := wsclient.Dial(s.ctx, b.URL(), options)
	ts.Check(err)
	_, err = client.Acquire(s.ctx, args[0], &wsclient.AcquireOptions{Author: "backup"})
	ts.Check(err)
	var stopped sync.WaitGroup
	stopped.Go(b.Stop)
	ts.Defer(func() { _ = client.Close(); stopped.Wait() })
	select {
	case <-drains:
	case <-client.Done():
		ts.Fatalf("the client ended before the broker drained: %v", client.Err())
	}
	_, port, err := net.SplitHostPort(b.Address())
	ts.Check(err)
	ts.Setenv("BROKERCTL_PORT", port)
}
