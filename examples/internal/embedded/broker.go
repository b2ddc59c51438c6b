// Package embedded runs a broker inside an example, so that the example needs nothing else.
package embedded

import (
	"context"
	"net"
	"sync"

	"github.com/lockbroker/lockbroker/broker"
)

// Start runs a broker on a free port of the loopback interface until stop is called. A program needs
// no more than this to embed a broker.
func Start(config broker.Config) (url string, stop func(), err error) {
	b, err := broker.New(config)
	if err != nil {
		return "", nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := b.Server()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = b.Run(ctx) })
	running.Go(func() { _ = server.Serve(listener) })
	return "ws://" + listener.Addr().String(), func() {
		cancel()
		_ = server.Close()
		running.Wait()
	}, nil
}
