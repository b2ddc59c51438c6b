package chromium_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/dashboard"
	"github.com/lockbroker/lockbroker/wsclient/js"
)

// A site is a broker that serves the dashboard on a port of the loopback interface.
type site struct {
	address string // host and port
	broker  *broker.Broker
	drain   func() // ends the context of Run, and waits for nothing
	stop    func() // stops the broker and the server; it may be called more than once
}

// serve runs a broker until the end of the test. It has no time to drain unless config says so.
func serve(t *testing.T, config broker.Config) *site {
	t.Helper()
	return serveAt(t, "127.0.0.1:0", config)
}

// serveAt is serve for that address.
func serveAt(t *testing.T, address string, config broker.Config) *site {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	config.Dashboard, config.ClientFiles = dashboard.Files(), js.Served()
	if config.Drain == 0 {
		config.Drain = broker.None
	}
	b, err := broker.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server := b.Server()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = b.Run(ctx) })
	running.Go(func() {
		if err := server.Serve(smallBuffers{listener}); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	s := &site{address: listener.Addr().String(), broker: b, drain: cancel}
	s.stop = sync.OnceFunc(func() {
		cancel()
		_ = server.Close()
		running.Wait()
	})
	t.Cleanup(s.stop)
	return s
}

func (s *site) url() string { return "http://" + s.address + "/" }

// smallBuffers makes the kernel keep little of what a client does not read, so that the broker soon notices.
type smallBuffers struct{ net.Listener }

// Accept implements net.Listener.
func (l smallBuffers) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(256 << 10)
	}
	return conn, err
}
