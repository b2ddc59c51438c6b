package cmdtest

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/lockbroker/lockbroker/broker"
)

// A Broker runs in this process and listens on a free port.
type Broker struct {
	server *httptest.Server
	stop   func()
}

// StartBroker starts one. It is to be stopped.
func StartBroker(config broker.Config) (*Broker, error) {
	b, err := broker.New(config)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = b.Run(ctx) })
	server := httptest.NewServer(b.Handler())
	return &Broker{server: server, stop: func() {
		cancel()
		running.Wait()
		server.Close()
	}}, nil
}

// Address is its host and port.
func (b *Broker) Address() string { return b.server.Listener.Addr().String() }

// URL is what clients dial.
func (b *Broker) URL() string { return "ws" + strings.TrimPrefix(b.server.URL, "http") }

// Stop ends it, and waits until it has.
func (b *Broker) Stop() { b.stop() }
