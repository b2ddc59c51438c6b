package brokertest

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/lockbroker/lockbroker/broker"
)

// Listen runs a broker in this process, in real time, on a free port of the loopback interface, for
// clients in other processes. It returns the URL for those clients, and a function that stops the
// broker. That function may be called more than once.
//
// Unlike with [Start], all defaults are those of [broker.Config].
func Listen(config broker.Config) (url string, stop func(), err error) {
	b, err := broker.New(config)
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = b.Run(ctx) })
	server := httptest.NewServer(b.Handler())
	return "ws" + strings.TrimPrefix(server.URL, "http"), func() {
		cancel()
		running.Wait()
		server.Close()
	}, nil
}
