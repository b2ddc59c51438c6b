package main

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/lockbroker/lockbroker/wsclient"
)

// connections returns a trace that counts connections, and keeps whether there is one now. The first connection counts
// too, so a client that has never reconnected has 1.
func connections(meter metric.Meter) (*wsclient.Trace, error) {
	made, err := meter.Int64Counter("lock.connections", metric.WithUnit("{connection}"),
		metric.WithDescription("How many connections the client has made."))
	if err != nil {
		return nil, err
	}
	failed, err := meter.Int64Counter("lock.dials.failed", metric.WithUnit("{attempt}"),
		metric.WithDescription("How many attempts to connect have failed."))
	if err != nil {
		return nil, err
	}
	connected, err := meter.Int64Gauge("lock.connected", metric.WithUnit("{connection}"),
		metric.WithDescription("1 while the client has a connection, 0 while it has none."))
	if err != nil {
		return nil, err
	}
	return &wsclient.Trace{
		Connected:  func(string) { made.Add(context.Background(), 1) },
		DialFailed: func(int, error, time.Duration) { failed.Add(context.Background(), 1) },
		State: func(state wsclient.State, _ error) {
			now := int64(1)
			if state == wsclient.Connecting || state == wsclient.Closed {
				now = 0
			}
			connected.Record(context.Background(), now)
		},
	}, nil
}
