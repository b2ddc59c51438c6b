package jsclient

import (
	"context"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// BenchmarkStep measures a step in which the client does nothing: what it costs to talk to the process.
func BenchmarkStep(b *testing.B) {
	process, err := Start(context.Background(), needs.Program(b, "node"), "../../../../wsclient/js")
	if err != nil {
		b.Fatal(err)
	}
	client := process.New(simclient.Config{}, func() float64 { return 0 })
	client.Start(simclient.Instant{})
	for b.Loop() {
		client.Tick(simclient.Instant{})
	}
	if err := process.Stop(); err != nil {
		b.Error(err)
	}
}
