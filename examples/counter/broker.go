package main

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// startBroker runs a broker inside this process, on a free port of the loopback
// interface. This is all that it takes to embed one.
func startBroker() (url string, stop func(), err error) {
	b, err := broker.New(broker.Config{})
	if err != nil {
		return "", nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: b.Handler(), ReadHeaderTimeout: 10 * time.Second}
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
